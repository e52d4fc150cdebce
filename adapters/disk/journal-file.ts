import { isStorageFull } from './file-errors.ts'
import type { OpenFile } from './files.ts'
import type { Reserve } from './reserve.ts'
import { writeAll } from './whole-files.ts'

/** The journal appends go to: whole and durable up to its length, nothing beyond. */
export class JournalFile {
  readonly generation: number
  readonly #file: OpenFile
  #length: number

  constructor(generation: number, file: OpenFile, length: number) {
    this.generation = generation
    this.#file = file
    this.#length = length
  }

  /**
   * Adds bytes; they outlive power loss when it resolves. False where there is no room, even with
   * the reserve: the journal is then as it was.
   *
   * @throws the system's error when nobody knows what the journal holds now.
   */
  async append(bytes: Uint8Array, reserve: Reserve): Promise<boolean> {
    while (!(await this.#write(bytes))) {
      if (!(await reserve.give(bytes.byteLength))) return false
    }
    await this.#file.datasync()
    this.#length += bytes.byteLength
    return true
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
