import { sendQueues } from '../serving/send-queues.ts'
import type { BunServer } from './bun.ts'

/** An answer that is being read. */
interface Reading {
  readonly server: BunServer
  /** The client's port. */
  readonly port: number
  /** What the system had to send when it was last looked at, and since when that is so. */
  queue: string | undefined
  movedAt: number
}

/** How long answers may seem not to be read. */
export interface Patience {
  /** What Bun's clock is set back to. */
  readonly stallSeconds: number
  /** For how long more than that, in milliseconds; at least where there is room for others. */
  readonly moreMs: number
  /** Whether there is no room for others. */
  isFull(server: BunServer): boolean
}

/**
 * Keeps clients that read slowly. Bun's clock is set back when the system takes more of an answer, which
 * it does in steps of a megabyte. So the clock is also set back here, for as long as an answer may seem
 * not to be read. What a client takes is seen in the system's queues, on Linux; elsewhere Bun's own clock
 * decides alone.
 */
export class SlowReaders {
  readonly #patience: Patience
  readonly #reading: Map<Request, Reading> = new Map()
  #isWaiting = false

  constructor(patience: Patience) {
    this.#patience = patience
  }

  /** Watches the answer to a request until it is out. */
  watch(request: Request, server: BunServer): void {
    const port = server.requestIP(request)?.port
    if (port === undefined) return
    this.#reading.set(request, { server, port, queue: undefined, movedAt: performance.now() })
    this.#wait()
  }

  #wait(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    const later = this.#patience.stallSeconds * 250
    setTimeout(() => void this.#look(), later).unref()
  }

  async #look(): Promise<void> {
    const servers: Set<BunServer> = new Set()
    for (const [request, { server }] of this.#reading) {
      // Forgotten with the end of the answer.
      if (server.requestIP(request) === null) this.#reading.delete(request)
      else servers.add(server)
    }
    const ofServer: Map<BunServer, ReadonlyMap<number, string> | null> = new Map()
    for (const server of servers) ofServer.set(server, await sendQueues(server.port ?? 0))
    for (const [request, reading] of this.#reading) {
      const queues = ofServer.get(reading.server)
      if (queues) this.#lookAt(request, reading, queues.get(reading.port))
    }
    this.#isWaiting = false
    if (this.#reading.size > 0) this.#wait()
  }

  #lookAt(request: Request, reading: Reading, queue: string | undefined): void {
    const { stallSeconds, moreMs, isFull } = this.#patience
    const now = performance.now()
    if (queue !== reading.queue) {
      reading.queue = queue
      reading.movedAt = now
    }
    const patience = isFull(reading.server) ? 0 : moreMs
    if (now - reading.movedAt < patience) reading.server.timeout(request, stallSeconds)
  }
}
