import type { Receiver } from './receiver.ts'

/** Requests under way, to all endpoints. */
const mostAtOnce = 40
/** The same, of which an endpoint that has one under way can begin another: slow ones leave room for others. */
const mostOfBusy = 32

/** Requests under way, and how many more may begin. */
export class UnderWay {
  readonly #requests: Set<Promise<void>> = new Set()

  /** How many requests may begin, as far as those to all endpoints go. */
  roomFor({ inFlight }: Receiver): number {
    return (inFlight === 0 ? mostAtOnce : mostOfBusy) - this.#requests.size
  }

  /** Whether a request to an endpoint may begin. */
  readonly mayBegin = (receiver: Receiver): boolean =>
    receiver.free > 0 && this.roomFor(receiver) > 0

  /** Counts a request until it ends. @param request never rejects */
  add(receiver: Receiver, request: Promise<void>, ended: () => void): void {
    receiver.inFlight += 1
    const done = request.finally(() => {
      receiver.inFlight -= 1
      this.#requests.delete(done)
      ended()
    })
    this.#requests.add(done)
  }

  /** Resolves once those of now have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#requests)
  }
}
