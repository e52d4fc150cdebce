import { crc32 } from '../crc32.ts'
import { isPassing } from '../file-errors.ts'
import type { Files } from '../files.ts'
import { readText, writeAll } from '../whole-files.ts'

/** A line: offset and length of a record in hexadecimal, and the CRC-32 of both. */
const form = /^([0-9a-f]{8} [0-9a-f]{8} )([0-9a-f]{8})\n$/
const lineBytes = 27
const longestFile = 64 * 1024 * 1024

/**
 * Which records of a segment were deleted, in a file beside it, since a segment is never written over.
 *
 * The file is not synced. A line that is lost makes its record live again, without a name: the sweep
 * deletes it once more.
 */
export class DeadRecords {
  readonly #files: Files
  readonly #path: string
  /** Told of the bytes of each record. */
  readonly #onDead: (bytes: number) => void
  /** Their lengths by their offsets, heads included. */
  readonly #lengths: Map<number, number> = new Map()
  #bytes = 0
  /** Lines that are in the file. */
  #lines = 0
  #unwritten: string[] = []
  #writing: Promise<void> | null = null

  private constructor(files: Files, path: string, onDead: (bytes: number) => void) {
    this.#files = files
    this.#path = path
    this.#onDead = onDead
  }

  /** Those of a segment that was just begun. */
  static none(files: Files, path: string, onDead: (bytes: number) => void): DeadRecords {
    return new DeadRecords(files, path, onDead)
  }

  /**
   * Reads what an earlier process left. A damaged line is passed over, and so is a file that cannot be
   * read: the sweep finds those records again.
   */
  static async load(
    files: Files,
    path: string,
    onDead: (bytes: number) => void = () => {},
  ): Promise<DeadRecords> {
    const records = new DeadRecords(files, path, onDead)
    const text = (await readText(files, path, longestFile, 'latin1').catch(() => null)) ?? ''
    records.#lines = Math.floor(text.length / lineBytes)
    for (let line = 0; line < records.#lines; line += 1) {
      const [, fields, check] =
        form.exec(text.slice(line * lineBytes, (line + 1) * lineBytes)) ?? []
      if (fields === undefined || crc32(fields) !== Number.parseInt(check ?? '', 16)) continue
      const [offset, length] = fields.split(' ').map((field) => Number.parseInt(field, 16))
      records.#note(offset as number, length as number)
    }
    return records
  }

  /** Bytes that deleted records take, their heads included. */
  get bytes(): number {
    return this.#bytes
  }

  has(offset: number): boolean {
    return this.#lengths.has(offset)
  }

  /** Where the deleted records end that follow each other from an offset on. */
  endFrom(offset: number): number {
    let end = offset
    for (let length = this.#lengths.get(end); length !== undefined; ) {
      end += length
      length = this.#lengths.get(end)
    }
    return end
  }

  /**
   * Marks a record of `length` bytes, its head included, as deleted; false when it was before. Where there
   * is no room for a note, the deletion counts all the same.
   *
   * @throws as {@link Files} does for other reasons than room.
   */
  async add(offset: number, length: number): Promise<boolean> {
    if (!this.#note(offset, length)) return false
    const fields = `${hex(offset)} ${hex(length)} `
    this.#unwritten.push(`${fields}${hex(crc32(fields))}\n`)
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
    })
    await this.#writing
    return true
  }

  /** Waits for what is being written. */
  async settle(): Promise<void> {
    await this.#writing?.catch(() => {})
  }

  #note(offset: number, length: number): boolean {
    if (this.#lengths.has(offset)) return false
    this.#lengths.set(offset, length)
    this.#bytes += length
    this.#onDead(length)
    return true
  }

  async #write(): Promise<void> {
    // Deletions that come in the same turn share a write.
    await null
    while (this.#unwritten.length > 0) {
      const lines = this.#unwritten
      this.#unwritten = []
      try {
        const file = await this.#files.open(this.#path, 'ensure')
        try {
          const bytes = new TextEncoder().encode(lines.join(''))
          await writeAll(file, [bytes], this.#lines * lineBytes)
          this.#lines += lines.length
        } finally {
          await file.close()
        }
      } catch (error) {
        // A full disk still has to take deletions. The sweep finds them in the next process.
        if (!isPassing(error)) throw error
      }
    }
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
