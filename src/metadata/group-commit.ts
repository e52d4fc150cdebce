import { RegistryError } from '../oci/registry-error.ts'
import { Batch, type Moment } from './batch.ts'
import type { JournalWriter } from './journal-writer.ts'
import { nextTurn } from './next-turn.ts'
import type { State } from './state.ts'

/** A batch takes no more changes beyond this; in characters, as the next one is. */
const fullBatch = 1024 * 1024
/** A single change beyond this is refused: at three bytes a character it still fits a frame. */
const longestChange = 32 * 1024 * 1024

/** A change that waits for its turn. */
interface Waiting {
  /** Evaluates and applies it; returns what is to be done once it is durable. */
  run(batch: Batch): () => void
  reject(error: unknown): void
}

/** What a {@link GroupCommit} may be told. */
export interface CommitOptions {
  /**
   * How long after the last change the journal is sealed, and how long after the first it is sealed
   * beside while changes keep coming; in milliseconds.
   */
  readonly sealAfterMs: number
  /** When the next batch is made. */
  moment(): Moment
  /** Told after every batch that was journalled. */
  journalled(): void
}

/**
 * Makes changes durable, many at a time. While one batch is being written, changes wait; then all
 * that wait are evaluated, one after the other, and make the next batch. So between batches the
 * state is exactly what is durable: that is when readers that had to wait are served.
 */
export class GroupCommit {
  readonly #state: State
  readonly #writer: JournalWriter
  readonly #options: CommitOptions
  #queue: Waiting[] = []
  #readers: Array<() => void> = []
  readonly #tasks: Array<() => Promise<void>> = []
  #isDraining = false
  #idle: Array<() => void> = []
  #sealTimer: ReturnType<typeof setTimeout> | null = null
  #flight: Batch | null = null
  #inFlight = 0
  #undone = 0

  constructor(state: State, writer: JournalWriter, options: CommitOptions) {
    this.#state = state
    this.#writer = writer
    this.#options = options
  }

  /** The batch that is in the state and not yet durable. */
  get flight(): Batch | null {
    return this.#flight
  }

  moment(): Moment {
    return this.#options.moment()
  }

  /** How many batches were taken back. */
  get undone(): number {
    return this.#undone
  }

  /** How many changes are not yet durable. */
  get pending(): number {
    return this.#queue.length + this.#inFlight
  }

  /**
   * Evaluates a change in its turn; resolves once what it did, and what it saw, is durable.
   *
   * @throws RegistryError `storageFull`, `storageReadOnly`, `manifestTooLarge`; what it throws.
   */
  change<T>(evaluate: (batch: Batch) => T): Promise<T> {
    if (this.#writer.failure !== null) return Promise.reject(this.#writer.failure)
    return new Promise((resolve, reject) => {
      const run = (batch: Batch): (() => void) => {
        const result = evaluate(batch)
        return () => resolve(result)
      }
      this.#queue.push({ run, reject })
      this.#wake()
    })
  }

  /** Reads once the batch in flight is settled, before anything else changes. */
  afterFlight<T>(read: () => Promise<T>): Promise<T> {
    if (this.#flight === null) return read()
    return new Promise((resolve, reject) => {
      this.#readers.push(() => {
        try {
          resolve(read())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** Works on the journal while nothing is being appended. */
  between<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => work().then(resolve, reject))
      this.#wake()
    })
  }

  /** Does what a start left to be done beside requests. */
  begin(): void {
    if (this.#state.leftovers.isPending) this.#wake()
  }

  /** Waits until all changes are settled. */
  idle(): Promise<void> {
    if (!this.#isDraining) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
    })
  }

  /** Settles and seals all that waits. No change may come after. */
  async end(): Promise<void> {
    await this.between(() => this.#writer.seal())
    await this.idle()
    this.#stopTimer()
  }

  #wake(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    // Not at once, so that changes made in the same turn share a batch.
    queueMicrotask(() => void this.#drain())
  }

  async #drain(): Promise<void> {
    for (;;) {
      const task = this.#tasks.shift()
      if (task !== undefined) await task()
      else if (this.#queue.length > 0) await this.#flush()
      else if (this.#state.leftovers.isPending) await nextTurn()
      else break
      this.#state.leftovers.step()
      if (this.#writer.unsealedMs > this.#options.sealAfterMs) await this.#writer.sealBeside()
    }
    this.#isDraining = false
    this.#sealLater()
    const idle = this.#idle
    this.#idle = []
    for (const wake of idle) wake()
  }

  async #flush(): Promise<void> {
    const batch = new Batch(this.#state, this.#options.moment())
    const done: Array<() => void> = []
    const taken = this.#evaluate(batch, done)
    if (batch.texts.length > 0) {
      this.#flight = batch
      this.#inFlight = taken.length
      const failure = await this.#writer.append(batch.texts)
      this.#flight = null
      this.#inFlight = 0
      if (failure !== null) {
        this.#undone += 1
        batch.rollback()
        for (const { reject } of taken) reject(failure)
        done.length = 0
      }
    }
    for (const resolve of done) resolve()
    const readers = this.#readers
    this.#readers = []
    for (const read of readers) read()
    this.#state.outbox.announce()
    if (batch.texts.length > 0) this.#options.journalled()
    if (this.#writer.failure !== null) this.#refuseAll(this.#writer.failure)
  }

  /** Fills a batch with what waits; returns whose changes went in. */
  #evaluate(batch: Batch, done: Array<() => void>): readonly Waiting[] {
    const taken: Waiting[] = []
    let next = 0
    for (; next < this.#queue.length && batch.bytes < fullBatch; next += 1) {
      const waiting = this.#queue[next] as Waiting
      const mark = batch.mark()
      try {
        const settle = waiting.run(batch)
        if (batch.bytes - mark.bytes > longestChange) throw new RegistryError('manifestTooLarge')
        done.push(settle)
        taken.push(waiting)
      } catch (error) {
        batch.rollback(mark)
        waiting.reject(error)
      }
    }
    this.#queue = this.#queue.slice(next)
    return taken
  }

  #refuseAll(error: RegistryError): void {
    const refused = this.#queue
    this.#queue = []
    for (const { reject } of refused) reject(error)
  }

  #sealLater(): void {
    this.#stopTimer()
    if (!this.#writer.isOpen || this.#writer.failure !== null) return
    this.#sealTimer = setTimeout(() => {
      this.#sealTimer = null
      void this.between(() => this.#writer.seal())
    }, this.#options.sealAfterMs)
    // A process that has nothing else to do should not wait for a seal; not every runtime asks.
    const timer = this.#sealTimer as { unref?(): void }
    timer.unref?.()
  }

  #stopTimer(): void {
    if (this.#sealTimer !== null) clearTimeout(this.#sealTimer)
    this.#sealTimer = null
  }
}
