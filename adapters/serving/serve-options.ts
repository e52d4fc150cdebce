import type { NoticeSink, RequestObserver } from '../../src/index.ts'
import type { Meter } from '../../src/kit.ts'

/**
 * How long a server waits for what, in milliseconds. None bounds how long a whole push may take. Node and
 * Deno look at their connections now and then, so that one which is quiet may have an eighth more.
 */
export interface ServeTimeouts {
  /** For the head of a request. Bun knows no such time. Default: 10 s. */
  readonly headersMs: number
  /**
   * For anything to move while it is the client's turn. An answer that is read slowly has longer: see
   * `slowestPull`. On Bun also for the head of a connection's first request. Default: 60 s.
   */
  readonly stallMs: number
  /** For the next request of an idle connection; on Bun, its head included. Default: 75 s. */
  readonly keepAliveMs: number
}

/** The timeouts where none are given. */
export const defaultTimeouts: ServeTimeouts = {
  headersMs: 10_000,
  stallMs: 60_000,
  keepAliveMs: 75_000,
}

/** A certificate chain and its key, in PEM; and whose certificates clients may show. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  /**
   * Authorities whose certificates identify clients, in PEM; an `Access` finds what they say in the peer of
   * a request. Default: clients are not asked for one. Not on Bun, which does not tell what they say.
   */
  readonly clientCa?: string
  /** Whether a client without such a certificate is refused, in the handshake. Default: false. */
  readonly clientRequired?: boolean
}

/** Where and how to serve, on every runtime. */
export interface ServingOptions {
  /** Default: 127.0.0.1, this machine alone. */
  readonly host?: string
  /** Default: 5000. 0 takes a free one. */
  readonly port?: number
  /** A unix socket to listen on instead of host and port. */
  readonly socketPath?: string
  /** Serve HTTPS with this certificate. */
  readonly tls?: Certificate
  /** Bun counts in steps of four seconds, from 8 to 255. */
  readonly timeouts?: Partial<ServeTimeouts>
  /** Told of transfers that failed. Default: none. */
  readonly onNotice?: NoticeSink
  /**
   * Takes a report of every request, those included that never reach the registry: for an access log
   * or metrics. Called when the answer is out or the client gone. Bun does not tell how much of a blob on
   * disk was sent when it was cut short, and takes a client that goes while bytes are flowing for one
   * that has them all.
   */
  readonly observe?: RequestObserver
  /**
   * Counts the same requests as they begin and end: for metrics. It costs a request less than a report, which has to
   * find out who the client is.
   */
  readonly meter?: Meter
  /**
   * Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count: addresses, ranges such as
   * `10.0.0.0/8`, and `unix` for whatever connects over a unix socket. Default: none.
   */
  readonly trustedProxies?: readonly string[]
  /**
   * The largest head of a request, in bytes; larger is 431. Tokens of some identity providers are
   * longer than the 16 KiB that runtimes take unless told. On Bun it counts for all servers of the
   * process, so the largest one set stands. Default: 64 KiB.
   */
  readonly maxHeaderBytes?: number
  /**
   * How many connections may be open at once. One more ends the one that has waited longest for a
   * request; where none waits for one, it is refused itself. Default: a third of the descriptors that
   * the process may have, at most 4096; on Deno 1000. Bun counts no connections: there it is how many
   * requests may be under way, and more pushes and pulls of large blobs are 503. While there are no descriptors, connections wait in
   * the system there, and those that wait for their next request are closed.
   */
  readonly maxConnections?: number
  /**
   * How slowly a client may read an answer, in bytes a second: who reads faster is never cut. A server
   * sees only now and then that something was read, so who reads nothing is cut after the time that
   * 2 MiB take, 35 minutes at the default, or after `stallMs` where connections run out. On Bun this needs
   * Linux; elsewhere its clock knows `stallMs` alone, which is enough for a client that reads 25 KiB a
   * second. Default: 1024.
   */
  readonly slowestPull?: number
}

/** The largest head of a request where nothing else is set, in bytes. */
export const defaultHeaderBytes: number = 64 * 1024

/** How slowly a client may read where nothing else is set, in bytes a second. */
export const defaultSlowestPull = 1024

/**
 * How much a client may read before a server sees that it reads, in bytes. The kernel takes up to 4 MiB
 * of an answer ahead of the client (Linux, `tcp_wmem`), and says that there is room when a third of
 * that is free; the client's own kernel may hold as much, and reports what was read in large steps.
 * Nothing shows a program what lies between, so this allows for half of what may be there. The system's
 * own queues (`/proc/net/tcp`) would not show it sooner: where the client's buffer had grown to 32 MiB, a
 * reader of 8 KiB a second took nothing for 271 s, and one of 1 KiB a second for 15 minutes.
 */
const unseenBytes = 2 * 1024 * 1024

/** For how long an answer may seem not to be read, in milliseconds. */
export function unreadMs(stallMs: number, slowestPull: number = defaultSlowestPull): number {
  return stallMs + (unseenBytes / slowestPull) * 1000
}

/** How long a server that is to end waits where nothing else was asked for, in milliseconds. */
export const graceMs = 30_000

/** A server at work. */
export interface RunningServer<Server> {
  /** Where it can be reached: `http://127.0.0.1:5000`, or `unix:/path`. */
  readonly url: string
  /** The port, the real one where 0 was asked for; null on a unix socket. */
  readonly port: number | null
  /** The runtime's own server; on Bun another one after {@link setCertificate}. */
  readonly server: Server
  /**
   * Uses another certificate for new connections; open ones stay as they are. Bun cannot change the
   * certificate of a server, so there another one takes its place on the same port: requests under
   * way finish, and idle connections are closed.
   *
   * @throws Error when it does not serve HTTPS, the certificate cannot be used, or Bun cannot listen
   *   again, which is tried for a second.
   */
  setCertificate(tls: Certificate): Promise<void>
  /**
   * Waits, at most `withinMs` (default: 30 s), until the requests that are under way now have ended;
   * Bun waits for those it has each time it looks. Takes others meanwhile: for a registry that tells
   * them to go elsewhere, before `close`.
   */
  settle(withinMs?: number): Promise<void>
  /**
   * Takes no more connections, ends idle ones, and waits for requests under way, at most
   * `deadlineMs` (default: 30 s); then cuts the rest.
   *
   * @returns how many connections were cut; on Bun, how many requests
   */
  close(deadlineMs?: number): Promise<number>
}
