import type { Peer } from '../../src/index.ts'
import type { BunServer } from './bun.ts'
import type { RequestBody } from './request-body.ts'

/**
 * How many bodies may be received at once. Bun reads up to 2 MiB of each ahead of the registry, where that
 * is slower than the clients, so this is 1 GiB at most.
 */
const mostBodies = 512

/**
 * Bounds the requests that are under way at once: no more bodies are taken, and no long answers given,
 * while others still are, so that probes are answered. Bun says nothing of its connections, so this is
 * what there is to count: one whose head is not there yet does not count, and ends with its clock.
 */
export class UnderWay {
  readonly #most: number
  /** Bodies that are being received, the oldest first, each with the address of its client. */
  readonly #bodies: Map<RequestBody, string | undefined> = new Map()

  constructor(most: number) {
    this.#most = most
  }

  /** Whether there is no room for another one. */
  isFull(server: BunServer): boolean {
    return server.pendingRequests >= this.#most
  }

  /**
   * Whether one more request, which is counted already, may be answered. Where there are too many, the oldest body of the address
   * that sends the most of them is called off for a client of an address that sends fewer.
   */
  admits(server: BunServer, peer: Peer, hasBody: boolean): boolean {
    const isFull =
      server.pendingRequests > this.#most || (hasBody && this.#bodies.size >= mostBodies)
    return !isFull || this.#makeRoomFor(peer.address)
  }

  /** Notes a body until {@link ended}. A connection that ends meanwhile no longer has an address. */
  began(body: RequestBody, { address }: Peer): void {
    this.#bodies.set(body, address)
  }

  ended(body: RequestBody): void {
    this.#bodies.delete(body)
  }

  /** Clients behind one proxy that is not trusted share its address. */
  #makeRoomFor(address: string | undefined): boolean {
    const counts: Map<string | undefined, number> = new Map()
    for (const each of this.#bodies.values()) counts.set(each, (counts.get(each) ?? 0) + 1)
    let most = Math.max(counts.get(address) ?? 0, 1)
    let largest: string | undefined
    for (const [each, count] of counts) {
      if (each === undefined || count <= most) continue
      largest = each
      most = count
    }
    if (largest === undefined) return false
    const [oldest] = [...this.#bodies].find(([, each]) => each === largest) ?? []
    if (oldest === undefined) return false
    this.#bodies.delete(oldest)
    oldest.abort()
    return true
  }
}
