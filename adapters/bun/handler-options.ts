import type { NoticeSink, RequestObserver } from '../../src/index.ts'
import type { Meter } from '../../src/kit.ts'

/** How a handler treats its connections. */
export interface HandlerOptions {
  /** Told of transfers that failed. Default: none. */
  readonly onNotice?: NoticeSink
  /**
   * In seconds: how long nothing may move while it is the client's turn. Has to be the server's
   * `idleTimeout` too, to which Bun sets its clock back whenever it can write. Default: 60.
   */
  readonly stallSeconds?: number
  /** See `ServingOptions`. */
  readonly slowestPull?: number
  /** In seconds: how long an answered connection may wait for its next request. Default: 75. */
  readonly keepAliveSeconds?: number
  /**
   * How many requests may be under way at once. Beyond that, pushes and pulls of large blobs are 503.
   * Default: any number.
   */
  readonly maxRequests?: number
  /** Whether connections are to end with the answer they wait for. Default: never. */
  readonly ending?: () => boolean
  /**
   * Takes a report of every request. Bun does not say when a file has been sent, nor how much of one
   * that was cut short: the report of a blob on disk comes within a moment of its end, and a client that
   * went while bytes were flowing may pass for one that has them all.
   */
  readonly observe?: RequestObserver
  /** Counts the same requests, with the same limits. */
  readonly meter?: Meter
  /**
   * Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count: addresses, ranges such as
   * `10.0.0.0/8`, and `unix` for whatever connects over a unix socket. Default: none.
   */
  readonly trustedProxies?: readonly string[]
}
