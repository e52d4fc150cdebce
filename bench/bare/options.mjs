import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

/**
 * What a bare server is started with, from its command line: `--port N --dir FOLDER`, and for HTTPS
 * `--tls-cert FILE --tls-key FILE`.
 * @returns {{ port: number, dir: string, tls: { cert: string, key: string } | null }}
 */
export function bareOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      dir: { type: 'string', default: '.' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
    },
  })
  const { 'tls-cert': cert, 'tls-key': key } = values
  const tls =
    cert === undefined || key === undefined
      ? null
      : { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  return { port: Number(values.port), dir: values.dir, tls }
}
