import { describe, expect, it } from 'vitest'
import { dial, readAll, readUntil } from '../node-fs/loopback.ts'
import { certificateName, dialTls, hasOpenssl, makeCertificate } from './certificates.ts'
import { useProgram } from './harness.ts'

const get = 'GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n'

// Bun hangs up, and lets no program say more.
describe.skipIf(!hasOpenssl).each(['node', 'deno'] as const)('a port of HTTPS on %s', (runtime) => {
  const cli = useProgram(runtime)
  const serve = (...words: readonly string[]) => {
    const { cert, key } = makeCertificate(cli.folder(), 'localhost')
    return cli.serve('--memory', '--tls-cert', cert, '--tls-key', key, ...words)
  }

  it('tells a client so that speaks HTTP', async () => {
    const { port } = await serve()
    const socket = await dial(port)
    socket.write(get)
    const answer = await readAll(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer).toContain('this port speaks HTTPS: use a URL with https://')
    expect(await certificateName(port)).toBe('localhost')
  })

  it('ends a connection without keys, and keeps one that has them', async () => {
    const { port } = await serve('--headers-timeout', '3s')
    const { socket: kept } = await dialTls(port)
    kept.write(get)
    expect(await readUntil(kept, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
    const silent = await dial(port)
    const half = await dial(port)
    half.write(Uint8Array.of(22, 3, 1))
    expect(await Promise.all([readAll(silent), readAll(half)])).toEqual(['', ''])
    kept.write(get)
    expect(await readUntil(kept, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
    kept.destroy()
  })
})
