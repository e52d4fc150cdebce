import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { restoringName } from '../disk/store-folder.ts'
import { absent } from './absent.ts'
import { UnfitBackup } from './backup-fit.ts'
import { syncFolder } from './generation.ts'

/** Says, beside a store that is whole, that its files are on their way up. */
const wholeName = 'whole'

/** The folder of a registry that is being restored. No server opens it before all of it is there. */
export class RestoredFolder {
  readonly path: string
  /** Where the store is made. */
  readonly store: string
  /** Where an archive is unpacked that the store is made of. */
  readonly archive: string

  private constructor(path: string) {
    this.path = path
    this.store = join(path, restoringName, 'store')
    this.archive = join(path, restoringName, 'archive')
  }

  /**
   * Begins in a folder that is absent or empty, or goes on in one where a restore was interrupted.
   *
   * @throws UnfitBackup where the folder has something else.
   */
  static async begin(directory: string): Promise<RestoredFolder> {
    const folder = new RestoredFolder(resolve(directory))
    const names = await readdir(folder.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTDIR') return absent(error)
      throw new UnfitBackup(
        `${folder.path}: a file is where a folder is needed; choose a folder that is empty, or is not there yet`,
      )
    })
    if (!names.includes(restoringName)) {
      const other = names.find((name) => name !== 'lost+found')
      if (other !== undefined) {
        throw new UnfitBackup(
          `${folder.path}: holds ${JSON.stringify(other)}; choose a folder that is empty, or is not there yet`,
        )
      }
    }
    await mkdir(join(folder.path, restoringName), { recursive: true, mode: 0o700 })
    return folder
  }

  /** Whether the store was whole already when a restore was interrupted. */
  async isWhole(): Promise<boolean> {
    return (await stat(this.#whole).catch(() => null)) !== null
  }

  /** Puts the store, which is closed, in its place: what says that it is one comes last. */
  async finish(): Promise<void> {
    await writeFile(this.#whole, '')
    await syncFolder(join(this.path, restoringName))
    const names = await readdir(this.store).catch(absent)
    const marker = 'store.json'
    for (const name of names.filter((each) => each !== marker)) {
      await rename(join(this.store, name), join(this.path, name))
    }
    await syncFolder(this.path)
    if (names.includes(marker)) await rename(join(this.store, marker), join(this.path, marker))
    await rm(join(this.path, restoringName), { recursive: true })
    await syncFolder(this.path)
  }

  get #whole(): string {
    return join(this.path, restoringName, wholeName)
  }
}
