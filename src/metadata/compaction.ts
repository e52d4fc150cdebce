import { Histogram, longBounds } from '../oci/histogram.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Chunks, MetadataLog } from '../ports/metadata-log.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { GroupCommit } from './group-commit.ts'
import type { JournalWriter } from './journal-writer.ts'
import { paced } from './paced.ts'
import type { SnapshotHeader } from './snapshot.ts'
import { writeSnapshot } from './snapshot-writer.ts'
import type { State } from './state.ts'

/** What a {@link Compaction} works on. */
export interface CompactionDeps {
  readonly state: State
  readonly log: MetadataLog
  readonly writer: JournalWriter
  readonly commit: GroupCommit
}

/** Where a {@link Compaction} takes over, and when it is due. */
export interface CompactionOptions {
  readonly onNotice: NoticeSink
  /** A journal beyond this, and beyond half the snapshot, is compacted; in bytes. */
  readonly compactBytes: number
  /** Size of the last snapshot, in bytes. */
  readonly snapshotBytes: number
  /** Size of the journals since, in bytes. */
  readonly journalBytes: number
}

/** What a snapshot begins with. */
interface Begun extends SnapshotHeader {
  /** How many batches had been taken back. */
  readonly undone: number
  /** How many repositories had been brought back. */
  readonly restorations: number
}

/** Replaces journals by snapshots, beside everything else. */
export class Compaction {
  readonly #state: State
  readonly #log: MetadataLog
  readonly #writer: JournalWriter
  readonly #commit: GroupCommit
  readonly #options: CompactionOptions
  /** How long snapshots took, in seconds. */
  readonly snapshots: Histogram = new Histogram(longBounds)
  failedSnapshots = 0
  #running: Promise<void> | null = null
  #snapshotBytes: number
  /** What of `writer.written` the snapshot has; negative for journals of an earlier process. */
  #compacted: number
  /** After a failure, how far the journals have to grow before it is tried again. */
  #retryAt = 0
  /** Whether something waits until it is over. */
  #isAwaited = false

  constructor(deps: CompactionDeps, options: CompactionOptions) {
    this.#state = deps.state
    this.#log = deps.log
    this.#writer = deps.writer
    this.#commit = deps.commit
    this.#options = options
    this.#snapshotBytes = options.snapshotBytes
    this.#compacted = -options.journalBytes
  }

  /** Size of the journals since the last snapshot, in bytes. */
  get journalBytes(): number {
    return this.#writer.written - this.#compacted
  }

  /** Size of the last snapshot, in bytes; 0 with none. */
  get snapshotBytes(): number {
    return this.#snapshotBytes
  }

  /** Starts one if it is due. */
  startIfDue(): void {
    if (this.#writer.failure !== null || this.#running !== null) return
    if (this.journalBytes > Math.max(this.#dueBytes, this.#retryAt)) void this.run()
  }

  /**
   * Compacts now, or waits for the compaction under way; failures are notices. Never rejects.
   *
   * @param last whether there will be no other turn
   */
  run(last: boolean = false): Promise<void> {
    if (last) this.#isAwaited = true
    this.#running ??= this.#compact(last).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Waits for the compaction under way, if any, and hurries it. */
  idle(): Promise<void> {
    this.#isAwaited = true
    return this.#running ?? Promise.resolve()
  }

  /** How far journals may grow before they are compacted, in bytes. */
  get #dueBytes(): number {
    return Math.max(this.#options.compactBytes, this.#snapshotBytes / 2)
  }

  async #compact(last: boolean): Promise<void> {
    const writer = this.#writer
    const began = performance.now()
    try {
      const { written, bytes } = await this.#write()
      this.snapshots.addSince(began)
      this.#snapshotBytes = bytes
      this.#compacted = written
      this.#retryAt = 0
    } catch (error) {
      this.failedSnapshots += 1
      if (error instanceof RegistryError && error.kind === 'storageReadOnly') writer.fail(error)
      this.#retryAt = this.journalBytes + this.#options.compactBytes / 16
      const task = 'compacting the journal'
      const retried = !last && writer.failure === null
      this.#options.onNotice({ kind: 'background-failure', task, error, retried })
    }
  }

  /** Begins a generation and writes its snapshot; once more where a repository was brought back meanwhile. */
  async #write(): Promise<{ readonly written: number; readonly bytes: number }> {
    const writer = this.#writer
    const commit = this.#commit
    for (;;) {
      const begun = await commit.between(async () => {
        const generation = await writer.rotate()
        const { sequence, written } = writer
        const { restorations } = this.#state
        return { generation, sequence, written, restorations, undone: commit.undone }
      })
      try {
        return { written: begun.written, bytes: await this.#replace(begun) }
      } catch (error) {
        if (this.#state.restorations === begun.restorations || writer.failure !== null) throw error
      }
    }
  }

  /** Writes the snapshot; returns its size in bytes. */
  async #replace({ generation, sequence, restorations, undone }: Begun): Promise<number> {
    const settled = async (): Promise<number> => {
      const sequence = await this.#commit.afterFlight(async () => this.#writer.sequence)
      // What was taken back may have been written already, and no journal would put that right.
      if (this.#commit.undone !== undone) {
        throw new Error('a change was taken back while the snapshot was being written')
      }
      // The snapshot may have it neither in the trash nor under its name.
      if (this.#state.restorations !== restorations) {
        throw new Error('a repository was brought back while the snapshot was being written')
      }
      return sequence
    }
    let bytes = 0
    const begun = this.#writer.written
    // Changes that come faster than it is written must not make its journal ever longer.
    const isUrgent = (): boolean => this.#isAwaited || this.#writer.written - begun > this.#dueBytes
    const rows = async function* (chunks: Chunks): Chunks & AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        bytes += chunk.length
        yield chunk
      }
    }
    const now = this.#commit.moment().now
    const snapshot = writeSnapshot(this.#state, { generation, sequence }, now, settled)
    await this.#log.replace(generation, rows(paced(snapshot, isUrgent)))
    return bytes
  }
}
