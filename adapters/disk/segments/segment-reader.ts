import { RegistryError } from '../../../src/index.ts'
import { isGone, isNoFile } from '../file-errors.ts'
import type { Files, OpenFile } from '../files.ts'
import type { FolderGuard } from '../folder-guard.ts'
import type { Layout } from '../layout.ts'
import { mostQuick, QuickReads } from './quick-reads.ts'
import { SegmentFiles } from './segment-files.ts'
import type { SegmentName } from './segment-key.ts'
import { type FoundRecord, walkRecords } from './segment-walk.ts'

/** What a {@link SegmentReader} works with. */
export interface SegmentReaderDeps {
  readonly files: Files
  readonly layout: Layout
  readonly guard: FolderGuard
  readonly readOnly: boolean
}

/** A segment, and how much of it is read. */
export interface ReadableSegment {
  readonly name: SegmentName
  /** In bytes. */
  readonly size: number
}

/** Records found at once by a walk. */
const foundAtOnce = 256

/** Reads segments, whose files stay open for a while. */
export class SegmentReader {
  readonly #deps: SegmentReaderDeps
  readonly #open: SegmentFiles
  readonly #quick: QuickReads = new QuickReads()

  constructor(deps: SegmentReaderDeps) {
    this.#deps = deps
    this.#open = new SegmentFiles(deps.files)
  }

  /**
   * Bytes of a segment; null where it is shorter, or gone.
   *
   * @throws RegistryError `unavailable` when the folder is gone.
   */
  async read(segment: ReadableSegment, offset: number, length: number): Promise<Uint8Array | null> {
    const bytes = Buffer.allocUnsafeSlow(length)
    const path = this.#deps.layout.segment(segment.name)
    const warm = length <= mostQuick ? this.#open.warm(path, offset) : null
    if (warm !== null && this.#quick.isOn()) {
      return this.#quick.read(warm, bytes, offset) ? bytes : null
    }
    return await this.#use(segment, async (file) => {
      for (let filled = 0; filled < length; ) {
        const count = await file.read(bytes, filled, length - filled, offset + filled)
        if (count === 0) return null
        filled += count
      }
      return bytes
    })
  }

  /** The records of a segment, from an offset on; none where it is gone. */
  async *walk(segment: ReadableSegment, from: number): AsyncGenerator<FoundRecord> {
    let next = from
    // A few at a time, so that the file is not held open while the caller works with them.
    for (let isWholeYet = false; !isWholeYet; ) {
      const found = await this.#some(segment, next)
      isWholeYet = found.length === 0
      for (const record of found) {
        next = record.offset + record.length
        yield record
      }
    }
  }

  /** Closes a segment's file once no caller reads it any more. */
  async forget({ name }: ReadableSegment): Promise<void> {
    await this.#open.forget(this.#deps.layout.segment(name))
  }

  close(): Promise<void> {
    return this.#open.close()
  }

  /** @throws RegistryError `unavailable` when the folder is gone. */
  async expectFolder(cause?: unknown): Promise<void> {
    const { files, layout, guard, readOnly } = this.#deps
    await guard.verify(cause)
    // A store of an earlier format has none until it is written to.
    if (readOnly || (await files.stat(layout.segments)) !== null) return
    throw new RegistryError('unavailable', { cause: isGone(layout.segments, cause) })
  }

  async #some(segment: ReadableSegment, from: number): Promise<FoundRecord[]> {
    const { name, size } = segment
    const found: FoundRecord[] = []
    if (from >= size) return found
    await this.#use(segment, async (file) => {
      for await (const record of walkRecords(file, name, size, from)) {
        found.push(record)
        if (found.length >= foundAtOnce) return
      }
    })
    return found
  }

  /** Works with a segment's file; null where it is gone, as that of a segment that was dropped. */
  async #use<T>(
    { name }: ReadableSegment,
    work: (file: OpenFile) => Promise<T>,
  ): Promise<T | null> {
    try {
      return await this.#open.use(this.#deps.layout.segment(name), work)
    } catch (error) {
      if (!isNoFile(error)) throw error
      await this.expectFolder(error)
      return null
    }
  }
}
