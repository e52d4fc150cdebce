import type { NoticeSink } from '../../ports/notices.ts'
import type { Outbox, OutboxEntry } from '../../ports/outbox.ts'
import type { WebhookSettings } from '../endpoint.ts'
import { deliverEntry, type EntryDeps } from './deliver-entry.ts'
import { PullQueues } from './pull-queues.ts'
import { type EndpointFigures, Receiver } from './receiver.ts'
import type { Send } from './send.ts'
import { StopSignal } from './stop-signal.ts'
import type { Timing } from './timing.ts'
import { UnderWay } from './under-way.ts'
import { Upkeep } from './upkeep.ts'

/** What a deliverer works with. */
export interface DelivererDeps {
  readonly outbox: Outbox
  readonly send: Send
  readonly settings: WebhookSettings
  readonly timing: Timing
  readonly onNotice: NoticeSink
}

/** How long a claim outlives the timeout of its request: the store may take its time. */
const claimMarginMs = 30_000
/** How long nothing is claimed once the store failed. */
const storePauseMs = 5_000

/**
 * Delivers what waits in an outbox: at least once, and for each endpoint and repository one message after the other.
 * It holds no more in memory than the requests under way, and a few numbers for each endpoint.
 */
export class Deliverer {
  readonly #deps: DelivererDeps
  readonly #receivers: Map<string, Receiver> = new Map()
  readonly #pulls: PullQueues
  readonly #upkeep: Upkeep
  readonly #stopping: StopSignal = new StopSignal()
  readonly #underWay: UnderWay = new UnderWay()
  #settings: WebhookSettings
  #claiming: Promise<void> | null = null
  #again: boolean = false
  #isStopped: boolean = false
  #endTimer: () => void = () => {}
  #unlisten: () => void = () => {}

  constructor(deps: DelivererDeps) {
    const { settings, outbox } = deps
    this.#deps = deps
    this.#settings = settings
    this.#pulls = new PullQueues(deps, this.#receivers, this.#stopping)
    this.#upkeep = new Upkeep(deps, this.#receivers)
    this.use(settings)
    this.#unlisten = outbox.onWaiting(() => this.#wakeAll())
  }

  /** Goes on with these endpoints. What waits for others stays. */
  use(settings: WebhookSettings): void {
    this.#settings = settings
    const names = new Set(settings.endpoints.map(({ name }) => name))
    for (const name of this.#receivers.keys()) if (!names.has(name)) this.#receivers.delete(name)
    for (const endpoint of settings.endpoints) {
      const receiver = this.#receivers.get(endpoint.name)
      if (receiver === undefined) this.#receivers.set(endpoint.name, new Receiver(endpoint))
      else {
        receiver.endpoint = endpoint
        // Its settings may be what was wrong.
        receiver.pausedUntil = 0
      }
    }
    this.#pulls.use(settings)
    this.#wakeAll()
  }

  /** The queues of events that no outbox keeps. */
  get pulls(): PullQueues {
    return this.#pulls
  }

  /** Numbers for each endpoint. */
  figures(): readonly EndpointFigures[] {
    return [...this.#receivers.values()].map((receiver) => ({
      ...receiver.figures(),
      ...this.#pulls.figures(receiver.endpoint.name),
    }))
  }

  /**
   * Claims nothing more, lets requests under way end for so long, then ends them and gives their messages back. Never
   * rejects.
   */
  async stop(graceMs: number): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#unlisten()
    this.#endTimer()
    this.#upkeep.stop()
    const { timing } = this.#deps
    const endGrace = timing.after(graceMs, () => this.#stopping.stop())
    await this.#claiming
    await Promise.all([this.#underWay.ended(), this.#pulls.ended()])
    endGrace()
  }

  #wakeAll(): void {
    for (const receiver of this.#receivers.values()) receiver.mayHave = true
    this.#upkeep.queued()
    this.#wake()
  }

  #wake(): void {
    this.#again = true
    if (this.#claiming !== null || this.#isStopped) return
    this.#claiming = this.#claimAll().finally(() => {
      this.#claiming = null
      // A wake while the last step ended.
      if (this.#again) this.#wake()
    })
  }

  async #claimAll(): Promise<void> {
    while (this.#again && !this.#isStopped) {
      this.#again = false
      try {
        await this.#claimOnce()
      } catch (error) {
        const task = 'claim webhooks'
        this.#deps.onNotice({ kind: 'background-failure', task, error, retried: true })
        this.#again = false
        this.#wakeIn(storePauseMs)
        return
      }
    }
  }

  /** One round: the idle endpoints together, then each that is busy by itself. */
  async #claimOnce(): Promise<void> {
    this.#endTimer()
    const now = this.#deps.timing.now()
    const some = [...this.#receivers.values()].filter(({ mayHave }) => mayHave)
    const able = some
      .filter(({ pausedUntil }) => pausedUntil <= now)
      .filter(this.#underWay.mayBegin)
    const pauses = some.map(({ pausedUntil }) => pausedUntil - now).filter((ms) => ms > 0)
    const busy = able.filter(({ inFlight, isFailing }) => inFlight > 0 || isFailing)
    const idle = able.filter((receiver) => !busy.includes(receiver))
    const next: number[] = [...pauses]
    for (const group of [idle, ...busy.map((receiver) => [receiver])]) {
      const inMs = await this.#claimFor(group)
      if (inMs !== null) next.push(inMs)
    }
    if (next.length > 0 && !this.#again) this.#wakeIn(Math.min(...next))
  }

  /** Claims for some endpoints; in how many milliseconds it is worth doing so again, null for not before a wake. */
  async #claimFor(group: readonly Receiver[]): Promise<number | null> {
    const room = Math.max(...group.map((receiver) => this.#underWay.roomFor(receiver)))
    const free = group.reduce((sum, receiver) => sum + receiver.free, 0)
    const limit = Math.min(room, free)
    // What ends makes room, and wakes.
    if (limit <= 0 || this.#isStopped) return null
    for (const receiver of group) receiver.mayHave = false
    const longest = Math.max(...group.map(({ endpoint }) => endpoint.timeoutMs))
    const names = group.map(({ endpoint }) => endpoint.name)
    const { outbox } = this.#deps
    let claims: Awaited<ReturnType<Outbox['claim']>>
    try {
      claims = await outbox.claim(names, { limit, forMs: longest + claimMarginMs })
    } catch (error) {
      for (const receiver of group) receiver.mayHave = true
      throw error
    }
    const tooMany: OutboxEntry[] = []
    for (const entry of claims.entries) {
      const receiver = this.#receivers.get(entry.endpoint)
      if (receiver === undefined || !this.#underWay.mayBegin(receiver) || this.#isStopped) {
        tooMany.push(entry)
      } else this.#begin(receiver, entry)
    }
    if (tooMany.length > 0) await outbox.release(tooMany)
    const { nextInMs } = claims
    if (nextInMs === null && tooMany.length === 0) return null
    for (const receiver of group) receiver.mayHave = true
    if (nextInMs !== 0 && tooMany.length === 0) return nextInMs
    // The limit left some out: those with room are asked for again now, the others when a request ends.
    if (claims.entries.length === 0) return storePauseMs
    this.#again = true
    return null
  }

  #wakeIn(ms: number): void {
    this.#endTimer()
    if (this.#isStopped) return
    this.#endTimer = this.#deps.timing.after(Math.max(1, ms), () => {
      for (const receiver of this.#receivers.values()) receiver.mayHave = true
      this.#wake()
    })
  }

  #entryDeps(): EntryDeps {
    return {
      ...this.#deps,
      registry: this.#settings.registry,
      stop: this.#stopping,
      buried: () => this.#upkeep.queued(),
    }
  }

  #begin(receiver: Receiver, entry: OutboxEntry): void {
    const done = deliverEntry(receiver, entry, this.#entryDeps()).catch((error: unknown) => {
      // Its claim ends by itself, and then it is sent again.
      const task = 'note a webhook'
      this.#deps.onNotice({ kind: 'background-failure', task, error, retried: true })
    })
    this.#underWay.add(receiver, done, () => {
      receiver.mayHave = true
      this.#wake()
    })
  }
}
