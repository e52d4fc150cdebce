import { callSafely } from '../oci/call-safely.ts'
import { steadyClock } from '../oci/steady-clock.ts'
import { StoreDamaged } from '../oci/store-damaged.ts'
import type { MetadataFigures } from '../ports/figures.ts'
import type { MetadataLog } from '../ports/metadata-log.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import type { DamagedFile, InspectOptions } from '../ports/name-files.ts'
import type { NoticeSink } from '../ports/notices.ts'
import { Batch } from './batch.ts'
import { Compaction, type CompactionDeps } from './compaction.ts'
import { journalledFigures } from './figures.ts'
import { GroupCommit } from './group-commit.ts'
import { holdBack } from './held-back.ts'
import { inspectLog } from './inspect-log.ts'
import { JournalWriter } from './journal-writer.ts'
import { type Clocks, LeaseClock } from './lease-clock.ts'
import { MemoryMetadata } from './memory-metadata.ts'
import type { Commit } from './metadata-reads.ts'
import type { MetadataStatus } from './metadata-status.ts'
import { nextTurn } from './next-turn.ts'
import { recover } from './recovery.ts'
import { State } from './state.ts'

/** Settings of {@link memoryMetadata}. */
export interface MemoryMetadataOptions extends Clocks {
  /**
   * How long content is kept that a manifest named which is recorded again without it, in milliseconds.
   * Default: 24 hours.
   */
  readonly leaseMs?: number
}

/** What {@link openMetadata} needs, and may be told. */
export interface JournalledOptions extends MemoryMetadataOptions {
  readonly log: MetadataLog
  /** Told of damage, failures in the background, a full disk and the end of writing. */
  readonly onNotice?: NoticeSink
  /** A journal is compacted beyond this, and beyond half the snapshot; in bytes. Default: 16 MiB. */
  readonly compactBytes?: number
  /** How long after the last change the journal is sealed, in milliseconds. Default: 1000. */
  readonly sealAfterMs?: number
}

/** A {@link MetadataStore} over a {@link MetadataLog}. */
export interface JournalledMetadata extends MetadataStore {
  status(): MetadataStatus
  /** Writes a snapshot now. Never rejects: a failure is a notice, and is made up for later. */
  compact(): Promise<void>
}

const mib = 1024 * 1024
const defaultLeaseMs = 24 * 60 * 60 * 1000

/**
 * Opens the metadata in a log, which from then on is the store's own, to be closed with it.
 *
 * @throws StoreDamaged when something acknowledged would be forgotten; the log is then closed.
 */
export async function openMetadata(options: JournalledOptions): Promise<JournalledMetadata> {
  const { log, compactBytes = 16 * mib, leaseMs = defaultLeaseMs } = options
  const { clock = steadyClock(), elapsed = () => performance.now() } = options
  const onNotice = harmless(options.onNotice)
  try {
    const defaults = { time: Math.floor(clock()), keepUntil: leaseMs }
    const recovered = await recover(await log.load(), defaults)
    const { state, choice, sealed, notes } = recovered
    await log.adopt(choice)
    for (const note of notes) onNotice({ kind: 'store-recovered', ...note })

    const position = { sequence: recovered.sequence, bytes: choice.journalBytes, sealed }
    const writer = new JournalWriter(log, position, onNotice)
    const leases = new LeaseClock(state.now, clock, elapsed)
    const commit = new GroupCommit(state, writer, {
      sealAfterMs: options.sealAfterMs ?? 1000,
      journalled: () => compaction.startIfDue(),
      moment: () => leases.moment(),
    })
    commit.begin()
    const deps = { state, log, writer, commit }
    const { snapshotBytes, journalBytes } = recovered
    const sizes = { snapshotBytes, journalBytes }
    const compaction = new Compaction(deps, { onNotice, compactBytes, ...sizes })
    if (log.isCopy === true && writer.failure === null) await holdBack(deps, onNotice)
    // A store that lost its newest snapshot is one fault from losing more; one of an older format
    // has times and leases that only a snapshot fixes.
    const isUrgent = choice.damaged.length > 0 || recovered.wasFormatOne
    if (isUrgent && writer.failure === null) void compaction.run()
    else compaction.startIfDue()
    return new JournalledStore(deps, compaction, leaseMs)
  } catch (error) {
    const told = error instanceof StoreDamaged ? ((await log.explain?.(error)) ?? error) : error
    await log.close().catch(() => {})
    throw told
  }
}

/** Metadata that live as long as the process. */
export function memoryMetadata(options: MemoryMetadataOptions = {}): MetadataStore {
  const { clock = steadyClock(), elapsed = () => performance.now() } = options
  const state = new State()
  const commit = memoryCommit(state, new LeaseClock(0, clock, elapsed))
  return new MemoryMetadata(state, commit, options.leaseMs ?? defaultLeaseMs)
}

class JournalledStore extends MemoryMetadata implements JournalledMetadata {
  readonly #deps: CompactionDeps
  readonly #compaction: Compaction

  constructor(deps: CompactionDeps, compaction: Compaction, leaseMs: number) {
    super(deps.state, journalledCommit(deps, compaction), leaseMs)
    this.#deps = deps
    this.#compaction = compaction
  }

  status(): MetadataStatus {
    const { state, writer, commit } = this.#deps
    const { failure, sequence } = writer
    const { journalBytes, snapshotBytes } = this.#compaction
    return {
      state: failure !== null ? 'read-only' : writer.isFull ? 'full' : 'ok',
      error: failure,
      pending: commit.pending,
      sequence,
      openMs: commit.moment().now,
      journalBytes,
      snapshotBytes,
      repositories: state.repositories.size,
      blobs: state.holdings.size,
      condemned: state.holdings.condemned.size,
      missing: state.holdings.missing.size,
    }
  }

  override figures(): MetadataFigures {
    return journalledFigures(this.#deps, this.#compaction)
  }

  compact(): Promise<void> {
    return this.#compaction.run()
  }

  async inspectFiles({ repairs, signal }: InspectOptions): Promise<readonly DamagedFile[]> {
    const { log, writer } = this.#deps
    const inspect = (): Promise<readonly StoreDamaged[]> =>
      inspectLog({ log, signal, sequence: () => writer.sequence })
    const found = await inspect()
    let left = found
    // The first pushes a damaged snapshot to the second place, and the next one out of it.
    for (let times = 0; times < 2 && left.length > 0; times += 1) {
      if (!repairs || log.readOnly === true || writer.failure !== null) break
      await this.compact()
      left = await inspect()
    }
    const isLeft = (file: string): boolean => left.some((each) => each.file === file)
    return found.map(({ file, problem }) => ({ file, problem, isRepaired: !isLeft(file) }))
  }
}

function journalledCommit(deps: CompactionDeps, compaction: Compaction): Commit {
  const { log, writer, commit } = deps
  return {
    get flight() {
      return commit.flight
    },
    get failure() {
      return writer.failure
    },
    moment: () => commit.moment(),
    change: (evaluate) => commit.change(evaluate),
    afterFlight: (read) => commit.afterFlight(read),
    async check() {
      if (writer.failure !== null && log.readOnly !== true) throw writer.failure
      await log.check?.()
    },
    async close() {
      await commit.idle()
      await compaction.idle()
      if (writer.failure === null && compaction.journalBytes > 0) await compaction.run(true)
      // Time that is not noted makes leases longer, and no more.
      else await commit.change((batch) => batch.noteTime(1000)).catch(() => {})
      await commit.end()
      await log.close()
    },
  }
}

/** Where nothing has to be made durable, a change is done when it is made. */
function memoryCommit(state: State, leases: LeaseClock): Commit {
  let isSweeping = false
  const sweep = async (): Promise<void> => {
    if (isSweeping) return
    isSweeping = true
    while (state.leftovers.isPending) {
      await nextTurn()
      state.leftovers.step()
    }
    isSweeping = false
  }
  return {
    flight: null,
    failure: null,
    moment: () => leases.moment(),
    change(evaluate) {
      const batch = new Batch(state, leases.moment())
      try {
        return Promise.resolve(evaluate(batch))
      } catch (error) {
        batch.rollback()
        return Promise.reject(error)
      } finally {
        state.outbox.announce()
        void sweep()
      }
    },
    afterFlight: (read) => read(),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

/** A sink that throws harms nothing. */
function harmless(onNotice: NoticeSink = () => {}): NoticeSink {
  // There is no one else to tell.
  return (notice) =>
    callSafely(
      () => onNotice(notice),
      () => {},
    )
}
