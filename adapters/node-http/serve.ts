import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https'
import { Server as NetServer } from 'node:net'
import { type SecureContextOptions, Server as TlsServer } from 'node:tls'
import type { NoticeSink } from '../../src/index.ts'
import { type Connections, watchConnections } from './connections.ts'
import { createListener, type Fetcher } from './listener.ts'
import { answerMalformed } from './malformed-request.ts'

/** How long a server waits for what, in milliseconds. None bounds how long a whole push may take. */
export interface ServeTimeouts {
  /** For the head of a request. Default: 10 s. */
  readonly headersMs: number
  /** For anything to move while it is the client's turn, up or down. Default: 60 s. */
  readonly stallMs: number
  /** For the next request of an idle connection. Default: 75 s. */
  readonly keepAliveMs: number
}

/** The timeouts where none are given. */
export const defaultTimeouts: ServeTimeouts = {
  headersMs: 10_000,
  stallMs: 60_000,
  keepAliveMs: 75_000,
}

/** Where and how to serve. */
export interface ServeOptions {
  /** Default: 127.0.0.1, this machine alone. */
  readonly host?: string
  /** Default: 5000. 0 takes a free one. */
  readonly port?: number
  /** A unix socket to listen on instead of host and port. */
  readonly socketPath?: string
  /** Serve HTTPS with this certificate chain and key, in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly timeouts?: Partial<ServeTimeouts>
  /** Told of transfers that failed. Default: nobody. */
  readonly onNotice?: NoticeSink
  /** Called with every request before it is answered: for an access log. */
  readonly observe?: (incoming: IncomingMessage, outgoing: ServerResponse) => void
  /** See ListenerOptions. Default: true, since a program that serves this way serves a registry. */
  readonly replaceGlobals?: boolean
  /** See ListenerOptions. Default: none. */
  readonly trustedProxies?: readonly string[]
}

/** A server at work. */
export interface Serving {
  /** Where it can be reached: `http://127.0.0.1:5000`, or `unix:/path`. */
  readonly url: string
  /** The port, the real one where 0 was asked for; null on a unix socket. */
  readonly port: number | null
  readonly server: Server | HttpsServer
  /**
   * Uses another certificate chain and key, in PEM, for new connections; open ones stay as they are.
   *
   * @throws Error when it does not serve HTTPS, or the certificate cannot be used.
   */
  setCertificate(tls: { readonly cert: string; readonly key: string }): Promise<void>
  /**
   * Waits, at most `withinMs` (default: 30 s), until the requests that are under way now have ended.
   * Takes others meanwhile: for a registry that tells them to go elsewhere, before `close`.
   */
  settle(withinMs?: number): Promise<void>
  /**
   * Takes no more connections, ends idle ones, and waits for requests under way, at most
   * `deadlineMs` (default: 30 s); then cuts the rest. How many connections were cut.
   */
  close(deadlineMs?: number): Promise<number>
}

/**
 * Serves a registry over HTTP.
 *
 * @throws Error with the code of the system, such as EADDRINUSE, when it cannot listen there;
 *   TypeError when `trustedProxies` holds anything but proxies.
 */
export async function serve(registry: Fetcher, options: ServeOptions = {}): Promise<Serving> {
  const timeouts: ServeTimeouts = { ...defaultTimeouts, ...options.timeouts }
  const { observe, tls, trustedProxies } = options
  const answer = createListener(registry, {
    replaceGlobals: options.replaceGlobals ?? true,
    // Node's collector keeps up with them by itself.
    freeChunks: 'Deno' in globalThis,
    overUnix: options.socketPath !== undefined,
    ...(options.onNotice === undefined ? {} : { onNotice: options.onNotice }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
  })
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    connections.began(incoming, outgoing)
    observe?.(incoming, outgoing)
    answer(incoming, outgoing)
  }
  const settings = {
    headersTimeout: timeouts.headersMs,
    // A push may take as long as it moves.
    requestTimeout: 0,
    keepAliveTimeout: timeouts.keepAliveMs,
    // How often Node looks for heads that are late; its default would let 10 s become 40.
    connectionsCheckingInterval: Math.max(Math.min(timeouts.headersMs / 4, 5_000), 50),
    noDelay: true,
    // Without a Host the listener answers, in the registry's words.
    requireHostHeader: false,
  }
  const server =
    tls === undefined
      ? createServer(settings, listener)
      : createTlsServer(
          { ...settings, ...secureContext(tls), handshakeTimeout: timeouts.headersMs },
          listener,
        )
  const connections = watchConnections(server, timeouts.stallMs)
  server.on('clientError', answerMalformed)
  await listen(server, options)
  return {
    ...addressOf(server, tls !== undefined),
    server,
    async setCertificate(tls) {
      if (!(server instanceof TlsServer)) throw new Error('the server does not serve HTTPS')
      server.setSecureContext(secureContext(tls))
    },
    async settle(withinMs = 30_000) {
      await inTime(connections.settled(), withinMs)
    },
    close: (deadlineMs = 30_000) => close(server, connections, deadlineMs),
  }
}

/** TLS 1.2 is the oldest version that is still safe; a flag of Node's would allow older ones. */
function secureContext(tls: { readonly cert: string; readonly key: string }): SecureContextOptions {
  return { ...tls, minVersion: 'TLSv1.2' }
}

function listen(server: Server | HttpsServer, options: ServeOptions): Promise<void> {
  const { host = '127.0.0.1', port = 5000, socketPath } = options
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath === undefined ? { host, port } : { path: socketPath }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function addressOf(server: Server | HttpsServer, secure: boolean): Pick<Serving, 'url' | 'port'> {
  const address = server.address()
  if (address === null || typeof address === 'string') return { url: `unix:${address}`, port: null }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { url: `${secure ? 'https' : 'http'}://${host}:${address.port}`, port: address.port }
}

async function close(
  server: Server | HttpsServer,
  connections: Connections,
  deadlineMs: number,
): Promise<number> {
  // Not the HTTP server's own close, which cuts responses that slow clients are still reading.
  NetServer.prototype.close.call(server)
  connections.drain()
  return (await inTime(connections.emptied(), deadlineMs)) ? 0 : connections.destroy()
}

/** Waits for something, but no longer than `withinMs`; whether it came. */
async function inTime(event: Promise<void>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, withinMs, false)
  })
  const came = await Promise.race([event.then(() => true), late])
  clearTimeout(timer)
  return came
}
