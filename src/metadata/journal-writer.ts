import { RegistryError } from '../oci/registry-error.ts'
import type { EventSink } from '../ports/events.ts'
import type { MetadataLog } from '../ports/metadata-log.ts'
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
  readonly #events: EventSink
  #sequence: number
  #bytes: number
  #sealed: boolean
  #written = 0
  #failure: RegistryError | null = null

  /** @param readOnly whether it writes nothing from the start */
  constructor(
    log: MetadataLog,
    from: JournalPosition,
    events: EventSink,
    readOnly: boolean = false,
  ) {
    this.#log = log
    this.#events = events
    this.#sequence = from.sequence
    this.#bytes = from.bytes
    this.#sealed = from.sealed
    if (readOnly) this.#failure = new RegistryError('storageReadOnly')
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
      return null
    } catch (error) {
      if (error instanceof RegistryError && error.kind === 'storageFull') return error
      return this.fail(error)
    }
  }

  /** Stops all writing, for this reason; once. */
  fail(error: unknown): RegistryError {
    if (this.#failure !== null) return this.#failure
    const isReadOnly = error instanceof RegistryError && error.kind === 'storageReadOnly'
    this.#failure = isReadOnly ? error : new RegistryError('storageReadOnly', { cause: error })
    this.#events({ kind: 'store-read-only', error })
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
}
