import { RegistryError } from '../../src/index.ts'
import type { Chunks, LogChoice, LogContents, MetadataLog } from '../../src/kit.ts'
import { type AdoptDeps, adoptJournal, setAside } from './adopt-journal.ts'
import { syncDirectory } from './directory-sync.ts'
import { isPassing, passingReadOnly } from './file-errors.ts'
import { JournalFile } from './journal-file.ts'
import { contentsOf, findLog, peekLog } from './log-contents.ts'
import { Reserve } from './reserve.ts'
import { SealFile } from './seal-file.ts'
import { keepSnapshot, writeSnapshot } from './snapshot-file.ts'
import type { StoreHealth } from './store-health.ts'

/** What a {@link DiskMetadataLog} works with. */
export interface DiskLogDeps extends AdoptDeps {
  readonly health: StoreHealth
}

/** Generations of metadata in files: see {@link MetadataLog}. */
export class DiskMetadataLog implements MetadataLog {
  readonly #deps: DiskLogDeps
  #journal: JournalFile | null = null
  #reserve: Reserve | null = null
  /** Null also while there was no room to make it. */
  #sealFile: SealFile | null = null
  /** The generation of the file that has the snapshot's name; null where there is none. */
  #snapshot: number | null = null
  /** Likewise of the snapshot before. */
  #previous: number | null = null
  #journals: number[] = []
  /** Found damaged before they were read. */
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
    const { files, layout } = this.#deps
    const found = await findLog(files, layout)
    this.#snapshot = found.snapshot?.generation ?? null
    this.#previous = found.previous?.generation ?? null
    this.#journals = found.journals.map((journal) => journal.generation)
    this.#unreadable = found.unreadable
    return contentsOf(found, await SealFile.read(files, layout))
  }

  peek(): Promise<LogContents> {
    return peekLog(this.#deps.files, this.#deps.layout, this.#snapshot !== null)
  }

  async adopt(choice: LogChoice): Promise<void> {
    const { files, layout } = this.#deps
    for (const name of new Set([...this.#unreadable, ...choice.damaged])) {
      if (name === 'metadata.json') this.#snapshot = null
      if (name === 'metadata.previous.json') this.#previous = null
      await setAside(this.#deps, name)
    }
    const { generation, journalBytes } = choice
    const file = await adoptJournal(this.#deps, choice)
    if (!this.#journals.includes(generation)) this.#journals.push(generation)
    const path = layout.journal(generation)
    this.#journal = new JournalFile(files, path, generation, file, journalBytes)
    this.#reserve = await Reserve.open(files, layout.reserve)
    try {
      await this.#setSeal(this.#journal)
    } catch (error) {
      if (!isPassing(error)) throw error
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    const { journal, reserve } = this.#opened()
    const { health } = this.#deps
    let refusal: RegistryError | null
    try {
      refusal = await journal.append(bytes, reserve)
    } catch (error) {
      throw this.#latch(error)
    }
    if (refusal !== null) {
      if (refusal.kind === 'unavailable') health.failed('metadata', refusal)
      throw refusal
    }
    health.wrote('metadata')
    // Beside what follows: no caller waits until the reserve is whole again.
    void reserve.refill()
  }

  async seal(): Promise<void> {
    await this.#setSeal(this.#opened().journal)
  }

  /** @throws Error when a restart would not find the journal that is written. */
  async expectNamed(): Promise<void> {
    this.#journal?.expectNamed()
  }

  async rotate(): Promise<number> {
    const { files, layout } = this.#deps
    const { journal } = this.#opened()
    journal.expectNamed()
    const generation = journal.generation + 1
    const path = layout.journal(generation)
    const file = await files.open(path, 'create').catch((error: unknown) => {
      throw passingReadOnly(error)
    })
    try {
      await file.datasync()
      await syncDirectory(files, layout.root)
    } catch (error) {
      await file.close().catch(() => {})
      if (!isPassing(error)) throw this.#latch(error)
      await this.#takeBack(path)
      throw error
    }
    this.#journal = new JournalFile(files, path, generation, file, 0)
    this.#journals.push(generation)
    // All of it is synced: a failure to release it loses nothing.
    await journal.close().catch(() => {})
    try {
      await this.#setSeal(this.#journal)
    } catch (error) {
      // The seal of the journal before says less, and says it still.
      if (!isPassing(error)) throw error
    }
    return generation
  }

  async replace(generation: number, rows: Chunks): Promise<void> {
    const { files, layout } = this.#deps
    this.#opened()
    const fresh = `${layout.snapshot}.new`
    try {
      await files.unlink(fresh)
      // Read back before it gets the name, so that a bad copy never pushes a good one out.
      await writeSnapshot(files, fresh, rows)
      const isKept = this.#snapshot !== null && (await keepSnapshot(files, layout))
      if (isKept) this.#previous = this.#snapshot
      await files.rename(fresh, layout.snapshot)
    } catch (error) {
      await files.unlink(fresh).catch(() => false)
      throw passingReadOnly(error)
    }
    this.#snapshot = generation
    try {
      await syncDirectory(files, layout.root)
    } catch (error) {
      throw isPassing(error) ? error : this.#latch(error)
    }
    await this.#dropJournals(this.#previous ?? 0)
  }

  /**
   * Looks whether a restart would find the journal that is written to. A folder that is away may come
   * back; a journal that is gone from it does not, and ends all writing.
   */
  async check(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    try {
      this.#journal?.expectNamed()
    } catch (error) {
      if (!(await this.#isAway())) throw this.#latch(error)
      throw new RegistryError('unavailable', { cause: error })
    }
  }

  async close(): Promise<void> {
    const open = [this.#journal, this.#reserve, this.#sealFile]
    this.#journal = null
    this.#reserve = null
    this.#sealFile = null
    for (const each of open) await each?.close()
  }

  #opened(): { readonly journal: JournalFile; readonly reserve: Reserve } {
    if (this.#failure !== null) throw this.#failure
    if (this.#journal === null || this.#reserve === null) {
      throw new Error('the metadata log is not open')
    }
    return { journal: this.#journal, reserve: this.#reserve }
  }

  async #isAway(): Promise<boolean> {
    const { files, layout } = this.#deps
    return (await files.stat(layout.marker).catch(() => null)) === null
  }

  /**
   * After a failed sync it is unknown what the disk holds, and the system would call the next sync a
   * success: nothing is written any more until a new process has read what is there.
   */
  #latch(error: unknown): RegistryError {
    if (this.#failure === null) {
      this.#failure = new RegistryError('storageReadOnly', { cause: error })
      this.#deps.health.latch('metadata', this.#failure)
    }
    return this.#failure
  }

  /** Notes that all of a journal is durable, which it is. */
  async #setSeal({ generation, bytes }: JournalFile): Promise<void> {
    const { files, layout } = this.#deps
    const seal = { generation, bytes }
    try {
      if (this.#sealFile === null) this.#sealFile = await SealFile.open(files, layout, seal)
      else await this.#sealFile.set(seal)
    } catch (error) {
      throw isPassing(error) ? error : this.#latch(error)
    }
  }

  /**
   * Removes a journal that could not be begun. Nothing was acknowledged in it, but where it stood, the
   * one before would have to end with a seal.
   */
  async #takeBack(path: string): Promise<void> {
    const { files, layout } = this.#deps
    try {
      await files.unlink(path)
      await syncDirectory(files, layout.root)
    } catch (error) {
      throw this.#latch(error)
    }
  }

  /** Removes journals that no snapshot needs; one that cannot be is removed another time. */
  async #dropJournals(before: number): Promise<void> {
    const { files, layout } = this.#deps
    // Oldest first, so that what a crash or a failure leaves has no hole.
    this.#journals.sort((a, b) => a - b)
    for (const generation of [...this.#journals]) {
      if (generation >= before) return
      try {
        await files.unlink(layout.journal(generation))
      } catch {
        return
      }
      this.#journals.shift()
    }
  }
}
