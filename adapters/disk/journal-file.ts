import { isStorageFull } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { FolderGuard } from './folder-guard.ts'
import type { Reserve } from './reserve.ts'
import { writeAll } from './whole-files.ts'

/** The journal appends go to: whole and durable up to its length, nothing beyond. */
export class JournalFile {
  readonly generation: number
  readonly #files: Files
  readonly #guard: Pick<FolderGuard, 'verify'>
  readonly #path: string
  readonly #file: OpenFile
  readonly #identity: string
  #length: number

  /** @param path the name the file was opened by */
  constructor(
    { files, guard }: { readonly files: Files; readonly guard: Pick<FolderGuard, 'verify'> },
    path: string,
    generation: number,
    file: OpenFile,
    length: number,
  ) {
    this.generation = generation
    this.#files = files
    this.#guard = guard
    this.#path = path
    this.#file = file
    this.#identity = file.identity
    this.#length = length
  }

  /**
   * Adds bytes; they outlive power loss when it resolves. False where there is no room, even with
   * the reserve: the journal is then as it was.
   *
   * @throws the system's error when it is unknown what the journal holds now, or whether a restart
   *   would find it.
   */
  async append(bytes: Uint8Array, reserve: Reserve): Promise<boolean> {
    while (!(await this.#write(bytes))) {
      if (!(await reserve.give(bytes.byteLength))) return false
    }
    await Promise.all([this.#file.datasync(), this.#guard.verify(), this.expectNamed()])
    this.#length += bytes.byteLength
    return true
  }

  /**
   * Sees to it that a restart would find this very file. One that was removed, or whose folder was
   * moved or covered by another file system, still takes writes and syncs.
   *
   * @throws Error when its name leads elsewhere, or nowhere.
   */
  async expectNamed(): Promise<void> {
    const found = await this.#files.stat(this.#path)
    if (found?.identity === this.#identity) return
    const problem = found === null ? 'is gone' : 'is another file than the one that was opened'
    throw Object.assign(new Error(`${this.#path}: ${problem}`), { code: 'ENOENT' })
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #write(bytes: Uint8Array): Promise<boolean> {
    try {
      await writeAll(this.#file, [bytes], this.#length)
      return true
    } catch (error) {
      if (!isStorageFull(error)) throw error
      await this.#file.truncate(this.#length)
      return false
    }
  }
}
