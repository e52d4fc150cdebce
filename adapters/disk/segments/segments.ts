import { type Digest, RegistryError } from '../../../src/index.ts'
import { algorithmOf, type BlobRef, type StoredBytes } from '../../../src/kit.ts'
import type { DirectorySync } from '../directory-sync.ts'
import { isGone, isNoFile } from '../file-errors.ts'
import type { Files } from '../files.ts'
import type { FolderGuard } from '../folder-guard.ts'
import type { Layout } from '../layout.ts'
import { compactSegments, type Move } from './compaction.ts'
import { DeadRecords } from './dead-records.ts'
import { headBytes, isWhole, parseHead } from './record.ts'
import { SegmentFiles } from './segment-files.ts'
import { parseSegmentName, type RecordPlace, type SegmentName, segmentKey } from './segment-key.ts'
import { type FoundRecord, walkRecords } from './segment-walk.ts'
import { SegmentWriter } from './segment-writer.ts'

/** What {@link Segments} work with. */
export interface SegmentsDeps {
  readonly files: Files
  readonly layout: Layout
  readonly guard: FolderGuard
  /** Syncs of the folder of the segments. */
  readonly folder: DirectorySync
  readonly readOnly: boolean
  /** Told of each failed write; returns what the caller is to be told of it. */
  readonly failed: (error: unknown) => unknown
}

/** One file of records. */
export interface Segment {
  readonly name: SegmentName
  /** In bytes. */
  size: number
  readonly dead: DeadRecords
}

/**
 * Small content, many blobs to a file. A segment is appended to until it is full, or the process ends,
 * and never changed after that. What was deleted is noted beside it, and a segment that is mostly
 * deleted is copied and dropped (`compact`).
 */
export class Segments {
  readonly #deps: SegmentsDeps
  readonly #segments: Map<SegmentName, Segment> = new Map()
  readonly #open: SegmentFiles
  readonly #writer: SegmentWriter

  private constructor(deps: SegmentsDeps) {
    this.#deps = deps
    const { files, layout, guard, folder, failed } = deps
    this.#open = new SegmentFiles(files)
    this.#writer = new SegmentWriter({
      files,
      guard,
      folder,
      failed,
      pathOf: (name) => layout.segment(name),
      grown: (name, size) => {
        const there = this.#segments.get(name)
        if (there !== undefined) there.size = size
        else {
          const dead = DeadRecords.none(files, layout.deadRecords(name))
          this.#segments.set(name, { name, size, dead })
        }
      },
    })
  }

  /** Finds the segments of a store. */
  static async load(deps: SegmentsDeps): Promise<Segments> {
    const { files, layout, readOnly } = deps
    const segments = new Segments(deps)
    if ((await files.stat(layout.segments)) === null) return segments
    const names: string[] = []
    for await (const name of files.list(layout.segments)) names.push(name)
    for (const text of names.sort()) {
      const name = parseSegmentName(text.replace(/\.dead$/, ''))
      if (name === null) continue
      const stat = await files.stat(layout.segment(name))
      if (stat === null && !readOnly) await files.unlink(layout.deadRecords(name))
      if (stat?.kind !== 'file' || name !== text) continue
      const dead = await DeadRecords.load(files, layout.deadRecords(name))
      segments.#segments.set(name, { name, size: stat.size, dead })
    }
    return segments
  }

  /** Every segment, in the order of their names. */
  all(): Segment[] {
    return [...this.#segments.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The segment that is written to; null before the first record. */
  get current(): SegmentName | null {
    return this.#writer.current
  }

  /**
   * Adds bytes, which it owns from then on; they outlive power loss when it resolves.
   *
   * @throws as {@link SegmentWriter.append}.
   */
  async append(digest: Digest, chunks: readonly Uint8Array[], size: number): Promise<BlobRef> {
    const place = await this.#writer.append(digest, chunks, size)
    return { digest, size, key: segmentKey(place) }
  }

  /**
   * The bytes of a record, checked; null when they are missing, deleted or damaged.
   *
   * @throws RegistryError `unavailable` when the folder is gone.
   */
  async read(ref: BlobRef, place: RecordPlace): Promise<Uint8Array | null> {
    const segment = await this.#segmentOf(place)
    if (segment === null || segment.dead.has(place.offset) || place.size !== ref.size) return null
    const head = headBytes(algorithmOf(ref.digest))
    const bytes = await this.#bytes(segment, place.offset, head + place.size)
    const found = bytes === null ? null : parseHead(bytes, 0)
    if (bytes === null || found === null || found.digest !== ref.digest) return null
    const content = bytes.subarray(head)
    return isWhole(found, content) ? content : null
  }

  /** Marks a record as deleted; false when it was not there. */
  async delete(ref: BlobRef, place: RecordPlace): Promise<boolean> {
    const segment = await this.#segmentOf(place)
    if (segment === null || segment.dead.has(place.offset) || place.size !== ref.size) return false
    const length = headBytes(algorithmOf(ref.digest))
    const bytes = await this.#bytes(segment, place.offset, length)
    const found = bytes === null ? null : parseHead(bytes, 0)
    // One whose head is damaged is only counted.
    if (found !== null && (found.digest !== ref.digest || found.size !== ref.size)) return false
    try {
      return (await segment.dead.add(place.offset, length + place.size)) && found !== null
    } catch (error) {
      throw this.#deps.failed(await this.#deps.guard.explain(error))
    }
  }

  /** Every record after a place, deleted ones left out. */
  async *list(after: RecordPlace | null): AsyncGenerator<StoredBytes> {
    for (const segment of this.all()) {
      if (after !== null && segment.name < after.segment) continue
      const from = after?.segment === segment.name ? after.offset + 1 : 0
      for await (const { offset, size, digest, committedAt } of this.records(segment, from)) {
        const key = segmentKey({ segment: segment.name, offset, size })
        yield { key, size, committedAt, digest }
      }
    }
  }

  /** The records of a segment that were not deleted, from an offset on. */
  async *records(segment: Segment, from = 0): AsyncGenerator<FoundRecord> {
    let next = from
    // A few at a time, so that the file is not held open while the caller works with them.
    for (let isWholeYet = false; !isWholeYet; ) {
      const found = await this.#some(segment, next)
      isWholeYet = found.length === 0
      for (const record of found) {
        next = record.offset + record.length
        if (!segment.dead.has(record.offset)) yield record
      }
    }
  }

  /** Copies what is left of segments that are mostly deleted, and drops them. */
  compact(move: Move): Promise<number> {
    return compactSegments(this, move)
  }

  /** Has the next record begin a segment of its own. */
  retire(): Promise<void> {
    return this.#writer.retire()
  }

  /** Drops a segment in which nothing lives; returns how many bytes that freed. */
  async drop(segment: Segment): Promise<number> {
    const { files, layout } = this.#deps
    this.#segments.delete(segment.name)
    await this.#open.forget(layout.segment(segment.name))
    await segment.dead.settle()
    // In this order: without its segment, a note of what is deleted is removed at the next start.
    await files.unlink(layout.segment(segment.name))
    await files.unlink(layout.deadRecords(segment.name))
    return segment.size
  }

  /** @throws RegistryError `unavailable` when the folder is gone. */
  async expectFolder(cause?: unknown): Promise<void> {
    const { files, layout, guard, readOnly } = this.#deps
    await guard.verify(cause)
    // A store of an earlier format has none until it is written to.
    if (readOnly || (await files.stat(layout.segments)) !== null) return
    throw new RegistryError('unavailable', { cause: isGone(layout.segments, cause) })
  }

  async close(): Promise<void> {
    await this.#writer.close()
    for (const { dead } of this.#segments.values()) await dead.settle()
    await this.#open.close()
  }

  async #segmentOf(place: RecordPlace): Promise<Segment | null> {
    const segment = this.#segments.get(place.segment)
    if (segment !== undefined) return segment
    await this.expectFolder()
    return null
  }

  /** Null where the segment is shorter, or gone. */
  async #bytes(segment: Segment, offset: number, length: number): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(length)
    try {
      return await this.#open.use(this.#deps.layout.segment(segment.name), async (file) => {
        for (let filled = 0; filled < length; ) {
          const count = await file.read(bytes, filled, length - filled, offset + filled)
          if (count === 0) return null
          filled += count
        }
        return bytes
      })
    } catch (error) {
      if (!isNoFile(error)) throw error
      await this.expectFolder(error)
      return null
    }
  }

  async #some(segment: Segment, from: number): Promise<FoundRecord[]> {
    const found: FoundRecord[] = []
    if (from >= segment.size) return found
    await this.#open.use(this.#deps.layout.segment(segment.name), async (file) => {
      for await (const record of walkRecords(file, segment.size, from)) {
        found.push(record)
        if (found.length >= 256) return
      }
    })
    return found
  }
}
