import { RegistryError } from '../oci/registry-error.ts'
import type { MetadataLog } from '../ports/metadata-log.ts'
import type { NoticeSink } from '../ports/notices.ts'
import { encodeFrame } from './journal.ts'

/** Where the newest journal stands when a {@link JournalWriter} takes over. */
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
  #sequence: number
  #bytes: number
  #sealed: boolean
  #written = 0
  #isFull = false
  #failure: RegistryError | null = null

  constructor(log: MetadataLog, from: JournalPosition, onNotice: NoticeSink) {
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

  /** Whether the journal has frames after its last seal. */
  get isOpen(): boolean {
    return !this.#sealed && this.#bytes > 0
  }

  /**
   * Makes a frame durable; returns why it could not be: `storageFull`, and the next may go, or
   * `storageReadOnly`, and none will.
   */
  async append(effects: readonly string[]): Promise<RegistryError | null> {
    if (this.#failure !== null) return this.#failure
    try {
      const frame = encodeFrame(this.#sequence + 1, effects)
      await this.#log.append(frame)
      this.#sequence += 1
      this.#bytes += frame.length
      this.#written += frame.length
      this.#sealed = effects.length === 0
      this.#noteFull(false)
      return null
    } catch (error) {
      if (!(error instanceof RegistryError && error.kind === 'storageFull')) return this.fail(error)
      this.#noteFull(true)
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

  /** Seals what is not sealed; what cannot be now is with the next seal. */
  async seal(): Promise<void> {
    if (this.isOpen) await this.append([])
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
