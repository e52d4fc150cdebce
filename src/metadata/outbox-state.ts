import { callSafely } from '../oci/call-safely.ts'
import type { Effect } from './effects.ts'
import { EntryIds, idAfter } from './entry-ids.ts'
import { OutboxQueue, type QueuedEntry, type QueuedMessage } from './outbox-queue.ts'
import type { Trace } from './trace.ts'

type MessageEffect = Effect & { readonly kind: 'message' }

const encoder = new TextEncoder()
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ascii = /^[\u0000-\u007f]*$/

/** What waits to be delivered, and the dead letters. Changed by the state alone; claims are no part of it. */
export class OutboxState {
  readonly numbers: EntryIds = new EntryIds()
  readonly #entries: Map<string, QueuedEntry> = new Map()
  readonly #queues: Map<string, OutboxQueue> = new Map()
  #listeners: ReadonlyArray<() => void> = []
  #isNews = false

  get(id: string): QueuedEntry | undefined {
    return this.#entries.get(id)
  }

  queue(endpoint: string): OutboxQueue | undefined {
    return this.#queues.get(endpoint)
  }

  get queues(): IterableIterator<OutboxQueue> {
    return this.#queues.values()
  }

  /** Puts a message in, for each of its endpoints, unless it is there already: a later snapshot may have it. */
  add(effect: MessageEffect, trace: Trace | null): void {
    const { id, repository, queuedAt, endpoints, text } = effect
    const bytes = ascii.test(text) ? text.length : encoder.encode(text).byteLength
    const message = { repository, queuedAt, text, bytes }
    for (const [at, endpoint] of endpoints.entries()) {
      this.#addTo(idAfter(id, at), this.#queueOf(endpoint), message, trace)
    }
    if (trace !== null) this.#isNews = true
  }

  /** Takes an entry out, if it is there. */
  remove(id: string, trace: Trace | null): void {
    this.numbers.note(id)
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#takeOut(entry)
    trace?.undo(() => this.#putIn(entry))
  }

  /** Makes an entry that waits a dead letter. */
  bury({ id, tries, error }: Effect & { readonly kind: 'dead' }, trace: Trace | null): void {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.isDead) return
    const before = { tries: entry.tries, error: entry.error }
    entry.queue.take(entry)
    Object.assign(entry, { isDead: true, tries, error })
    entry.queue.put(entry)
    trace?.undo(() => {
      entry.queue.take(entry)
      Object.assign(entry, { isDead: false, ...before })
      entry.queue.put(entry)
    })
  }

  /** Calls back when messages came and are durable. What is returned ends that. */
  listen(callback: () => void): () => void {
    // An object of its own, so that the same function may listen twice.
    const listener = (): void => callback()
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener)
    }
  }

  /** Says that what came is durable. */
  announce(): void {
    if (!this.#isNews) return
    this.#isNews = false
    // A callback that throws harms nothing, and this store has no notices.
    for (const listener of this.#listeners) callSafely(listener, () => {})
  }

  #addTo(id: string, queue: OutboxQueue, message: QueuedMessage, trace: Trace | null): void {
    this.numbers.note(id)
    if (this.#entries.has(id)) return
    const fresh = { isDead: false, tries: 0, error: null, dueAt: 0 }
    const entry: QueuedEntry = {
      id,
      message,
      queue,
      ...fresh,
      lane: null,
      next: null,
      previous: null,
    }
    this.#putIn(entry)
    trace?.undo(() => this.#takeOut(entry))
  }

  #queueOf(endpoint: string): OutboxQueue {
    let queue = this.#queues.get(endpoint)
    if (queue === undefined) {
      queue = new OutboxQueue(endpoint)
      this.#queues.set(endpoint, queue)
    }
    return queue
  }

  #putIn(entry: QueuedEntry): void {
    this.#entries.set(entry.id, entry)
    entry.queue.put(entry)
  }

  #takeOut(entry: QueuedEntry): void {
    this.#entries.delete(entry.id)
    entry.queue.take(entry)
  }
}
