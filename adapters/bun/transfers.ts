import type { BunServer } from './bun.ts'

/** How soon, and how seldom, transfers under way are looked at, in milliseconds. */
const soonestMs = 5
const seldomMs = 250

/** Told of the end of a transfer; `bytes` is null where Bun does not tell how much was sent. */
export type TransferEnd = (bytes: number | null, cutShort: boolean | null) => void

interface Transfer {
  readonly request: Request
  readonly server: BunServer
  /** In bytes. */
  readonly size: number
  readonly began: number
  readonly ended: TransferEnd
}

/**
 * Learns when files have been sent. Bun does not say it, but forgets a request's address with its
 * end, and aborts its signal where a connection ends before that: at a timeout, or when the client
 * closes it while Bun waits for it. A client that goes while bytes are flowing is not told from one
 * that has them all.
 */
export class Transfers {
  readonly #underWay: Set<Transfer> = new Set()
  #isWaiting = false

  /** Watches the answer to a request that is about to be sent. */
  watch(request: Request, server: BunServer, size: number, ended: TransferEnd): void {
    // Over a unix socket there is no address to be forgotten.
    if (server.port === undefined) {
      ended(null, null)
      return
    }
    const transfer = { request, server, size, began: performance.now(), ended }
    this.#underWay.add(transfer)
    request.signal.addEventListener('abort', () => this.#end(transfer, null, true))
    this.#wait(soonestMs)
  }

  #end(transfer: Transfer, bytes: number | null, cutShort: boolean): void {
    if (this.#underWay.delete(transfer)) transfer.ended(bytes, cutShort)
  }

  #wait(milliseconds: number): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    setTimeout(() => this.#look(), milliseconds).unref()
  }

  #look(): void {
    this.#isWaiting = false
    let youngest = Number.POSITIVE_INFINITY
    for (const transfer of this.#underWay) {
      const { request, server, size, began } = transfer
      if (server.requestIP(request) === null) this.#end(transfer, size, false)
      else youngest = Math.min(youngest, performance.now() - began)
    }
    // The longer it takes, the less a moment matters.
    if (this.#underWay.size > 0) this.#wait(Math.min(Math.max(youngest / 8, soonestMs), seldomMs))
  }
}
