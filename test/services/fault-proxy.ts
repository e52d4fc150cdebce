import { connect, createServer, type Server, type Socket } from 'node:net'

/** What happens to a request that goes through a {@link FaultProxy}. */
export type Fault =
  /** The server sees nothing of it, and the connection is reset. */
  | { readonly kind: 'reset' }
  /** After so many bytes of the request, or of its answer, both ends are hung up. */
  | { readonly kind: 'cut'; readonly after: number; readonly of: 'request' | 'answer' }
  /** The server takes all of it; its answer is dropped, and the connection reset when that has begun. */
  | { readonly kind: 'swallow' }
  /** Neither it nor anything after it passes, while the connection stays open. */
  | { readonly kind: 'hang' }
  /** It goes on after a while, in milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The server sees nothing of it: these bytes are the answer, and the end of the connection. */
  | { readonly kind: 'answer'; readonly text: string }

/** Which requests a fault happens to. */
export interface FaultAim {
  /** What the first bytes of the request hold, read as latin1; default: anything. */
  readonly matching?: RegExp
  /** The first of those that match, from 1 on; default: 1. */
  readonly nth?: number
  /** How many from there on; default: 1. */
  readonly times?: number
}

/** A fault that was set. */
export interface SetFault {
  /** How often it happened. */
  readonly happened: number
  /** Calls it off. */
  remove(): void
}

/**
 * Stands between a client and a server on loopback, and fails on request. It knows no protocol: a request
 * begins with the first bytes that a client sends after it was answered, or at the start of a connection. So
 * a client that sends requests ahead of answers is seen to send one.
 */
export interface FaultProxy {
  /** On 127.0.0.1. */
  readonly port: number
  /** Requests seen. */
  readonly requests: number
  /** Connections that are open now. */
  readonly connections: number
  inject(fault: Fault, aim?: FaultAim): SetFault
  /** Resets every connection; new ones are refused until {@link accept}. */
  refuse(): Promise<void>
  accept(): Promise<void>
  /** Resets every connection. */
  reset(): void
  close(): Promise<void>
}

interface Armed {
  readonly fault: Fault
  readonly aim: FaultAim
  matched: number
  happened: number
}

/** Opens a proxy on a free port, before the server on that port of 127.0.0.1. */
export async function faultProxy(target: number): Promise<FaultProxy> {
  const armed: Set<Armed> = new Set()
  const open: Set<Socket> = new Set()
  let requests = 0

  function faultOf(request: Buffer): Fault | null {
    requests += 1
    for (const each of armed) {
      const { matching, nth = 1, times = 1 } = each.aim
      if (matching !== undefined && !matching.test(request.toString('latin1'))) continue
      each.matched += 1
      if (each.matched < nth || each.matched >= nth + times) continue
      each.happened += 1
      return each.fault
    }
    return null
  }

  const accepted = (client: Socket): void => {
    open.add(client)
    client.on('close', () => open.delete(client))
    pass(client, connect({ port: target, host: '127.0.0.1', allowHalfOpen: true }), faultOf)
  }
  let server = await listen(0, accepted)
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const reset = (): void => {
    for (const socket of open) socket.resetAndDestroy()
    open.clear()
  }
  const refuse = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    reset()
    await closed
  }
  return {
    port,
    get requests() {
      return requests
    },
    get connections() {
      return open.size
    },
    inject(fault, aim = {}) {
      const each: Armed = { fault, aim, matched: 0, happened: 0 }
      armed.add(each)
      return {
        get happened() {
          return each.happened
        },
        remove: () => armed.delete(each),
      }
    },
    reset,
    refuse,
    async accept() {
      if (!server.listening) server = await listen(port, accepted)
    },
    close: refuse,
  }
}

async function listen(port: number, accepted: (client: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accepted)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  return server
}

/** Carries bytes between the two until either hangs up. */
function pass(client: Socket, server: Socket, faultOf: (request: Buffer) => Fault | null): void {
  server.setNoDelay(true)
  let fault: Fault | null = null
  let isAnswered = true
  /** Bytes of the request, or of its answer, that may still pass where it is cut. */
  let left = 0

  const resetBoth = (): void => {
    client.resetAndDestroy()
    server.resetAndDestroy()
  }
  const send = (from: Socket, to: Socket, bytes: Buffer): void => {
    if (to.write(bytes)) return
    from.pause()
    to.once('drain', () => from.resume())
  }
  const cut = (from: Socket, to: Socket, bytes: Buffer): void => {
    const passing = bytes.subarray(0, left)
    left -= passing.byteLength
    if (passing.byteLength > 0) send(from, to, passing)
    if (left > 0) return
    for (const socket of [client, server]) socket.end(() => socket.destroy())
  }

  client.on('data', (bytes: Buffer) => {
    if (isAnswered) {
      fault = faultOf(bytes)
      isAnswered = false
      if (fault?.kind === 'cut') left = fault.after
      if (fault?.kind === 'delay') {
        client.pause()
        setTimeout(() => {
          send(client, server, bytes)
          client.resume()
        }, fault.ms)
        return
      }
      if (fault?.kind === 'answer') client.end(fault.text, 'latin1')
      if (fault?.kind === 'reset') return resetBoth()
    }
    if (fault?.kind === 'hang' || fault?.kind === 'answer') return
    if (fault?.kind === 'cut' && fault.of === 'request') cut(client, server, bytes)
    else send(client, server, bytes)
  })
  server.on('data', (bytes: Buffer) => {
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'swallow') return resetBoth()
    isAnswered = true
    if (fault?.kind === 'cut' && fault.of === 'answer') cut(server, client, bytes)
    else send(server, client, bytes)
  })
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.on('end', () => {
      if (fault?.kind !== 'hang') to.end()
    })
    from.on('error', () => {})
    from.on('close', () => {
      if (fault?.kind !== 'hang' || from === client) to.destroy()
    })
  }
}
