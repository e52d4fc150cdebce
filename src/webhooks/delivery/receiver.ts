import type { Endpoint } from '../endpoint.ts'
import { patience, pauseAfter } from './schedule.ts'
import type { Timing } from './timing.ts'

/** What a deliverer counted for an endpoint since the process began. */
export interface EndpointFigures {
  readonly endpoint: string
  /** Deliveries that arrived. */
  readonly delivered: number
  /** Deliveries that did not. */
  readonly failed: number
  /** Messages that became dead letters. */
  readonly buried: number
  /** Requests under way. */
  readonly inFlight: number
  /** Whether it failed several times in a row, and is asked with pauses. */
  readonly isFailing: boolean
  /** Why the last delivery failed; null where none did. */
  readonly lastError: string | null
  /** Milliseconds since the epoch; null before the first. */
  readonly lastDeliveredAt: number | null
  /** Events of pulls that wait, in memory. */
  readonly pullsWaiting: number
  /** Events of pulls that were not sent: the queue was full, or the receiver failed. */
  readonly pullsDropped: number
}

/** What a deliverer remembers of an endpoint: the same few numbers, whatever waits for it. */
export class Receiver {
  endpoint: Endpoint
  delivered: number = 0
  failed: number = 0
  buried: number = 0
  /** Dead letters that no notice told of yet. */
  buriedUntold: number = 0
  inFlight: number = 0
  failuresInARow: number = 0
  pausedUntil: number = 0
  lastError: string | null = null
  lastDeliveredAt: number | null = null
  /** Whether there may be something to claim. */
  mayHave: boolean = true

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
  }

  get isFailing(): boolean {
    return this.failuresInARow >= patience.failuresInARow
  }

  /** How many requests may begin. One that fails is asked once at a time. */
  get free(): number {
    const most = this.isFailing ? 1 : this.endpoint.concurrency
    return Math.max(0, most - this.inFlight)
  }

  /** Its numbers, but for pulls. */
  figures(): Omit<EndpointFigures, 'pullsWaiting' | 'pullsDropped'> {
    const { delivered, failed, buried, inFlight, isFailing, lastError, lastDeliveredAt } = this
    const counts = { delivered, failed, buried, inFlight }
    return { endpoint: this.endpoint.name, ...counts, isFailing, lastError, lastDeliveredAt }
  }

  /** Notes that a delivery arrived; whether the endpoint failed before. */
  arrived(now: number): boolean {
    const wasFailing = this.isFailing
    this.delivered += 1
    this.failuresInARow = 0
    this.pausedUntil = 0
    this.lastDeliveredAt = now
    return wasFailing
  }

  /** Notes that it answered, and refused a message. */
  answered(error: string): void {
    this.failed += 1
    this.failuresInARow = 0
    this.pausedUntil = 0
    this.lastError = error
  }

  /** Notes that a delivery failed; whether the endpoint is failing from now on. */
  failedNow(error: string, timing: Timing): boolean {
    const wasFailing = this.isFailing
    this.failed += 1
    this.failuresInARow += 1
    this.lastError = error
    if (!this.isFailing) return false
    // The pauses of its messages add to this, so that this one may be short.
    const pause = Math.min(pauseAfter(this.failuresInARow, timing.random()), 60_000)
    this.pausedUntil = timing.now() + pause
    return !wasFailing
  }
}
