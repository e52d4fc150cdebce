import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { CommandFlags } from './command-line.ts'
import { CliError, exitCodes } from './exit.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
import { plain } from './plain-text.ts'
import { readText } from './read-text.ts'
import type { Settings } from './settings.ts'

/** What `layerdock health` takes: where the server listens, and what to ask it. */
export const healthFlags: CommandFlags = {
  settings: ['listen', 'tlsCert', 'tlsKey'],
  switches: ['live'],
}

/** What `layerdock health --help` prints. */
export const healthHelp = `layerdock health: ask the server of this machine whether it is ready, for the health check of a container.

  --listen ADDRESS           where it listens, as for layerdock serve (127.0.0.1:5000)
  --tls-cert FILE            given where the server has it, too: it is then asked over HTTPS
  --live                     ask whether it runs (/live), not whether it can serve (/ready)

The variables of the server (LAYERDOCK_LISTEN, LAYERDOCK_TLS_CERT) and its --config FILE say the same.

Exit codes: 0 where it is, 1 where it is not or does not answer, 2 for a wrong command line.
`

/** How long an answer may take: the server itself waits five seconds for its storage. */
const patienceMs = 8_000

/** How much of an answer is printed, in characters. */
const longest = 2_000

/** The hosts of a server that listens on every interface. */
const everyInterface: ReadonlySet<string> = new Set(['::', '0.0.0.0'])

/**
 * Asks the server at the address of the settings how it does, and prints that.
 *
 * @returns the exit code
 * @throws CliError where the server does not answer
 */
export async function healthCommand(
  { listen, tlsCert }: Settings,
  switches: ReadonlySet<string>,
): Promise<number> {
  if ('port' in listen && listen.port === 0) {
    throw new CliError(exitCodes.usage, ['--listen: port 0 is a free one; say which it became'])
  }
  const path = switches.has('live') ? '/live' : '/ready'
  const { status, body } = await ask(listen, tlsCert, path).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new CliError(exitCodes.problem, [`${formatListenAddress(listen)}: ${why}`])
  })
  process.stdout.write(`${plain(body.trim(), longest)}\n`)
  return status === 200 ? exitCodes.ok : exitCodes.problem
}

interface Answer {
  readonly status: number
  readonly body: string
}

async function ask(listen: ListenAddress, tlsCert: string | null, path: string): Promise<Answer> {
  const request = tlsCert === null ? requestHttp : requestHttps
  // Deno otherwise asks for the authorities of the system, which it may not read.
  const ca = tlsCert === null ? {} : { ca: readText(tlsCert) }
  const to = 'port' in listen ? { host: hostOf(listen.host), port: listen.port } : listen
  return new Promise((resolve, reject) => {
    const asking = request({
      ...to,
      ...ca,
      path,
      agent: false,
      // The server of this machine: its certificate names the host that clients know.
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(patienceMs),
    })
    asking.on('response', (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      answer.on('error', reject)
    })
    asking.on('error', (error) => {
      const isLate = error.name === 'AbortError' || error.name === 'TimeoutError'
      reject(isLate ? new Error(`no answer in ${patienceMs / 1000} seconds`) : error)
    })
    asking.end()
  })
}

function hostOf(host: string): string {
  return everyInterface.has(host) ? '127.0.0.1' : host
}
