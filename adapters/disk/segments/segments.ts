import type { Digest } from '../../../src/index.ts'
import {
  algorithmOf,
  type BlobRef,
  type CacheFigures,
  type OpenBlob,
  type SegmentFigures,
  type StoredBytes,
} from '../../../src/kit.ts'
import { openBytes } from '../bytes-blob.ts'
import { compactSegments, type Move } from './compaction.ts'
import { DeadRecords } from './dead-records.ts'
import { headBytes, isWhole, parseHead } from './record.ts'
import { RecordCache } from './record-cache.ts'
import type { Segment, SegmentsDeps } from './segment.ts'
import { parseSegmentName, type RecordPlace, type SegmentName, segmentKey } from './segment-key.ts'
import { SegmentReader } from './segment-reader.ts'
import { SegmentTotals } from './segment-totals.ts'
import type { FoundRecord } from './segment-walk.ts'
import { SegmentWriter } from './segment-writer.ts'

export type { Move } from './compaction.ts'
export type { Segment } from './segment.ts'

/**
 * Small content, many blobs to a file. A segment is appended to until it is full, or the process ends, and never changed
 * after that. What was deleted is noted beside it, and a segment that is mostly deleted is copied and dropped (`compact`).
 */
export class Segments {
  readonly #deps: SegmentsDeps
  readonly #segments: Map<SegmentName, Segment> = new Map()
  readonly #reader: SegmentReader
  readonly #writer: SegmentWriter
  readonly #lately: RecordCache
  readonly #totals: SegmentTotals = new SegmentTotals()
  #compacting: Promise<unknown> = Promise.resolve()

  private constructor(deps: SegmentsDeps) {
    this.#deps = deps
    const { files, layout, guard, folder, failed } = deps
    this.#reader = new SegmentReader(deps)
    this.#lately = new RecordCache(deps.cacheBytes)
    this.#writer = new SegmentWriter({
      files,
      guard,
      folder,
      failed,
      pathOf: (name) => layout.segment(name),
      grown: (name, size) => {
        const there = this.#segments.get(name)
        this.#totals.bytes += size - (there?.size ?? 0)
        if (there !== undefined) there.size = size
        else {
          const dead = DeadRecords.none(files, layout.deadRecords(name), this.#totals.noteDead)
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
      if (stat === null && !readOnly) {
        await files.unlink(layout.deadRecords(name)).catch(() => false)
      }
      if (stat?.kind !== 'file' || name !== text) continue
      const dead = await DeadRecords.load(
        files,
        layout.deadRecords(name),
        segments.#totals.noteDead,
      )
      segments.#totals.bytes += stat.size
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

  /** Figures of the segments, and of records in memory. */
  figures(): { readonly cache: CacheFigures; readonly segments: SegmentFigures } {
    const { bytes, deadBytes, freedBytes } = this.#totals
    const segments = { files: this.#segments.size, bytes, deadBytes, freedBytes }
    return { cache: this.#lately.figures(), segments }
  }

  /** A record that is in memory, since it was opened lately; null where it is not. */
  known(ref: BlobRef): OpenBlob | null {
    const known = this.#lately.get(ref)
    if (known === null) return null
    const { segment: name, offset } = known.place
    const segment = this.#segments.get(name)
    return segment === undefined || segment.dead.has(offset) ? null : known.open
  }

  /** A record, opened as {@link read} reads it; with `isKept` it stays in memory for a while. */
  async open(ref: BlobRef, place: RecordPlace, isKept: boolean): Promise<OpenBlob | null> {
    if (isKept) this.#lately.noteMiss()
    const bytes = await this.read(ref, place)
    if (bytes === null) return null
    const open = openBytes(bytes)
    if (isKept) this.#lately.put({ ref, place, open })
    return open
  }

  /**
   * The bytes of a record, checked; null when they are missing, deleted or damaged.
   *
   * @throws RegistryError `unavailable` when the folder is gone.
   */
  async read(ref: BlobRef, place: RecordPlace): Promise<Uint8Array | null> {
    const head = headBytes(algorithmOf(ref.digest))
    const bytes = place.size === ref.size ? await this.raw(ref, place) : null
    const found = bytes === null ? null : parseHead(bytes, 0, place)
    if (bytes === null || found === null || found.digest !== ref.digest) return null
    const content = bytes.subarray(head)
    return isWhole(found, content) ? content : null
  }

  /** A record as it is on the disk, its head included, damaged or not; null when it is missing or deleted. */
  async raw(ref: BlobRef, place: RecordPlace): Promise<Uint8Array | null> {
    const segment = await this.#segmentOf(place)
    if (segment === null || segment.dead.has(place.offset)) return null
    const head = headBytes(algorithmOf(ref.digest))
    return await this.#reader.read(segment, place.offset, head + place.size)
  }

  /** Marks a record as deleted; false when it was not there. */
  async delete(ref: BlobRef, place: RecordPlace): Promise<boolean> {
    const segment = await this.#segmentOf(place)
    if (segment === null || segment.dead.has(place.offset) || place.size !== ref.size) return false
    const length = headBytes(algorithmOf(ref.digest))
    const bytes = await this.#reader.read(segment, place.offset, length)
    const found = bytes === null ? null : parseHead(bytes, 0, place)
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
      // From where a record begins: bytes in its middle may look like another.
      const from = after?.segment === segment.name ? after.offset : -1
      for await (const record of this.records(segment, Math.max(from, 0))) {
        const { offset, size, digest, committedAt } = record
        if (offset === from) continue
        const key = segmentKey({ segment: segment.name, offset, size })
        yield { key, size, committedAt, digest }
      }
    }
  }

  /** The records of a segment that were not deleted, from an offset on. */
  async *records(segment: Segment, from = 0): AsyncGenerator<FoundRecord> {
    for await (const record of this.#reader.walk(segment, from)) {
      if (!segment.dead.has(record.offset)) yield record
    }
  }

  /**
   * Whether nothing lives in a segment. What is damaged counts as alive until it is deleted; only behind
   * the last record it may be what a crash cut off.
   */
  async isSpent(segment: Segment): Promise<boolean> {
    let end = 0
    for await (const { offset, length } of this.#reader.walk(segment, 0)) {
      if (!segment.dead.has(offset) || segment.dead.endFrom(end) < offset) return false
      end = offset + length
    }
    return true
  }

  /** Copies what is left of segments that are mostly deleted, and drops them; one compaction at a time. */
  compact(move: Move | null): Promise<number> {
    const before = this.#compacting
    const compacting = before.then(() => compactSegments(this, move))
    this.#compacting = compacting.catch(() => {})
    return compacting
  }

  /** Has the next record begin a segment of its own. */
  retire(): Promise<void> {
    return this.#writer.retire()
  }

  /** Drops a segment in which nothing lives; returns how many bytes that freed. */
  async drop(segment: Segment): Promise<number> {
    const { files, layout } = this.#deps
    this.#segments.delete(segment.name)
    this.#totals.noteDropped(segment)
    await segment.dead.settle()
    // In this order: without its segment, a note of what is deleted is removed at the next start.
    await files.unlink(layout.segment(segment.name))
    await this.#reader.forget(segment)
    await files.unlink(layout.deadRecords(segment.name))
    return segment.size
  }

  /** @throws RegistryError `unavailable` when the folder is gone. */
  expectFolder(): Promise<void> {
    return this.#reader.expectFolder()
  }

  async close(): Promise<void> {
    await this.#writer.close()
    for (const { dead } of this.#segments.values()) await dead.settle()
    await this.#reader.close()
  }

  async #segmentOf(place: RecordPlace): Promise<Segment | null> {
    const segment = this.#segments.get(place.segment)
    if (segment !== undefined) return segment
    await this.#reader.expectFolder()
    return null
  }
}
