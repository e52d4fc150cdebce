import { Buffer } from 'node:buffer'
import { type Digest, RegistryError } from '../../../src/index.ts'
import { algorithmOf } from '../../../src/kit.ts'
import type { DirectorySync } from '../directory-sync.ts'
import { isPassing } from '../file-errors.ts'
import type { Files, OpenFile } from '../files.ts'
import type { FolderGuard } from '../folder-guard.ts'
import { freeChunk } from '../spent-chunks.ts'
import { writeAll } from '../whole-files.ts'
import { headBytes, writeRecord } from './record.ts'
import { newSegmentName, type RecordPlace, type SegmentName } from './segment-key.ts'

/** A segment takes no more records beyond this, in bytes. */
const fullSegment = 32 * 1024 * 1024
/** Records are written together up to this, in bytes; one record alone may be longer. */
const fullBatch = 1024 * 1024

/** What a {@link SegmentWriter} works with. */
export interface SegmentWriterDeps {
  readonly files: Files
  readonly guard: FolderGuard
  readonly pathOf: (name: SegmentName) => string
  /** Syncs of the folder of the segments. */
  readonly folder: DirectorySync
  /** Told of each failed write; returns what the caller is to be told of it. */
  readonly failed: (error: unknown) => unknown
  /** Told how long a segment is now, all of it durable. */
  readonly grown: (name: SegmentName, size: number) => void
}

/** A record that waits to be written. */
interface Waiting {
  readonly digest: Digest
  readonly chunks: readonly Uint8Array[]
  readonly size: number
  readonly length: number
  readonly resolve: (place: RecordPlace) => void
  readonly reject: (error: unknown) => void
}

/** The segment that records are appended to. */
interface Current {
  readonly name: SegmentName
  readonly path: string
  readonly file: OpenFile
  /** Bytes that are durable. */
  size: number
  /** Whether its name in the folder is durable. */
  isNamed: boolean
}

/**
 * Appends records to a segment, many with one write and one sync: what arrives while a batch is being
 * written goes into the next.
 */
export class SegmentWriter {
  readonly #deps: SegmentWriterDeps
  #waiting: Waiting[] = []
  #writing: Promise<void> | null = null
  #batchUnderWay: Promise<void> | null = null
  #current: Current | null = null
  #buffer: Buffer = Buffer.alloc(0)

  constructor(deps: SegmentWriterDeps) {
    this.#deps = deps
  }

  /** The segment that is written to; null before the first record. */
  get current(): SegmentName | null {
    return this.#current?.name ?? null
  }

  /**
   * Adds a record, and owns its chunks; it outlives power loss when it resolves.
   *
   * @throws RegistryError `storageFull`, `unavailable`: nothing was added, and it may be tried again.
   * @throws Error when the sync failed: the bytes are lost.
   */
  append(digest: Digest, chunks: readonly Uint8Array[], size: number): Promise<RecordPlace> {
    return new Promise((resolve, reject) => {
      const length = headBytes(algorithmOf(digest)) + size
      this.#waiting.push({ digest, chunks, size, length, resolve, reject })
      // Not at once, so that records of the same turn share a batch.
      this.#writing ??= Promise.resolve().then(() => this.#drain())
    })
  }

  /** Has the next batch begin a segment of its own; waits for the one that is being written. */
  async retire(): Promise<void> {
    const file = this.#current?.file
    this.#current = null
    await this.#batchUnderWay
    await file?.close().catch(() => {})
  }

  /** Waits for what is being written, and closes the segment. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    await this.#retire()
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      let length = 0
      let count = 0
      for (const each of this.#waiting) {
        if (count > 0 && length + each.length > fullBatch) break
        length += each.length
        count += 1
      }
      const batch = this.#waiting.slice(0, count)
      this.#waiting = this.#waiting.slice(count)
      this.#batchUnderWay = this.#write(batch, length)
      await this.#batchUnderWay
    }
    this.#writing = null
  }

  async #write(batch: readonly Waiting[], length: number): Promise<void> {
    let current: Current
    const places: Array<readonly [offset: number, waiting: Waiting]> = []
    try {
      current = await this.#open(length)
      await this.#writeBytes(current, this.#fill(current, batch, length, places))
      await this.#sync(current)
    } catch (error) {
      for (const { reject } of batch) reject(error)
      return
    }
    current.size += length
    this.#deps.grown(current.name, current.size)
    for (const [offset, { size, resolve }] of places) {
      resolve({ segment: current.name, offset, size })
    }
  }

  /** The segment to write to, a new one where the last has no room for so many bytes. */
  async #open(length: number): Promise<Current> {
    const { files, guard, pathOf, folder, failed } = this.#deps
    const there = this.#current
    if (there !== null && there.size + length <= fullSegment && this.#isNamed(there)) return there
    await this.#retire()
    try {
      // Opened first: once the file is there, only the sync may fail.
      await folder.open()
      const name = newSegmentName(Date.now())
      const path = pathOf(name)
      const file = await files.open(path, 'create')
      this.#current = { name, path, file, size: 0, isNamed: false }
      return this.#current
    } catch (error) {
      throw failed(await guard.explain(error))
    }
  }

  #fill(
    current: Current,
    batch: readonly Waiting[],
    length: number,
    places: Array<readonly [offset: number, waiting: Waiting]>,
  ): Uint8Array {
    if (this.#buffer.byteLength < length) this.#buffer = Buffer.allocUnsafeSlow(roundUp(length))
    const now = Date.now()
    let end = 0
    for (const waiting of batch) {
      const { digest, chunks } = waiting
      const place = { segment: current.name, offset: current.size + end }
      places.push([place.offset, waiting])
      end = writeRecord(this.#buffer, end, place, digest, now, chunks, algorithmOf(digest))
      for (const chunk of chunks) freeChunk(chunk)
    }
    return this.#buffer.subarray(0, end)
  }

  /** A write that fails for lack of room is taken back; after any other the segment is left. */
  async #writeBytes(current: Current, bytes: Uint8Array): Promise<void> {
    const { failed, guard } = this.#deps
    try {
      await writeAll(current.file, [bytes], current.size)
    } catch (error) {
      if (!isPassing(error)) {
        await this.#retire()
        throw failed(await guard.explain(error))
      }
      await current.file.truncate(current.size).catch(() => this.#retire())
      throw failed(error)
    }
  }

  /**
   * Nothing tells which bytes a failed sync lost, and it is never tried again: no record follows in
   * that segment. Likewise where a restart would not find the file that was written.
   */
  async #sync(current: Current): Promise<void> {
    const { failed, folder } = this.#deps
    try {
      await current.file.datasync()
      await this.#deps.guard.verify()
      if (!this.#isNamed(current)) throw movedAway(current.path)
    } catch (error) {
      await this.#retire()
      failed(error)
      if (error instanceof RegistryError) throw error
      throw new Error('the bytes of the upload could not be synced, and are lost', { cause: error })
    }
    if (current.isNamed) return
    try {
      await folder.sync()
    } catch (error) {
      await this.#retire()
      throw error
    }
    current.isNamed = true
  }

  /** Whether a restart would find the file that is written to. */
  #isNamed({ path, file }: Current): boolean {
    return this.#deps.files.statNow(path)?.identity === file.identity
  }

  async #retire(): Promise<void> {
    const file = this.#current?.file
    this.#current = null
    await file?.close().catch(() => {})
  }
}

function movedAway(path: string): RegistryError {
  const message = `${path}: is gone, or is another file than the one that was opened`
  const cause = Object.assign(new Error(message), { code: 'ENOENT' })
  return new RegistryError('unavailable', { cause })
}

function roundUp(length: number): number {
  let size = 128 * 1024
  while (size < length) size *= 2
  return size
}
