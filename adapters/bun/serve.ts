import { lookup } from 'node:dns/promises'
import type { NoticeSink } from '../../src/index.ts'
import { errorResponse } from '../../src/kit.ts'
import { type BunServeOptions, type BunServer, bun } from './bun.ts'
import { createHandler, type Fetcher, type Observe } from './handler.ts'
import { ServerSuccession } from './server-succession.ts'

/** How long a server waits for what, in milliseconds. None bounds how long a whole push may take. */
export interface ServeTimeouts {
  /** For the head of a connection's first request. Default: 10 s. */
  readonly headersMs: number
  /** For anything to move while it is the client's turn, up or down. Default: 60 s. */
  readonly stallMs: number
  /** For the next request of an idle connection, its head included. Default: 75 s. */
  readonly keepAliveMs: number
}

/** The timeouts where none are given. Bun counts in steps of four seconds, from 8 to 255. */
export const defaultTimeouts: ServeTimeouts = {
  headersMs: 10_000,
  stallMs: 60_000,
  keepAliveMs: 75_000,
}

/** How often a server that is to end looks for what is still under way: Bun has no event for it. */
const lookMs = 20

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
  /** For an access log. Default: nobody. */
  readonly observe?: Observe
  /** See HandlerOptions. Default: none. */
  readonly trustedProxies?: readonly string[]
}

/** A server at work. */
export interface Serving {
  /** Where it can be reached: `http://127.0.0.1:5000`, or `unix:/path`. */
  readonly url: string
  /** The port, the real one where 0 was asked for; null on a unix socket. */
  readonly port: number | null
  /** Another one after {@link setCertificate}. */
  readonly server: BunServer
  /**
   * Uses another certificate chain and key, in PEM, for new connections. Bun cannot change those of
   * a server, so another one takes its place on the same port: requests under way finish, and idle
   * connections are closed.
   *
   * @throws Error when it does not serve HTTPS, or cannot listen again, which is tried for a second.
   */
  setCertificate(tls: { readonly cert: string; readonly key: string }): Promise<void>
  /**
   * Waits, at most `withinMs` (default: 30 s), until the requests that are under way now have ended.
   * Takes others meanwhile, and waits for those it has when it looks: for a registry that tells them
   * to go elsewhere, before `close`.
   */
  settle(withinMs?: number): Promise<void>
  /**
   * Takes no more connections, ends idle ones, and waits for requests under way, at most
   * `deadlineMs` (default: 30 s); then cuts the rest. How many requests were cut.
   */
  close(deadlineMs?: number): Promise<number>
}

/**
 * Serves a registry over HTTP with `Bun.serve`.
 *
 * @throws Error with the code of the system, such as EADDRINUSE, when it cannot listen there;
 *   TypeError when `trustedProxies` holds anything but proxies.
 */
export async function serve(registry: Fetcher, options: ServeOptions = {}): Promise<Serving> {
  const timeouts: ServeTimeouts = { ...defaultTimeouts, ...options.timeouts }
  const { observe, onNotice, tls, trustedProxies } = options
  let draining = false
  const fetch = createHandler(registry, {
    stallSeconds: secondsOf(timeouts.stallMs),
    keepAliveSeconds: secondsOf(timeouts.keepAliveMs),
    ending: () => draining,
    ...(onNotice === undefined ? {} : { onNotice }),
    ...(observe === undefined ? {} : { observe }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
  })
  const settings: BunServeOptions = {
    ...placeOf(options),
    ...(tls === undefined ? {} : { tls }),
    development: false,
    reusePort: false,
    // The registry has limits of its own.
    maxRequestBodySize: Number.POSITIVE_INFINITY,
    idleTimeout: secondsOf(timeouts.headersMs),
    fetch,
    error: (error) => lateError(error, onNotice),
  }
  // Bun's own error for a host that does not exist says whatever the system failed at before.
  if (settings.hostname !== undefined) await lookup(settings.hostname)
  const first = bun().serve(settings)
  const servers = new ServerSuccession(first)
  return {
    url: urlOf(first, options),
    port: first.port ?? null,
    get server() {
      return servers.newest
    },
    async setCertificate(tls) {
      if (settings.tls === undefined) throw new Error('the server does not serve HTTPS')
      const { port } = servers.newest
      await servers.replace({ ...settings, ...(port === undefined ? {} : { port }), tls })
    },
    async settle(withinMs = 30_000) {
      draining = true
      const deadline = performance.now() + withinMs
      while (servers.pendingRequests > 0 && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, lookMs))
      }
    },
    async close(deadlineMs = 30_000) {
      draining = true
      return servers.close(deadlineMs)
    },
  }
}

function placeOf(options: ServeOptions): Pick<BunServeOptions, 'hostname' | 'port' | 'unix'> {
  const { host = '127.0.0.1', port = 5000, socketPath } = options
  return socketPath === undefined ? { hostname: host, port } : { unix: socketPath }
}

function urlOf({ port }: BunServer, { host = '127.0.0.1', socketPath, tls }: ServeOptions): string {
  if (socketPath !== undefined) return `unix:${socketPath}`
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls === undefined ? 'http' : 'https'}://${name}:${port}`
}

/** Bun's clock ticks every four seconds, and what is shorter than two ticks may be over at once. */
function secondsOf(milliseconds: number): number {
  return Math.min(Math.max(Math.ceil(milliseconds / 1000), 8), 255)
}

/** What Bun says when it opens a file that went since we looked is an absent blob, no failure. */
function lateError(error: unknown, onNotice: NoticeSink | undefined): Response {
  if ((error as { readonly code?: unknown }).code === 'ENOENT') return errorResponse('blobUnknown')
  onNotice?.({ kind: 'background-failure', task: 'sending an answer', error, retried: false })
  return errorResponse('internal')
}
