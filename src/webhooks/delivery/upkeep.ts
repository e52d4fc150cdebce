import type { NoticeSink } from '../../ports/notices.ts'
import type { Outbox, OutboxLimits } from '../../ports/outbox.ts'
import type { Receiver } from './receiver.ts'
import type { Timing } from './timing.ts'

/** What an endpoint may have in the outbox. */
export const outboxLimits: OutboxLimits = {
  waiting: 10_000,
  waitingBytes: 16 * 1024 * 1024,
  dead: 1000,
  deadBytes: 4 * 1024 * 1024,
}

const everyMs = 10_000
/** Steps of one trimming, so that it ends however fast messages come. */
const mostSteps = 1000
const hourMs = 3_600_000
/** How long messages are kept for an endpoint that is in the settings no more. */
const strayMs = 7 * 86_400_000

/** What is done beside deliveries: limits are held, dead letters told of, and messages to endpoints that are gone dropped. */
export class Upkeep {
  readonly #outbox: Outbox
  readonly #timing: Timing
  readonly #onNotice: NoticeSink
  readonly #receivers: ReadonlyMap<string, Receiver>
  #hasNew: boolean = false
  #straysAt: number
  #isStopped: boolean = false
  #isBusy: boolean = false
  #endTimer: () => void = () => {}

  constructor(
    deps: { readonly outbox: Outbox; readonly timing: Timing; readonly onNotice: NoticeSink },
    receivers: ReadonlyMap<string, Receiver>,
  ) {
    this.#outbox = deps.outbox
    this.#timing = deps.timing
    this.#onNotice = deps.onNotice
    this.#receivers = receivers
    this.#straysAt = deps.timing.now()
    this.#arm()
  }

  /** Something was queued or became a dead letter, so there is something to look at. */
  queued(): void {
    if (this.#hasNew) return
    this.#hasNew = true
    this.#arm()
  }

  /** Ends it. */
  stop(): void {
    this.#isStopped = true
    this.#endTimer()
  }

  /** Nothing is looked at while nothing is new, but for what nobody wants any more. */
  #arm(): void {
    if (this.#isBusy || this.#isStopped) return
    this.#endTimer()
    const inMs = this.#hasNew ? everyMs : Math.max(0, this.#straysAt - this.#timing.now())
    this.#endTimer = this.#timing.after(inMs, () => void this.#turn())
  }

  async #turn(): Promise<void> {
    this.#isBusy = true
    try {
      if (this.#hasNew) {
        this.#hasNew = false
        await this.#trim()
      }
      if (this.#timing.now() >= this.#straysAt) {
        this.#straysAt = this.#timing.now() + hourMs
        await this.#dropStrays()
      }
    } catch (error) {
      this.#hasNew = true
      this.#onNotice({ kind: 'background-failure', task: 'trim webhooks', error, retried: true })
    }
    this.#tellDead()
    this.#isBusy = false
    this.#arm()
  }

  /** Step by step, until nothing is beyond the limits: a single step is slower than clients can be. */
  async #trim(): Promise<void> {
    const sum = { buried: 0, dropped: 0 }
    try {
      for (let steps = 0; steps < mostSteps && !this.#isStopped; steps += 1) {
        const { buried, dropped } = await this.#outbox.trim(outboxLimits)
        if (buried + dropped === 0) return
        sum.buried += buried
        sum.dropped += dropped
      }
      this.#hasNew = true
    } finally {
      if (sum.buried + sum.dropped > 0) this.#onNotice({ kind: 'webhook-outbox-full', ...sum })
    }
  }

  /** A step of what waits for endpoints that are gone. */
  async #dropStrays(): Promise<void> {
    const before = this.#timing.now() - strayMs
    for (const { endpoint, waiting, dead } of await this.#outbox.counts()) {
      if (this.#receivers.has(endpoint) || waiting + dead === 0) continue
      const { items } = await this.#outbox.list({ limit: 1000, endpoint })
      const ids = items.filter(({ queuedAt }) => queuedAt < before).map(({ id }) => id)
      if (ids.length === 0) continue
      const count = await this.#outbox.drop({ ids }, ids.length)
      this.#onNotice({ kind: 'webhook-strays-dropped', endpoint, count })
    }
  }

  #tellDead(): void {
    for (const receiver of this.#receivers.values()) {
      const { buriedUntold: count, lastError } = receiver
      if (count === 0) continue
      receiver.buriedUntold = 0
      const { name: endpoint, origin } = receiver.endpoint
      this.#onNotice({ kind: 'webhook-dead-letters', endpoint, origin, count, error: lastError })
    }
  }
}
