import type { StoreDamaged } from '../oci/store-damaged.ts'
import type { BlobRef } from './blob-store.ts'

/** Bytes of a file, in order, in pieces of any size. */
export type Chunks = AsyncIterable<Uint8Array>

/** One file of names a log found. */
export interface LogFile {
  /** For messages and for {@link LogChoice.damaged}: as an operator sees it. */
  readonly name: string
  readonly generation: number
  read(): Chunks
}

/** Up to where a journal is known to have been whole once. */
export interface LogSeal {
  readonly generation: number
  /** Its first so many bytes were durable; more may have come since. */
  readonly bytes: number
}

/** What a log found when it was opened. */
export interface LogContents {
  /** Newest first: the snapshot and, after it, the generation before. Empty with a new store. */
  readonly snapshots: readonly LogFile[]
  /** Oldest first, generations ascending. */
  readonly journals: readonly LogFile[]
  /** The last seal, which is kept apart from the journals; null where none was ever set. */
  readonly seal: LogSeal | null
}

/** What the metadata made of {@link LogContents}: which files count, and which are damaged. */
export interface LogChoice {
  /** The generation appends go on in: the newest journal's, or the snapshot's. */
  readonly generation: number
  /** Bytes of the newest journal that are whole; what is beyond is kept aside, then cut. */
  readonly journalBytes: number
  /** Names of damaged files, to be kept under another name and never overwritten. */
  readonly damaged: readonly string[]
  /**
   * Everything that the names stand for and whose bytes should be there: for a log with the bytes beside it, which may
   * look for them. Absent: it cannot.
   */
  readonly named?: () => Iterable<BlobRef>
  /** Whether the files are of format 1, at least in part, which set no seal. Default: false. */
  readonly isFormatOne?: boolean
}

/**
 * What the journalled metadata needs of a runtime: generations of one snapshot and one journal
 * each. The log knows files and syncs; what stands in them it does not read.
 *
 * Snapshot `g` holds everything journalled before journal `g` began, so the state is a snapshot and
 * every journal from its generation on. The generation before the newest snapshot is kept whole.
 *
 * A journal that lost its end looks like one that was never longer. So the log notes now and then, in
 * another place, how much of the newest journal is durable: the seal. It never says more than is.
 */
export interface MetadataLog {
  /**
   * Whether the files are a copy of another store's, which may have gone on since; known once they are adopted. Default:
   * they are not.
   */
  readonly isCopy?: boolean
  /** Notes that a copy is a store of its own from now on, and so `isCopy` no more when it is opened again. */
  keepCopy?(): Promise<void>
  /** Whether nothing is ever written to it: it was opened to be read. */
  readonly readOnly?: boolean
  /**
   * Reads what is there.
   *
   * @throws StoreDamaged when the store has lost its files: a marker without metadata, or a seal that
   *   cannot be read.
   */
  load(): Promise<LogContents>
  /** Finds what is there now, beside what is written, and changes nothing. @throws as {@link MetadataLog.load} */
  peek?(): Promise<LogContents>
  /**
   * Settles on a choice and seals what is chosen; appends and rotations may begin once it resolves.
   *
   * @throws StoreDamaged when bytes are not there that names stand for, in a store that was copied; nothing was changed.
   */
  adopt(choice: LogChoice): Promise<void>
  /**
   * Adds bytes to the journal; they outlive power loss when it resolves. One call at a time.
   *
   * @throws RegistryError `storageFull` when there is no room, `unavailable` when the log is out of
   *   reach: the journal is as it was before.
   * @throws RegistryError `storageReadOnly` when a sync failed: no later call can succeed.
   */
  append(bytes: Uint8Array): Promise<void>
  /**
   * Seals all that was appended. Never during an append or a rotation.
   *
   * @throws RegistryError `storageFull`, `unavailable`: the last seal still counts.
   * @throws RegistryError `storageReadOnly` when a sync failed: no later call can succeed.
   */
  seal(): Promise<void>
  /**
   * Begins the journal of the next generation, seals that it is there, and returns its number. Never
   * during an append.
   *
   * @throws RegistryError `storageFull`, `unavailable`: the journal before goes on.
   * @throws RegistryError `storageReadOnly` when a sync failed: no later call can succeed.
   */
  rotate(): Promise<number>
  /**
   * Writes the snapshot of `generation` and, once it is durable and read back, lets the generation
   * before the previous one go. Runs beside appends. When it throws, the older files still count.
   * The first line of `rows` is the beginning of a JSON object and holds `"generation":<number>`, by
   * which the log knows the file again.
   */
  replace(generation: number, rows: Chunks): Promise<void>
  /** Says more of damage that the metadata found in what was loaded, where the log knows more. */
  explain?(damage: StoreDamaged): Promise<StoreDamaged>
  /** Whether the log can be written now. @throws Error that says why not. */
  check?(): Promise<void>
  /** Releases what the log holds open; harmless when repeated. */
  close(): Promise<void>
}
