import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { NoticeSink } from '../../src/index.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { type BlobFolder, openBlobFolder } from '../disk/blob-folder.ts'
import { type DiskStores, openDiskStores } from '../disk/open-stores.ts'
import { expectBackup, makeFit } from './backup-fit.ts'
import {
  factsText,
  type Generation,
  type GenerationFacts,
  generationName,
  generationsIn,
  syncFolder,
  writeDurably,
} from './generation.ts'
import {
  eachLooked,
  type OpenGeneration,
  openGeneration,
  type Reading,
  readGeneration,
} from './open-generation.ts'

/** Files that a store which is only read does without. */
const spareFiles = ['reserve', 'lock', 'origin']
/** The files of names that begin the next generation. */
const nameFiles = /^(?:store\.json|metadata\.json|journal\.(?:seal|\d+))$/

/**
 * A folder with backups of a registry:
 *
 *     backup.json              what says that the folder is one
 *     bytes/                   blobs and manifests of all generations, each digest once as a rule
 *     generations/<time>/      the names of one moment, with the keys of their bytes
 *     next/                    the generation that is being made: it gets its name once it is whole
 *
 * Bytes are durable before a name of the next generation points at them, so what an interruption leaves is used by
 * the next backup. Those of an earlier generation are never copied again while the newest one has them.
 */
export class BackupFolder {
  readonly path: string
  readonly #bytes: BlobFolder
  readonly #onNotice: NoticeSink
  readonly #isWritten: boolean

  private constructor(path: string, bytes: BlobFolder, onNotice: NoticeSink, isWritten: boolean) {
    this.path = path
    this.#bytes = bytes
    this.#onNotice = onNotice
    this.#isWritten = isWritten
  }

  /**
   * Opens a folder of backups: to be written, alone, where one is made in a folder that is absent or empty; or to be
   * read, with other readers.
   *
   * @throws UnfitBackup; StoreInUse while another process writes it, or reads it; StoreDamaged.
   */
  static async open(
    directory: string,
    mode: 'write' | 'read',
    onNotice: NoticeSink = () => {},
  ): Promise<BackupFolder> {
    const path = resolve(directory)
    if (mode === 'write') await makeFit(path)
    else await expectBackup(path)
    const readOnly = mode === 'read'
    const bytes = await openBlobFolder({ directory: join(path, 'bytes'), readOnly, onNotice })
    try {
      if (mode === 'write') await bytes.clearUploads(async () => false)
    } catch (error) {
      await bytes.close()
      throw error
    }
    return new BackupFolder(path, bytes, onNotice, mode === 'write')
  }

  /** Generations, the oldest first. */
  generations(): Promise<readonly Generation[]> {
    return generationsIn(this.path)
  }

  /**
   * Opens the stores of the next generation, to be made what the source is: those that an interrupted backup left, or
   * with the names of the newest generation that is whole, so that what both have is not copied again. Bytes that have
   * gone from the backup are marked as missing in it, and so copied again.
   *
   * @param isFresh whether to begin without names
   */
  async begin(isFresh = false): Promise<OpenGeneration> {
    const next = join(this.path, 'next')
    if (!isFresh && (await stat(next).catch(() => null)) !== null) {
      const begun = await this.#openNext(next)
      if (begun !== null) return begun
    }
    const seeds = isFresh ? [] : [...(await this.generations())].reverse()
    for (const { name } of seeds) {
      await rm(next, { recursive: true, force: true })
      await this.#seed(name, next)
      const seeded = await this.#openNext(next)
      if (seeded !== null) return seeded
    }
    await rm(next, { recursive: true, force: true })
    return openGeneration(await this.#stores(next, 'write'))
  }

  /** Null where its names are damaged. */
  async #openNext(next: string): Promise<OpenGeneration | null> {
    let stores: DiskStores
    try {
      stores = await this.#stores(next, 'write')
    } catch (error) {
      if (error instanceof StoreDamaged) return null
      throw error
    }
    // Keys that nothing names in it any more: other generations may, so their bytes stay.
    for (let due = await stores.metadata.condemn(1000); due.length > 0; ) {
      for (const blob of due) await stores.metadata.forget(blob)
      due = await stores.metadata.condemn(1000)
    }
    const generation = openGeneration(stores)
    await eachLooked(generation, async (blob, isThere) => {
      if (!isThere) await stores.metadata.markMissing(blob)
    })
    return generation
  }

  /** Makes the next generation of the names of another one. */
  async #seed(name: string, next: string): Promise<void> {
    const seed = join(this.path, 'seed')
    await rm(seed, { recursive: true, force: true })
    await mkdir(seed, { mode: 0o700 })
    const from = this.#folderOf(name)
    for (const file of await readdir(from)) {
      if (nameFiles.test(file)) await copyFile(join(from, file), join(seed, file))
    }
    await rename(seed, next)
  }

  /**
   * Gives the next generation, which is closed, its name: from then on it counts.
   *
   * @throws StoreDamaged where it lacks bytes that it has names of.
   */
  async finish(at: number, facts: (reading: Reading) => GenerationFacts): Promise<Generation> {
    const next = join(this.path, 'next')
    const newest = (await this.generations()).at(-1)?.at ?? 0
    const name = generationName(Math.max(at, newest + 1))
    const found = facts(await this.#look(next))
    for (const spare of spareFiles) await rm(join(next, spare), { force: true })
    await writeDurably(join(next, 'generation.json'), factsText(found))
    const folder = join(this.path, 'generations')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(this.path)
    await rename(next, join(folder, name))
    await syncFolder(folder)
    await syncFolder(this.path)
    return { name, at: Math.max(at, newest + 1), facts: found }
  }

  /** Opens a generation to be read. @throws StoreDamaged */
  async read(name: string): Promise<OpenGeneration> {
    return openGeneration(await this.#stores(this.#folderOf(name), 'read'))
  }

  /**
   * Opens a generation to look for damage. What is marked as missing in it makes it less than whole, and the next
   * backup copies it again. @throws StoreDamaged
   */
  async inspect(name: string): Promise<OpenGeneration> {
    return openGeneration(await this.#stores(this.#folderOf(name), 'write'))
  }

  /** Notes, once it is closed, what damage was found in a generation. */
  async noteDamage(
    { name, facts }: Generation,
    count: number,
    some: readonly string[],
  ): Promise<void> {
    const folder = this.#folderOf(name)
    for (const spare of spareFiles) await rm(join(folder, spare), { force: true })
    if (count === 0 || facts === null) return
    const lacking = { count: facts.lacking.count + count, some: [...facts.lacking.some, ...some] }
    const text = factsText({ ...facts, whole: false, lacking })
    await writeDurably(join(folder, 'generation.json'), text)
  }

  /** Removes a generation; its bytes go with {@link BackupFolder.sweep}. */
  async drop(name: string): Promise<void> {
    const gone = join(this.path, 'gone')
    await rm(gone, { recursive: true, force: true })
    await rename(this.#folderOf(name), gone)
    await syncFolder(join(this.path, 'generations'))
    await rm(gone, { recursive: true, force: true })
  }

  /** Deletes bytes that no generation names. While the next one is open, those that it copied may be among them. */
  async sweep(signal?: AbortSignal): Promise<{ readonly keys: number; readonly bytes: number }> {
    const known: Set<string> = new Set()
    for (const { name } of await this.generations()) {
      const generation = await this.read(name)
      try {
        for await (const { key } of generation.named()) known.add(key)
      } finally {
        await generation.close()
      }
    }
    let keys = 0
    let bytes = 0
    for await (const stored of this.#bytes.blobs.list()) {
      signal?.throwIfAborted()
      if (known.has(stored.key) || !(await this.#bytes.blobs.delete(stored))) continue
      keys += 1
      bytes += stored.size
    }
    await this.#bytes.dropSpent()
    return { keys, bytes }
  }

  /** Releases the folder. */
  close(): Promise<void> {
    return this.#bytes.close()
  }

  async #look(folder: string): Promise<Reading> {
    const stores = openGeneration(await this.#stores(folder, 'read'))
    try {
      return await readGeneration(stores, folder)
    } finally {
      await stores.close()
    }
  }

  #stores(directory: string, mode: 'write' | 'read'): Promise<DiskStores> {
    const { blobs } = this.#bytes
    if (mode === 'write' && !this.#isWritten) throw new Error('the backup was opened to be read')
    return openDiskStores({ directory, mode, blobs, onNotice: this.#onNotice })
  }

  #folderOf(name: string): string {
    return join(this.path, 'generations', name)
  }
}
