import type { Endpoint, WebhookSettings } from '../endpoint.ts'
import type { WebhookEvent } from '../webhook-event.ts'
import { attempt } from './attempt.ts'
import type { Send } from './send.ts'
import type { StopSignal } from './stop-signal.ts'
import type { Timing } from './timing.ts'

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
 * Events of pulls, which nothing keeps: they are sent at most once, one after the other for an endpoint. What finds no
 * room, or fails, is dropped and counted.
 */
export class PullQueues {
  readonly #deps: { readonly send: Send; readonly timing: Timing }
  readonly #stop: StopSignal
  readonly #queues: Map<string, Queue> = new Map()
  readonly #sending: Set<Promise<void>> = new Set()
  #registry: string = ''

  constructor(deps: { readonly send: Send; readonly timing: Timing }, stop: StopSignal) {
    this.#deps = deps
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
  }

  /** Has an event sent, if there is room for it. */
  add(name: string, event: WebhookEvent): void {
    const queue = this.#queues.get(name)
    if (queue === undefined || this.#stop.isStopped) return
    if (queue.events.length >= mostWaiting) {
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
    for (const queue of this.#queues.values()) queue.dropped += queue.events.splice(0).length
    await Promise.all(this.#sending)
  }

  #begin(): void {
    for (const queue of this.#queues.values()) {
      if (this.#sending.size >= mostAtOnce) return
      if (queue.isSending || queue.events.length === 0) continue
      queue.isSending = true
      const done = this.#sendNext(queue).finally(() => {
        queue.isSending = false
        this.#sending.delete(done)
        this.#begin()
      })
      this.#sending.add(done)
    }
  }

  async #sendNext(queue: Queue): Promise<void> {
    const event = queue.events.shift()
    if (event === undefined) return
    const { kind } = await attempt(queue.endpoint, event, {
      ...this.#deps,
      registry: this.#registry,
      stop: this.#stop,
    })
    if (kind !== 'delivered') queue.dropped += 1
  }
}
