import type { Notice, RegistryStores, RepositoryName } from '../../src/index.ts'
import { type BlobRef, memoryStores } from '../../src/kit.ts'
import {
  type Answer,
  createWebhooks,
  type EndpointDocument,
  type OutgoingRequest,
  type Send,
  type Timing,
  type Webhooks,
} from '../../src/webhooks/index.ts'
import { messagesOf } from '../../src/webhooks/messages.ts'
import { digest, pushOf } from './events.ts'

/** Time that passes when a test says so, and no chance. */
export class TestTiming implements Timing {
  #now: number = 1_700_000_000_000
  readonly #timers: Set<{ readonly at: number; readonly callback: () => void }> = new Set()

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  random(): number {
    return 1
  }

  /** Lets time pass from timer to timer, each with all that follows from it. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settled()
      const [next] = [...this.#timers].sort((one, other) => one.at - other.at)
      if (next === undefined || next.at > end) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
    }
    this.#now = end
    await settled()
  }
}

/** Lets everything happen that waits for no timer and no socket: the turns of an event loop. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((done) => setImmediate(done))
}

/** A request that a receiver got. */
export interface Delivered {
  readonly at: number
  readonly endpoint: string
  readonly repository: string
  readonly tag: string
  readonly id: string
  readonly request: OutgoingRequest
}

/** Webhooks over stores in memory, with receivers that a test plays. */
export interface World {
  readonly timing: TestTiming
  readonly stores: RegistryStores
  readonly webhooks: Webhooks
  /** What they send by. */
  readonly send: Send
  readonly notices: Notice[]
  /** Every request, in the order in which they began. */
  readonly requests: Delivered[]
  /** Requests under way, and the most there were. */
  underWay(): { readonly now: number; readonly most: number }
  /** Queues pushes of these tags, for all endpoints that hear of them. */
  push(repository: string, ...tags: readonly string[]): Promise<void>
}

/** Makes a world. @param answer what a receiver answers; default: 200 */
export function makeWorld(
  endpoints: readonly (Partial<EndpointDocument> & { readonly name: string })[],
  answer: (delivered: Delivered) => Promise<Answer> | Answer = () => ok,
): World {
  const timing = new TestTiming()
  const stores = memoryStores({ clock: () => timing.now() })
  const notices: Notice[] = []
  const requests: Delivered[] = []
  const count = { now: 0, most: 0 }
  const send: Send = async (request) => {
    const { data, id } = JSON.parse(request.body)
    const [endpoint = ''] = new URL(request.url).hostname.split('.')
    const { repository, tag } = data
    const delivered = { at: timing.now(), endpoint, repository, tag, id, request }
    requests.push(delivered)
    count.now += 1
    count.most = Math.max(count.most, count.now)
    try {
      return await answer(delivered)
    } finally {
      count.now -= 1
    }
  }
  const webhooks = createWebhooks(
    {
      registry: 'registry.example.com',
      endpoints: endpoints.map((each) => ({
        url: `https://${each.name}.example.com/`,
        format: 'cloudevents',
        ...each,
      })),
    },
    {
      timing,
      onNotice: (notice) => notices.push(notice),
      send,
    },
  )
  const blob = { digest, size: 1, key: 'key' } as BlobRef
  return {
    timing,
    stores,
    webhooks,
    send,
    notices,
    requests,
    underWay: () => count,
    async push(repository, ...tags) {
      const name = repository as RepositoryName
      const event = { ...pushOf(...tags), repository: name }
      await stores.metadata.linkBlob(name, blob, 1000, {
        tell: () => messagesOf(webhooks.settings.endpoints, event),
      })
    },
  }
}

/** Answers of receivers. */
export const ok: Answer = { status: 200, retryAfterMs: null }
export const failure: Answer = { status: 503, retryAfterMs: null }
