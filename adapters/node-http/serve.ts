import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https'
import { Server as NetServer, type Socket } from 'node:net'
import { type SecureContextOptions, type TlsOptions, Server as TlsServer } from 'node:tls'
import { safeNotices } from '../../src/kit.ts'
import { affordableConnections } from '../serving/descriptors.ts'
import {
  type Certificate,
  defaultHeaderBytes,
  defaultTimeouts,
  graceMs,
  type RunningServer,
  type ServeTimeouts,
  type ServingOptions,
  unreadMs,
} from '../serving/serve-options.ts'
import { type Connections, watchConnections } from './connections.ts'
import { inTurn } from './in-turn.ts'
import { createListener, type Fetcher } from './listener.ts'
import { answerMalformed, answerPlainHttp } from './malformed-request.ts'

/** Where and how to serve over `node:http`. */
export interface ServeOptions extends ServingOptions {
  /** See ListenerOptions. Default: false. */
  readonly replaceGlobals?: boolean
}

/** What a runtime other than Node needs of its `node:http`. */
export interface Platform {
  /** See ListenerOptions. */
  readonly freeChunks: boolean
  /**
   * Answer reads once the parser of requests has returned: on Deno, what is written while it is at work costs
   * a small read a tenth of its time.
   */
  readonly readsLater: boolean
  /**
   * Watches how the connections of an HTTPS server begin.
   *
   * @param answerHttp answers one that speaks HTTP instead, and hangs up
   * @param patienceMs how long a handshake may take
   */
  watchHandshakes?(
    server: HttpsServer,
    answerHttp: (socket: Socket) => void,
    patienceMs: number,
  ): void
  /**
   * Looks after a listener, and is told each time there were too many connections.
   *
   * @param reopen closes the listener and opens another one in the same place
   */
  lookAfter?(server: Server | HttpsServer, reopen: () => Promise<void>): () => void
}

/** A server at work. */
export type Serving = RunningServer<Server | HttpsServer>

/**
 * Serves a registry over HTTP.
 *
 * @throws Error with the code of the system, such as EADDRINUSE, when it cannot listen there;
 *   TypeError when `trustedProxies` holds anything but proxies.
 */
export function serve(registry: Fetcher, options: ServeOptions = {}): Promise<Serving> {
  // Node's collector keeps up with the chunks of uploads by itself.
  return serveOn({ freeChunks: false, readsLater: false }, registry, options)
}

/** {@link serve} for the adapter of another runtime. */
export async function serveOn(
  { freeChunks, readsLater, watchHandshakes, lookAfter }: Platform,
  registry: Fetcher,
  options: ServeOptions,
): Promise<Serving> {
  const timeouts: ServeTimeouts = { ...defaultTimeouts, ...options.timeouts }
  const { observe, meter, tls, trustedProxies, replaceGlobals = false } = options
  const onNotice = safeNotices(options.onNotice)
  const answer = createListener(registry, {
    replaceGlobals,
    freeChunks,
    overUnix: options.socketPath !== undefined,
    ...(observe === undefined ? {} : { observe }),
    ...(meter === undefined ? {} : { meter }),
    onNotice,
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
  })
  const listener = inTurn((incoming, outgoing) => {
    connections.began(incoming, outgoing)
    const { method } = incoming
    if (readsLater && (method === 'GET' || method === 'HEAD')) {
      queueMicrotask(() => answer(incoming, outgoing))
    } else answer(incoming, outgoing)
  })
  const settings = {
    maxHeaderSize: options.maxHeaderBytes ?? defaultHeaderBytes,
    headersTimeout: timeouts.headersMs,
    // A push may take as long as it moves.
    requestTimeout: 0,
    // Said in answers; `connections` ends those that wait longer.
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
          {
            ...settings,
            ...secureContext(tls),
            ...clientChecks(tls),
            handshakeTimeout: timeouts.headersMs,
          },
          listener,
        )
  if (server instanceof TlsServer) watchHandshakes?.(server, answerPlainHttp, timeouts.headersMs)
  // A client may be done with sending before it has its answer.
  Object.assign(server, { httpAllowHalfOpen: true })
  const connections = watchConnections(server, {
    stallMs: timeouts.stallMs,
    keepAliveMs: timeouts.keepAliveMs,
    unreadMs: unreadMs(timeouts.stallMs, options.slowestPull),
    most: options.maxConnections ?? affordableConnections(),
    whenFull: () => whenFull?.(),
  })
  server.on('clientError', answerMalformed)
  await listen(server, options)
  server.on('error', (error) =>
    onNotice({ kind: 'background-failure', task: 'accepting connections', error, retried: true }),
  )
  const address = addressOf(server, tls !== undefined)
  const whenFull = lookAfter?.(server, async () => {
    NetServer.prototype.close.call(server)
    await listen(server, address.port === null ? options : { ...options, port: address.port })
  })
  return {
    ...address,
    server,
    async setCertificate(tls) {
      if (!(server instanceof TlsServer)) throw new Error('the server does not serve HTTPS')
      server.setSecureContext(secureContext(tls))
    },
    async settle(withinMs = graceMs) {
      await inTime(connections.settled(), withinMs)
    },
    close: (deadlineMs = graceMs) => close(server, connections, deadlineMs),
  }
}

/** TLS 1.2 is the oldest version that is still safe; a flag of Node's would allow older ones. */
function secureContext({ cert, key, clientCa }: Certificate): SecureContextOptions {
  return { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }), minVersion: 'TLSv1.2' }
}

/** Whether clients are asked for a certificate: for good, while the server runs. */
function clientChecks({ clientCa, clientRequired = false }: Certificate): TlsOptions {
  return { requestCert: clientCa !== undefined, rejectUnauthorized: clientRequired }
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
