import { type NoticeSink, RegistryError } from '../../src/index.ts'
import type { Chunks, LogChoice, LogContents, LogFile, MetadataLog } from '../../src/kit.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { syncDirectory } from './directory-sync.ts'
import { isStorageFull } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import { JournalFile } from './journal-file.ts'
import type { Layout } from './layout.ts'
import { findLog } from './log-contents.ts'
import type { Quarantine } from './quarantine.ts'
import { Reserve } from './reserve.ts'
import { SealFile } from './seal-file.ts'
import { keepSnapshot, writeSnapshot } from './snapshot-file.ts'

/** What a {@link DiskMetadataLog} works with. */
export interface DiskLogDeps {
  readonly files: Files
  readonly layout: Layout
  readonly quarantine: Quarantine
  readonly onNotice: NoticeSink
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
    const snapshots = [found.snapshot, found.usablePrevious]
    return {
      snapshots: snapshots.filter((file): file is LogFile => file !== null),
      journals: found.journals,
      seal: await SealFile.read(files, layout),
    }
  }

  async adopt(choice: LogChoice): Promise<void> {
    const { files, layout } = this.#deps
    for (const name of new Set([...this.#unreadable, ...choice.damaged])) await this.#setAside(name)
    const { generation } = choice
    const path = layout.journal(generation)
    const file = await files.open(path, 'ensure')
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
    this.#journal = new JournalFile(files, path, generation, file, choice.journalBytes)
    this.#reserve = await Reserve.open(files, layout.reserve)
    try {
      await this.#setSeal(this.#journal)
    } catch (error) {
      if (!isStorageFull(error)) throw error
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    const { journal, reserve } = this.#opened()
    let refusal: RegistryError | null
    try {
      refusal = await journal.append(bytes, reserve)
    } catch (error) {
      throw this.#latch(error)
    }
    if (refusal !== null) throw refusal
    // Beside what follows: no caller waits until the reserve is whole again.
    void reserve.refill()
  }

  async seal(): Promise<void> {
    await this.#setSeal(this.#opened().journal)
  }

  async rotate(): Promise<number> {
    const { files, layout } = this.#deps
    const { journal } = this.#opened()
    const generation = journal.generation + 1
    const path = layout.journal(generation)
    const file = await files.open(path, 'create')
    try {
      await file.datasync()
      await syncDirectory(files, layout.root)
    } catch (error) {
      await file.close().catch(() => {})
      if (!isStorageFull(error)) throw this.#latch(error)
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
      if (!isStorageFull(error)) throw error
    }
    return generation
  }

  async replace(generation: number, rows: Chunks): Promise<void> {
    const { files, layout } = this.#deps
    this.#opened()
    const fresh = `${layout.snapshot}.new`
    await files.unlink(fresh)
    try {
      // Read back before it gets the name, so that a bad copy never pushes a good one out.
      await writeSnapshot(files, fresh, rows)
      if (this.#snapshot !== null) {
        await keepSnapshot(files, layout)
        this.#previous = this.#snapshot
      }
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

  async check(): Promise<void> {
    await this.#opened().journal.expectNamed()
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

  /**
   * After a failed sync nobody knows what the disk holds, and the system would call the next sync a
   * success: nothing is written any more until a new process has read what is there.
   */
  #latch(error: unknown): RegistryError {
    this.#failure ??= new RegistryError('storageReadOnly', { cause: error })
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
      throw isStorageFull(error) ? error : this.#latch(error)
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

  async #setAside(name: string): Promise<void> {
    const { layout, quarantine, onNotice } = this.#deps
    if (name === 'metadata.json') this.#snapshot = null
    if (name === 'metadata.previous.json') this.#previous = null
    const moved = await quarantine.move(`${layout.root}/${name}`)
    onNotice({ kind: 'store-recovered', file: name, detail: `damaged, kept as ${moved}` })
  }

  async #cutTail(file: OpenFile, choice: LogChoice): Promise<void> {
    const name = `journal.${choice.generation}`
    const copy = await this.#deps.quarantine.copyTail(file, name, choice.journalBytes)
    await file.truncate(choice.journalBytes)
    const bytes = file.size - choice.journalBytes
    const detail = `${bytes} bytes of an unfinished change, never acknowledged, kept as ${copy}`
    this.#deps.onNotice({ kind: 'store-recovered', file: name, detail })
  }
}
