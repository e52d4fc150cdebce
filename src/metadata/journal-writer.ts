import { Histogram } from '../oci/histogram.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { MetadataLog } from '../ports/metadata-log.ts'
import type { NoticeSink } from '../ports/notices.ts'
import { encodeFrame } from './journal.ts'

/** Where the newest journal ends when a {@link JournalWriter} takes over. */
export interface JournalPosition {
  /** Sequence of the last frame. */
  readonly sequence: number
  /** Its size, in bytes. */
  readonly bytes: number
  /** Whether it ends with a seal. */
  readonly sealed: boolean
}

/** Writes frames, one at a time, until a write fails in a way that leaves the disk in doubt. */
export class JournalWriter {
  readonly #log: MetadataLog
  readonly #onNotice: NoticeSink
  /** How long frames took to be durable, in seconds. */
  readonly syncs: Histogram = new Histogram()
  #sequence: number
  #bytes: number
  #sealed: boolean
  #written = 0
  #isFull = false
  /** When the first frame came that the log has not sealed; null when it has them all. */
  #unsealedSince: number | null = null
  #failure: RegistryError | null = null

  constructor(log: MetadataLog, from: JournalPosition, onNotice: NoticeSink) {
    if (log.readOnly === true) this.#failure = new RegistryError('storageReadOnly')
    this.#log = log
    this.#onNotice = onNotice
    this.#sequence = from.sequence
    this.#bytes = from.bytes
    this.#sealed = from.sealed
  }

  /** Sequence of the last frame that is durable. */
  get sequence(): number {
    return this.#sequence
  }

  /** Bytes written since this began. */
  get written(): number {
    return this.#written
  }

  /** Why nothing is written any more. */
  get failure(): RegistryError | null {
    return this.#failure
  }

  /** Whether there was no room for the last frame. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Whether there is something to be sealed. */
  get isOpen(): boolean {
    return (!this.#sealed && this.#bytes > 0) || this.#unsealedSince !== null
  }

  /** For how long there have been frames that the log has not sealed, in milliseconds. */
  get unsealedMs(): number {
    return this.#unsealedSince === null ? 0 : performance.now() - this.#unsealedSince
  }

  /**
   * Makes a frame durable; returns why it could not be: `storageFull` or `unavailable`, and the next
   * may go, or `storageReadOnly`, and none will.
   */
  async append(effects: readonly string[]): Promise<RegistryError | null> {
    if (this.#failure !== null) return this.#failure
    try {
      const frame = encodeFrame(this.#sequence + 1, effects)
      const began = performance.now()
      await this.#log.append(frame)
      this.syncs.addSince(began)
      this.#sequence += 1
      this.#bytes += frame.length
      this.#written += frame.length
      this.#sealed = effects.length === 0
      this.#unsealedSince ??= performance.now()
      this.#noteFull(false)
      return null
    } catch (error) {
      if (!isPassing(error)) return this.fail(error)
      if (error.kind === 'storageFull') this.#noteFull(true)
      return error
    }
  }

  /** Stops all writing, for this reason; once. */
  fail(error: unknown): RegistryError {
    if (this.#failure !== null) return this.#failure
    const isReadOnly = error instanceof RegistryError && error.kind === 'storageReadOnly'
    this.#failure = isReadOnly ? error : new RegistryError('storageReadOnly', { cause: error })
    this.#onNotice({ kind: 'store-read-only', error })
    return this.#failure
  }

  /** Seals what is not sealed, in the journal and beside it; what cannot be now is the next time. */
  async seal(): Promise<void> {
    if (!this.#sealed && this.#bytes > 0) await this.append([])
    await this.sealBeside()
  }

  /** Has the log note that what was appended is durable; while frames keep coming, that alone. */
  async sealBeside(): Promise<void> {
    if (this.#unsealedSince === null || this.#failure !== null) return
    this.#unsealedSince = performance.now()
    try {
      await this.#log.seal()
      this.#unsealedSince = null
    } catch (error) {
      if (!isPassing(error)) this.fail(error)
    }
  }

  /**
   * Ends the journal with a seal, even an empty one, so that its end can be told from a loss, and
   * begins the next.
   *
   * @returns the number of the generation that begins
   * @throws RegistryError `storageFull`, `storageReadOnly`; what the log throws.
   */
  async rotate(): Promise<number> {
    if (!this.#sealed) {
      const failure = await this.append([])
      if (failure !== null) throw failure
    }
    const generation = await this.#log.rotate()
    this.#bytes = 0
    this.#sealed = false
    this.#unsealedSince = null
    return generation
  }

  #noteFull(full: boolean): void {
    if (full === this.#isFull) return
    this.#isFull = full
    const condition = full
      ? { state: 'full' as const, reason: 'there is no room left' }
      : { state: 'ok' as const, reason: null }
    this.#onNotice({ kind: 'store-condition', part: 'metadata', ...condition, error: null })
  }
}

/** Whether an error leaves the journal as it was. */
function isPassing(error: unknown): error is RegistryError {
  return (
    error instanceof RegistryError && (error.kind === 'storageFull' || error.kind === 'unavailable')
  )
}
