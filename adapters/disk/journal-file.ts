import type { RegistryError } from '../../src/index.ts'
import { isPassing, isStorageFull } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { Reserve } from './reserve.ts'
import { writeAll } from './whole-files.ts'

/** The journal appends go to: whole and durable up to its length, nothing beyond. */
export class JournalFile {
  readonly generation: number
  readonly #files: Files
  readonly #path: string
  readonly #file: OpenFile
  #length: number

  /** @param path the name the file was opened by */
  constructor(files: Files, path: string, generation: number, file: OpenFile, length: number) {
    this.generation = generation
    this.#files = files
    this.#path = path
    this.#file = file
    this.#length = length
  }

  /** Its length, in bytes. */
  get bytes(): number {
    return this.#length
  }

  /**
   * Adds bytes; they outlive power loss when it resolves.
   *
   * @returns null, or why nothing was added: `storageFull` where there is no room, even with the
   *   reserve, or `unavailable`; the journal is then as it was
   * @throws the system's error when it is unknown what the journal holds now, or whether a restart
   *   would find it.
   */
  async append(bytes: Uint8Array, reserve: Reserve): Promise<RegistryError | null> {
    for (;;) {
      const failure = await this.#write(bytes)
      if (failure === null) break
      if (!isStorageFull(failure) || !(await reserve.give(bytes.byteLength))) return failure
    }
    await this.#file.datasync()
    this.expectNamed()
    this.#length += bytes.byteLength
    return null
  }

  /**
   * Makes sure that a restart would find this very file. One that was removed, or whose folder was
   * moved or covered by another file system, still takes writes and syncs.
   *
   * @throws Error when its name leads elsewhere, or nowhere.
   */
  expectNamed(): void {
    const found = this.#files.statNow(this.#path)
    if (found?.identity === this.#file.identity) return
    const problem = found === null ? 'is gone' : 'is another file than the one that was opened'
    throw Object.assign(new Error(`${this.#path}: ${problem}`), { code: 'ENOENT' })
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #write(bytes: Uint8Array): Promise<RegistryError | null> {
    try {
      await writeAll(this.#file, [bytes], this.#length)
      return null
    } catch (error) {
      if (!isPassing(error)) throw error
      await this.#file.truncate(this.#length)
      return error
    }
  }
}
