import type { Socket } from 'node:net'
// Those of the runtime may not be the kind that lets the process end.
import { clearInterval, setInterval } from 'node:timers'
import { type Connection, takenOf } from './connection.ts'

/** How long a connection may be quiet, and what is done about one that was. */
export interface QuietLimits {
  /** While a request is under way or the first one awaited, in milliseconds. */
  readonly stallMs: number
  /** Between requests, in milliseconds. */
  readonly keepAliveMs: number
  /** Called when nothing moved for that long. The connection has as long again if it stays open. */
  readonly onQuiet: (socket: Socket) => void
}

/** How many times a connection is looked at within the time it may be quiet, and how seldom at most. */
const looks = 16
const seldomMs = 2_000

/**
 * Looks at all connections now and then for those on which nothing moves. Node itself makes two timers
 * for each request, which are most of what a request costs on Deno beyond its bare server; so a
 * connection that is watched takes none. The time is up to an eighth longer than asked for.
 */
export class QuietSweep {
  readonly #open: ReadonlyMap<Socket, Connection>
  readonly #limits: QuietLimits
  #timer: NodeJS.Timeout | null = null

  /** @param open the connections; new ones are told by {@link watch} */
  constructor(open: ReadonlyMap<Socket, Connection>, limits: QuietLimits) {
    this.#open = open
    this.#limits = limits
  }

  watch(socket: Socket): void {
    socket.setTimeout(0)
    socket.setTimeout = () => socket
    if (this.#timer !== null) return
    const { stallMs, keepAliveMs } = this.#limits
    const pause = Math.min(Math.min(stallMs, keepAliveMs) / looks, seldomMs)
    this.#timer = setInterval(() => this.#look(), pause).unref()
  }

  #look(): void {
    if (this.#open.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer)
      this.#timer = null
    }
    const now = performance.now()
    const { stallMs, keepAliveMs, onQuiet } = this.#limits
    for (const [socket, connection] of this.#open) {
      const moved = socket.bytesRead + takenOf(socket)
      const limit = connection.pending === 0 && connection.incoming !== null ? keepAliveMs : stallMs
      if (moved !== connection.moved) {
        connection.moved = moved
      } else if (now - connection.quietSince < limit) {
        continue
      } else {
        onQuiet(socket)
      }
      connection.quietSince = now
    }
  }
}
