import type { RegistryError } from '../oci/registry-error.ts'
import type { EventSink } from '../ports/events.ts'
import type { MetadataLog } from '../ports/metadata-log.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import { Batch } from './batch.ts'
import { Compaction, type CompactionDeps } from './compaction.ts'
import { GroupCommit } from './group-commit.ts'
import { JournalWriter } from './journal-writer.ts'
import { type Commit, MemoryMetadata } from './memory-metadata.ts'
import { recover } from './recovery.ts'
import { State } from './state.ts'

/** What {@link openMetadata} needs, and may be told. */
export interface JournalledOptions {
  readonly log: MetadataLog
  /** How long after a start every blob stays uncollected, in milliseconds: leases are not kept. */
  readonly leaseMs: number
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number
  /** Told of damage, failures in the background, and the end of writing. Default: nobody. */
  readonly events?: EventSink
  /** Take no changes, and write nothing: for a log that cannot be written. Default: false. */
  readonly readOnly?: boolean
  /** A journal is compacted beyond this, and beyond half the snapshot; in bytes. Default: 16 MiB. */
  readonly compactBytes?: number
  /** How long after the last change the journal is sealed, in milliseconds. Default: 1000. */
  readonly sealAfterMs?: number
}

/** How a journalled store is. */
export interface MetadataStatus {
  /** `read-only` once a sync has failed, until the next start, and where nothing may be written. */
  readonly state: 'ok' | 'read-only'
  /** Why it is read-only. */
  readonly error: RegistryError | null
  /** Changes that are not yet durable. */
  readonly pending: number
  /** Number of the last frame that is durable. */
  readonly sequence: number
  /** Size of the journals since the last snapshot, in bytes. */
  readonly journalBytes: number
  /** Size of the last snapshot, in bytes; 0 with none. */
  readonly snapshotBytes: number
  readonly repositories: number
  /** Blobs and manifests whose bytes are held, or wait to be deleted. */
  readonly blobs: number
}

/** A {@link MetadataStore} over a {@link MetadataLog}. */
export interface JournalledMetadata extends MetadataStore {
  status(): MetadataStatus
  /** Writes a snapshot now. Never rejects: a failure is an event, and is made up for later. */
  compact(): Promise<void>
}

const mib = 1024 * 1024

/**
 * Opens the names in a log, which from then on is the store's own, to be closed with it.
 *
 * @throws StoreDamaged when something acknowledged would be forgotten; the log is then closed.
 */
export async function openMetadata(options: JournalledOptions): Promise<JournalledMetadata> {
  const { log, events = () => {}, clock = Date.now, compactBytes = 16 * mib } = options
  try {
    const recovered = await recover(await log.load(), clock() + options.leaseMs)
    const { state, choice, sealed, notes } = recovered
    await log.adopt(choice)
    for (const note of notes) events({ kind: 'store-recovered', ...note })

    const position = { sequence: recovered.sequence, bytes: choice.journalBytes, sealed }
    const writer = new JournalWriter(log, position, events, options.readOnly)
    const commit = new GroupCommit(state, writer, {
      sealAfterMs: options.sealAfterMs ?? 1000,
      journalled: () => compaction.startIfDue(),
    })
    const parts = { state, log, writer, commit }
    const { snapshotBytes, journalBytes } = recovered
    const sizes = { snapshotBytes, journalBytes }
    const compaction = new Compaction(parts, { events, compactBytes, ...sizes })
    if (writer.failure !== null) return new JournalledNames(parts, compaction)
    // A store that lost its newest snapshot is one fault from losing more.
    if (choice.damaged.length > 0) void compaction.run()
    else compaction.startIfDue()
    return new JournalledNames(parts, compaction)
  } catch (error) {
    await log.close().catch(() => {})
    throw error
  }
}

/** MemoryMetadata that live as long as the process. */
export function memoryMetadata(): MetadataStore {
  const state = new State(0)
  return new MemoryMetadata(state, memoryCommit(state))
}

class JournalledNames extends MemoryMetadata implements JournalledMetadata {
  readonly #parts: CompactionDeps
  readonly #compaction: Compaction

  constructor(parts: CompactionDeps, compaction: Compaction) {
    super(parts.state, journalledCommit(parts, compaction))
    this.#parts = parts
    this.#compaction = compaction
  }

  status(): MetadataStatus {
    const { state, writer, commit } = this.#parts
    const { failure, sequence } = writer
    const { journalBytes, snapshotBytes } = this.#compaction
    return {
      state: failure === null ? 'ok' : 'read-only',
      error: failure,
      pending: commit.pending,
      sequence,
      journalBytes,
      snapshotBytes,
      repositories: state.repositories.size,
      blobs: state.holdings.size,
    }
  }

  compact(): Promise<void> {
    return this.#compaction.run()
  }
}

function journalledCommit(parts: CompactionDeps, compaction: Compaction): Commit {
  const { log, writer, commit } = parts
  return {
    get flight() {
      return commit.flight
    },
    get failure() {
      return writer.failure
    },
    change: (evaluate) => commit.change(evaluate),
    afterFlight: (read) => commit.afterFlight(read),
    async close() {
      await commit.idle()
      await compaction.idle()
      if (writer.failure === null && compaction.journalBytes > 0) await compaction.run()
      await commit.end()
      await log.close()
    },
  }
}

/** Where nothing has to be made durable, a change is done when it is made. */
function memoryCommit(state: State): Commit {
  return {
    flight: null,
    failure: null,
    change(evaluate) {
      const batch = new Batch(state)
      try {
        return Promise.resolve(evaluate(batch))
      } catch (error) {
        batch.rollback()
        return Promise.reject(error)
      }
    },
    afterFlight: (read) => read(),
    close: () => Promise.resolve(),
  }
}
