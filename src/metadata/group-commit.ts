import type { EventSink } from '../ports/events.ts'
import type { MetadataLog } from '../ports/metadata-log.ts'
import { RegistryError } from '../spec/registry-error.ts'
import { Batch } from './batch.ts'
import { encodeFrame } from './journal.ts'
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

/** Where the journal stands when a {@link GroupCommit} takes over. */
export interface JournalPosition {
  readonly sequence: number
  /** Size of the newest journal, in bytes. */
  readonly bytes: number
  readonly sealed: boolean
}

/** What a {@link GroupCommit} needs beside the state and the log. */
export interface CommitOptions {
  readonly events: EventSink
  /** How long after the last append the journal is sealed, in milliseconds. */
  readonly sealAfterMs: number
  /** Told after every append. */
  appended(): void
}

/**
 * Makes changes durable, many at a time. While one batch is being written, changes wait; then all
 * that wait are evaluated, one after the other, and make the next batch. So between batches the
 * state is exactly what is durable: that is when readers who had to wait are served.
 */
export class GroupCommit {
  readonly #state: State
  readonly #log: MetadataLog
  readonly #options: CommitOptions
  #queue: Waiting[] = []
  #readers: Array<() => void> = []
  readonly #tasks: Array<() => Promise<void>> = []
  #draining = false
  #idle: Array<() => void> = []
  #sealTimer: ReturnType<typeof setTimeout> | null = null
  #sequence: number
  #bytes: number
  #sealed: boolean
  #inFlight = 0

  /** The batch that is in the state and not yet durable. */
  flight: Batch | null = null
  /** Why nothing is written any more. */
  failure: RegistryError | null = null
  /** How many batches were taken back. */
  undone = 0
  /** Bytes journalled since this began. */
  written = 0

  constructor(state: State, log: MetadataLog, from: JournalPosition, options: CommitOptions) {
    this.#state = state
    this.#log = log
    this.#options = options
    this.#sequence = from.sequence
    this.#bytes = from.bytes
    this.#sealed = from.sealed
  }

  /** Sequence of the last frame that is durable. */
  get sequence(): number {
    return this.#sequence
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
    if (this.failure !== null) return Promise.reject(this.failure)
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
    if (this.flight === null) return read()
    return new Promise((resolve) => {
      this.#readers.push(() => resolve(read()))
    })
  }

  /** Works on the log while nothing is being appended. */
  between<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => work().then(resolve, reject))
      this.#wake()
    })
  }

  /** Waits until all changes are settled. */
  idle(): Promise<void> {
    if (!this.#draining) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
    })
  }

  /**
   * Ends the journal with a seal and begins the next; only within {@link between}.
   *
   * @returns the number of the generation that begins
   * @throws RegistryError `storageFull`, `storageReadOnly`; what the log throws.
   */
  async rotate(): Promise<number> {
    if (!this.#sealed) await this.#seal()
    const generation = await this.#log.rotate()
    this.#bytes = 0
    this.#sealed = false
    return generation
  }

  /** Ends: all that waits is settled and sealed. No change may come after. */
  async end(): Promise<void> {
    if (this.#sealTimer !== null) clearTimeout(this.#sealTimer)
    await this.between(() => this.#sealIfNeeded())
    await this.idle()
    if (this.#sealTimer !== null) clearTimeout(this.#sealTimer)
  }

  #wake(): void {
    if (this.#draining) return
    this.#draining = true
    // Not at once, so that changes made in the same turn share a batch.
    queueMicrotask(() => void this.#drain())
  }

  async #drain(): Promise<void> {
    for (;;) {
      const task = this.#tasks.shift()
      if (task !== undefined) await task()
      else if (this.#queue.length > 0) await this.#flush()
      else break
    }
    this.#draining = false
    const idle = this.#idle
    this.#idle = []
    for (const wake of idle) wake()
    this.#sealLater()
  }

  async #flush(): Promise<void> {
    const batch = new Batch(this.#state)
    const done: Array<() => void> = []
    const taken = this.#evaluate(batch, done)
    if (batch.texts.length > 0) {
      this.flight = batch
      this.#inFlight = taken.length
      const failure = await this.#append(batch.texts)
      this.flight = null
      this.#inFlight = 0
      if (failure !== null) {
        this.undone += 1
        batch.rollback()
        for (const { reject } of taken) reject(failure)
        done.length = 0
      }
    }
    for (const resolve of done) resolve()
    const readers = this.#readers
    this.#readers = []
    for (const read of readers) read()
    if (this.failure !== null) this.#refuseAll(this.failure)
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

  /** Appends a frame; returns why it could not be. */
  async #append(effects: readonly string[]): Promise<RegistryError | null> {
    if (this.failure !== null) return this.failure
    try {
      const frame = encodeFrame(this.#sequence + 1, effects)
      await this.#log.append(frame)
      this.#sequence += 1
      this.#bytes += frame.length
      this.written += frame.length
      this.#sealed = effects.length === 0
    } catch (error) {
      if (error instanceof RegistryError && error.kind === 'storageFull') return error
      return this.fail(error)
    }
    if (!this.#sealed) this.#options.appended()
    return null
  }

  /** Stops all writing, for this reason; once. */
  fail(error: unknown): RegistryError {
    if (this.failure !== null) return this.failure
    const isReadOnly = error instanceof RegistryError && error.kind === 'storageReadOnly'
    this.failure = isReadOnly ? error : new RegistryError('storageReadOnly', { cause: error })
    this.#options.events({ kind: 'store-read-only', error })
    return this.failure
  }

  #refuseAll(error: RegistryError): void {
    const refused = this.#queue
    this.#queue = []
    for (const { reject } of refused) reject(error)
  }

  async #seal(): Promise<void> {
    const failure = await this.#append([])
    if (failure !== null) throw failure
  }

  /** What cannot be sealed now is sealed after the next append. */
  async #sealIfNeeded(): Promise<void> {
    if (!this.#sealed && this.#bytes > 0) await this.#append([])
  }

  #sealLater(): void {
    if (this.#sealed || this.#bytes === 0 || this.failure !== null) return
    if (this.#sealTimer !== null) clearTimeout(this.#sealTimer)
    this.#sealTimer = setTimeout(() => {
      this.#sealTimer = null
      void this.between(() => this.#sealIfNeeded())
    }, this.#options.sealAfterMs)
    // A process that has nothing else to do should not wait for a seal; not every runtime asks.
    const timer = this.#sealTimer as { unref?(): void }
    timer.unref?.()
  }
}
