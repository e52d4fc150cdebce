import { type EventSink, RegistryError } from '../../src/index.ts'
import type { Chunks, LogChoice, LogContents, LogFile, MetadataLog } from '../../src/kit.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { syncDirectory } from './directory-sync.ts'
import type { Files, OpenFile } from './files.ts'
import { JournalFile } from './journal-file.ts'
import type { Layout } from './layout.ts'
import { findLog } from './log-contents.ts'
import type { Quarantine } from './quarantine.ts'
import { Reserve } from './reserve.ts'
import { writeSnapshot } from './snapshot-file.ts'
import type { StoreHealth } from './store-health.ts'

/** Parts of {@link DiskMetadataLog}. */
export interface DiskLogDeps {
  readonly files: Files
  readonly layout: Layout
  readonly quarantine: Quarantine
  readonly events: EventSink
  readonly health: StoreHealth
  /** Nothing is written: what would be put right in opening it stays as it is. */
  readonly readOnly: boolean
}

/** Generations of names in files: see {@link MetadataLog}. */
export class DiskMetadataLog implements MetadataLog {
  readonly #deps: DiskLogDeps
  #journal: JournalFile | null = null
  #reserve: Reserve | null = null
  /** The generation of the file that has the snapshot's name; null where there is none. */
  #snapshot: number | null = null
  /** Likewise of the snapshot before. */
  #previous: number | null = null
  #journals: number[] = []
  /** Found damaged before anybody read them. */
  #unreadable: readonly string[] = []
  #failure: RegistryError | null = null

  constructor(deps: DiskLogDeps) {
    this.#deps = deps
  }

  /** Why nothing can be written any more; null while it can. */
  get failure(): Error | null {
    return this.#failure
  }

  async load(): Promise<LogContents> {
    const found = await findLog(this.#deps.files, this.#deps.layout)
    this.#snapshot = found.snapshot?.generation ?? null
    this.#previous = found.previous?.generation ?? null
    this.#journals = found.journals.map((journal) => journal.generation)
    this.#unreadable = found.unreadable
    const snapshots = [found.snapshot, found.usablePrevious]
    const { journals } = found
    return { snapshots: snapshots.filter((file): file is LogFile => file !== null), journals }
  }

  async adopt(choice: LogChoice): Promise<void> {
    const { files, layout, readOnly } = this.#deps
    if (readOnly) return
    for (const name of new Set([...this.#unreadable, ...choice.damaged])) await this.#setAside(name)
    const { generation } = choice
    const file = await files.open(layout.journal(generation), 'ensure')
    try {
      if (file.size < choice.journalBytes) {
        const problem = `has ${file.size} bytes, and ${choice.journalBytes} were read from it`
        throw new StoreDamaged(`journal.${generation}`, problem)
      }
      if (file.size > choice.journalBytes) await this.#cutTail(file, choice)
      // What a killed process left may be in memory alone, and what is served must be durable.
      await file.datasync()
      await syncDirectory(files, layout.root)
    } catch (error) {
      await file.close()
      throw error
    }
    if (!this.#journals.includes(generation)) this.#journals.push(generation)
    const path = layout.journal(generation)
    this.#journal = new JournalFile(files, path, generation, file, choice.journalBytes)
    this.#reserve = await Reserve.open(files, layout.reserve)
  }

  async append(bytes: Uint8Array): Promise<void> {
    const { journal, reserve } = this.#ready()
    let added: boolean
    try {
      added = await journal.append(bytes, reserve)
    } catch (error) {
      throw this.#latch(error)
    }
    const { health } = this.#deps
    if (!added) {
      const error = new RegistryError('storageFull')
      health.failed('metadata', error)
      throw error
    }
    health.wrote('metadata')
    // Beside what follows: nobody has to wait until the reserve is whole again.
    void reserve.refill()
  }

  /** @throws Error when a restart would not find the journal that is written. */
  async expectNamed(): Promise<void> {
    await this.#journal?.expectNamed()
  }

  async rotate(): Promise<number> {
    const { files, layout } = this.#deps
    const { journal } = this.#ready()
    await journal.expectNamed()
    const generation = journal.generation + 1
    const file = await files.open(layout.journal(generation), 'create')
    try {
      await file.datasync()
      await syncDirectory(files, layout.root)
    } catch (error) {
      await file.close()
      throw this.#latch(error)
    }
    this.#journal = new JournalFile(files, layout.journal(generation), generation, file, 0)
    this.#journals.push(generation)
    // All of it is synced: a failure to let go loses nothing.
    await journal.close().catch(() => {})
    return generation
  }

  async replace(generation: number, rows: Chunks): Promise<void> {
    const { files, layout } = this.#deps
    this.#ready()
    const fresh = `${layout.snapshot}.new`
    await files.unlink(fresh)
    try {
      // Read back before it gets the name, so that a bad copy never pushes a good one out.
      await writeSnapshot(files, fresh, rows)
      if (this.#snapshot !== null) await this.#keepSnapshot(this.#snapshot)
      await files.rename(fresh, layout.snapshot)
    } catch (error) {
      await files.unlink(fresh).catch(() => false)
      throw error
    }
    this.#snapshot = generation
    try {
      await syncDirectory(files, layout.root)
    } catch (error) {
      throw this.#latch(error)
    }
    await this.#dropJournals(this.#previous ?? 0)
  }

  async close(): Promise<void> {
    const journal = this.#journal
    this.#journal = null
    await journal?.close()
    await this.#reserve?.close()
    this.#reserve = null
  }

  #ready(): { readonly journal: JournalFile; readonly reserve: Reserve } {
    if (this.#failure !== null) throw this.#failure
    if (this.#deps.readOnly) throw new RegistryError('storageReadOnly')
    if (this.#journal === null || this.#reserve === null) {
      throw new Error('the metadata log is not open')
    }
    return { journal: this.#journal, reserve: this.#reserve }
  }

  /**
   * After a failed sync nobody knows what the disk holds, and the system would call the next sync a
   * success: nothing is written any more until a new process has read what is there.
   */
  #latch(error: unknown): RegistryError {
    if (this.#failure === null) {
      this.#failure = new RegistryError('storageReadOnly', { cause: error })
      this.#deps.health.latch(this.#failure)
      this.#deps.events({ kind: 'store-read-only', error })
    }
    return this.#failure
  }

  /** Gives the snapshot its second name, in one step, so that there is always one under each. */
  async #keepSnapshot(generation: number): Promise<void> {
    const { files, layout } = this.#deps
    const second = `${layout.previousSnapshot}.new`
    await files.unlink(second)
    await files.link(layout.snapshot, second)
    await files.rename(second, layout.previousSnapshot)
    // A rename between two names of one file does nothing at all.
    await files.unlink(second)
    this.#previous = generation
  }

  async #dropJournals(before: number): Promise<void> {
    const { files, layout } = this.#deps
    const dropped = this.#journals.filter((generation) => generation < before)
    this.#journals = this.#journals.filter((generation) => generation >= before)
    // Oldest first, so that what a crash leaves has no hole.
    for (const generation of dropped.sort((a, b) => a - b)) {
      await files.unlink(layout.journal(generation))
    }
  }

  async #setAside(name: string): Promise<void> {
    const { layout, quarantine, events } = this.#deps
    if (name === 'metadata.json') this.#snapshot = null
    if (name === 'metadata.previous.json') this.#previous = null
    const moved = await quarantine.move(`${layout.root}/${name}`)
    events({ kind: 'store-recovered', file: name, detail: `damaged, kept as ${moved}` })
  }

  async #cutTail(file: OpenFile, choice: LogChoice): Promise<void> {
    const name = `journal.${choice.generation}`
    const copy = await this.#deps.quarantine.copyTail(file, name, choice.journalBytes)
    await file.truncate(choice.journalBytes)
    const bytes = file.size - choice.journalBytes
    const detail = `${bytes} bytes of an unfinished change, never acknowledged, kept as ${copy}`
    this.#deps.events({ kind: 'store-recovered', file: name, detail })
  }
}
