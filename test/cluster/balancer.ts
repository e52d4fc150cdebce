import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where a request may go. */
export interface Target {
  readonly host: string
  readonly port: number
}

/** A load balancer that sends each request to the next node. */
export interface Balancer {
  readonly url: string
  readonly port: number
  /** How many requests each node was sent. */
  readonly sent: readonly number[]
  close(): Promise<void>
}

/**
 * Starts a balancer on a free port of loopback. It keeps no session: two requests that follow each other go to two
 * nodes. One that cannot be connected to is left out, and the request goes to the one after it; what a node
 * cuts short is cut short for the client.
 *
 * @param targets of the nodes, looked at for each request
 */
export async function startBalancer(targets: () => readonly Target[]): Promise<Balancer> {
  const agent = new Agent({ keepAlive: false })
  const sent: number[] = []
  let next = 0
  const server = createServer({ requestTimeout: 0, noDelay: true }, (incoming, outgoing) => {
    const nodes = targets()
    const first = next % nodes.length
    next += 1
    const order = nodes.map((_, index) => (first + index) % nodes.length)
    forward(incoming, outgoing, order, nodes)
  })

  function forward(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    [index, ...others]: readonly number[],
    nodes: readonly Target[],
  ): void {
    const node = index === undefined ? undefined : nodes[index]
    if (index === undefined || node === undefined) {
      outgoing.writeHead(503, { 'Retry-After': '1', Connection: 'close' }).end()
      return
    }
    const { method, url, rawHeaders } = incoming
    const to = request({ ...node, agent, method, path: url, headers: hopped(rawHeaders) })
    to.setNoDelay(true)
    let connected = false
    to.on('socket', (socket) => {
      const begin = (): void => {
        connected = true
        sent[index] = (sent[index] ?? 0) + 1
        incoming.pipe(to)
      }
      if (socket.connecting) socket.once('connect', begin)
      else begin()
    })
    let isAnswered = false
    to.on('response', (answer) => {
      isAnswered = true
      outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, hopped(answer.rawHeaders))
      outgoing.flushHeaders()
      answer.pipe(outgoing, { end: false })
      // The end may close the connection: not while the client still sends, or it fails before it reads.
      answer.on('end', () => {
        if (incoming.complete) outgoing.end()
        else incoming.on('end', () => outgoing.end())
      })
      answer.on('aborted', () => outgoing.destroy())
      answer.on('error', () => outgoing.destroy())
    })
    to.on('error', () => {
      if (!connected) forward(incoming, outgoing, others, nodes)
      else if (!isAnswered) outgoing.destroy()
    })
    to.on('close', () => {
      if (!isAnswered) return
      // A node that has answered need not read the rest: the client is heard out.
      incoming.unpipe(to)
      incoming.resume()
    })
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) to.destroy()
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sent,
    async close() {
      agent.destroy()
      await closed(server)
    },
  }
}

/** Headers of a message without those that are about its own connection. */
function hopped(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (!/^(?:connection|keep-alive|expect)$/i.test(name)) kept.push(name, raw[at + 1] ?? '')
  }
  return kept
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
