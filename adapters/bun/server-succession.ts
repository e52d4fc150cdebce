import { type BunServeOptions, type BunServer, bun } from './bun.ts'

/** How often, and how soon after one another, a server tries to take the place of the one before. */
const attempts = 20
const pauseMs = 50

/** Servers that follow one another on one port, each with its own certificate. */
export class ServerSuccession {
  #newest: BunServer
  /** Those that take no more connections, but still have requests under way. */
  readonly #ending: Set<BunServer> = new Set()

  constructor(first: BunServer) {
    this.#newest = first
  }

  get newest(): BunServer {
    return this.#newest
  }

  /** Requests under way in all of them. */
  get pendingRequests(): number {
    return this.#all().reduce((sum, server) => sum + server.pendingRequests, 0)
  }

  /**
   * Puts a server in the place of the newest, which finishes what it has begun. Between the two,
   * nothing listens for less than a millisecond.
   *
   * @throws Error of the system when it cannot listen, tried again for a second.
   */
  async replace(options: BunServeOptions): Promise<void> {
    const before = this.#newest
    this.#ending.add(before)
    void before.stop().finally(() => this.#ending.delete(before))
    for (let attempt = 1; ; attempt++) {
      try {
        this.#newest = bun().serve(options)
        return
      } catch (error) {
        if (attempt === attempts) throw error
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  /** Takes no more connections, and cuts what has not ended after `deadlineMs`; how many requests. */
  async close(deadlineMs: number): Promise<number> {
    const servers = this.#all()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, 'late')
    })
    const end = await Promise.race([Promise.all(servers.map((server) => server.stop())), late])
    clearTimeout(timer)
    const cut = end === 'late' ? this.pendingRequests : 0
    // Connections that never carried a request do no harm, and stay open.
    for (const server of servers) void server.stop(true)
    return cut
  }

  #all(): readonly BunServer[] {
    return [...this.#ending, this.#newest]
  }
}
