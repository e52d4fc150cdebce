import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CliError, exitCodes } from '../exit.ts'
import { explainListening } from '../explain.ts'
import { formatListenAddress, type ListenAddress } from '../listen-address.ts'
import type { MetricsDoor } from './metrics-door.ts'

/** A listener for metrics alone. */
export interface MetricsListener {
  /** Where it listens: `http://127.0.0.1:9090`, or `unix:/path`. */
  readonly url: string
  close(): Promise<void>
}

/** How long a caller may take to send its request, in milliseconds. */
const requestMs = 10_000
const mostConnections = 64

/**
 * Listens for those who read metrics. It has a server of its own, so that what clients of the registry do to theirs does
 * not stand in the way.
 *
 * @throws CliError where it cannot listen there.
 */
export async function listenForMetrics(
  address: ListenAddress,
  door: MetricsDoor,
): Promise<MetricsListener> {
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing, door))
  server.headersTimeout = requestMs
  server.requestTimeout = requestMs
  server.maxConnections = mostConnections
  const where = 'socketPath' in address ? { path: address.socketPath } : address
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(where, resolve)
    })
  } catch (error) {
    const explanation = explainListening(error, address)
    if (explanation === null) throw error
    throw new CliError(exitCodes.problem, [
      `--metrics-listen ${explanation.replaceAll('--listen', '--metrics-listen')}`,
    ])
  }
  server.unref()
  return {
    url: urlOf(address, server.address()),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  door: MetricsDoor,
): Promise<void> {
  const [path] = (incoming.url ?? '').split('?', 1)
  if (path !== '/metrics') {
    outgoing.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
    outgoing.end('Metrics are at /metrics.\n')
    return
  }
  const { authorization } = incoming.headers
  const response = await door(
    new Request('http://localhost/metrics', {
      method: incoming.method ?? 'GET',
      headers: authorization === undefined ? {} : { authorization },
    }),
  )
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.end(new Uint8Array(await response.arrayBuffer()))
}

function urlOf(address: ListenAddress, bound: AddressInfo | string | null): string {
  if ('socketPath' in address || bound === null || typeof bound === 'string') {
    return formatListenAddress(address)
  }
  return `http://${formatListenAddress({ host: address.host, port: bound.port })}`
}
