import type { NoticeSink } from '../../ports/notices.ts'
import type { Endpoint, WebhookSettings } from '../endpoint.ts'
import type { WebhookEvent } from '../webhook-event.ts'
import { attempt } from './attempt.ts'
import type { Receiver } from './receiver.ts'
import { remember } from './remember.ts'
import type { Send } from './send.ts'
import type { StopSignal } from './stop-signal.ts'
import type { Timing } from './timing.ts'

/** What they work with. */
export interface PullDeps {
  readonly send: Send
  readonly timing: Timing
  readonly onNotice: NoticeSink
}

/** Events that wait for one endpoint; more are dropped. */
const mostWaiting = 1000
/** Endpoints that are sent to at once. */
const mostAtOnce = 8

interface Queue {
  endpoint: Endpoint
  readonly events: WebhookEvent[]
  dropped: number
  isSending: boolean
}

/**
 * Events of pulls, which nothing keeps: they are sent at most once, one after the other for an endpoint. An event that
 * finds the queue full, or whose request fails, is dropped and counted. An endpoint that fails gets the same pauses as
 * with messages.
 */
export class PullQueues {
  readonly #deps: PullDeps
  readonly #receivers: ReadonlyMap<string, Receiver>
  readonly #stop: StopSignal
  readonly #queues: Map<string, Queue> = new Map()
  readonly #sending: Set<Promise<void>> = new Set()
  #registry: string = ''
  #isEnding: boolean = false
  #wakesAt: number = Infinity
  #endTimer: () => void = () => {}

  constructor(deps: PullDeps, receivers: ReadonlyMap<string, Receiver>, stop: StopSignal) {
    this.#deps = deps
    this.#receivers = receivers
    this.#stop = stop
  }

  /** Goes on with these endpoints. */
  use({ registry, endpoints }: WebhookSettings): void {
    this.#registry = registry
    const names = new Set(endpoints.map(({ name }) => name))
    for (const name of this.#queues.keys()) if (!names.has(name)) this.#queues.delete(name)
    for (const endpoint of endpoints) {
      const queue = this.#queues.get(endpoint.name)
      if (queue !== undefined) queue.endpoint = endpoint
      else {
        this.#queues.set(endpoint.name, { endpoint, events: [], dropped: 0, isSending: false })
      }
    }
    // A pause may be over.
    this.#begin()
  }

  /** Has an event sent, if there is room for it. */
  add(name: string, event: WebhookEvent): void {
    const queue = this.#queues.get(name)
    if (queue === undefined) return
    if (this.#isEnding || queue.events.length >= mostWaiting) {
      queue.dropped += 1
      return
    }
    queue.events.push(event)
    this.#begin()
  }

  /** What waits, and what was dropped. */
  figures(name: string): { readonly pullsWaiting: number; readonly pullsDropped: number } {
    const queue = this.#queues.get(name)
    return { pullsWaiting: queue?.events.length ?? 0, pullsDropped: queue?.dropped ?? 0 }
  }

  /** Resolves once nothing is sent any more; drops what waits. */
  async ended(): Promise<void> {
    this.#isEnding = true
    this.#endTimer()
    for (const queue of this.#queues.values()) queue.dropped += queue.events.splice(0).length
    await Promise.all(this.#sending)
  }

  #begin(): void {
    for (const [name, queue] of this.#queues) {
      if (this.#sending.size >= mostAtOnce) return
      const receiver = this.#receivers.get(name)
      if (queue.isSending || queue.events.length === 0 || receiver === undefined) continue
      if (receiver.pausedUntil > this.#deps.timing.now()) {
        this.#beginAt(receiver.pausedUntil)
        continue
      }
      queue.isSending = true
      const done = this.#sendNext(queue, receiver).finally(() => {
        queue.isSending = false
        this.#sending.delete(done)
        this.#moveToEnd(name, queue)
        this.#begin()
      })
      this.#sending.add(done)
    }
  }

  /** The others come first now. */
  #moveToEnd(name: string, queue: Queue): void {
    if (this.#queues.get(name) !== queue) return
    this.#queues.delete(name)
    this.#queues.set(name, queue)
  }

  #beginAt(time: number): void {
    if (this.#isEnding || this.#wakesAt <= time) return
    this.#endTimer()
    this.#wakesAt = time
    const { timing } = this.#deps
    this.#endTimer = timing.after(time - timing.now(), () => {
      this.#wakesAt = Infinity
      this.#begin()
    })
  }

  async #sendNext(queue: Queue, receiver: Receiver): Promise<void> {
    const event = queue.events.shift()
    if (event === undefined) return
    const verdict = await attempt(queue.endpoint, event, {
      ...this.#deps,
      registry: this.#registry,
      stop: this.#stop,
    })
    if (verdict.kind !== 'delivered') queue.dropped += 1
    if (verdict.kind === 'delivered' || !this.#stop.isStopped) {
      remember(receiver, verdict, this.#deps)
    }
  }
}
