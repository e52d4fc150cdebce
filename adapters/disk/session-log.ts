import { type NoticeSink, RegistryError, type UploadId } from '../../src/index.ts'
import { writeError } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { FolderGuard } from './folder-guard.ts'
import { identityNow } from './identity.ts'
import type { Layout } from './layout.ts'
import type { SessionRecord } from './session-file.ts'
import { goneLine, sessionLine } from './session-lines.ts'
import type { StoreHealth } from './store-health.ts'
import { writeAll } from './whole-files.ts'

/** Lines are written together up to this, in bytes. */
const fullBatch = 4 * 1024 * 1024
/** A file below this is not rewritten, in bytes. */
const leastRewrite = 1024 * 1024
/** It is once it has this many times the bytes of the sessions that are open. */
const rewriteAt = 4

/** What {@link SessionLog} needs. */
export interface SessionLogDeps {
  readonly files: Files
  readonly layout: Layout
  readonly guard: FolderGuard
  readonly health: StoreHealth
  readonly onNotice: NoticeSink
  /** Changes with every start of the machine; null where that cannot be told. */
  readonly boot: string | null
}

interface Waiting {
  readonly line: Uint8Array
  /** Called once the line is written, before anything else is. */
  readonly written: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Live {
  readonly record: SessionRecord
  readonly bytes: number
}

/**
 * Upload sessions in one file: each change is a line at its end, many with one write, and none is synced.
 * So a session outlives the process, and not always the machine. Now and then the file is rewritten
 * with the sessions that are open.
 */
export class SessionLog {
  readonly #deps: SessionLogDeps
  readonly #live: Map<UploadId, Live> = new Map()
  #liveBytes = 0
  #number = 0
  #file: OpenFile | null = null
  #size = 0
  #waiting: Waiting[] = []
  #writing: Promise<void> | null = null

  constructor(deps: SessionLogDeps) {
    this.#deps = deps
  }

  /** Whether a session is in the log. */
  has(id: UploadId): boolean {
    return this.#live.has(id)
  }

  /**
   * Notes a session as it is now.
   *
   * @throws as {@link Files} does; the log is then as it was.
   */
  async write(record: SessionRecord): Promise<void> {
    const line = sessionLine(record, this.#deps.boot)
    await this.#append(line, () => this.#keep(record, line.byteLength))
  }

  /**
   * Notes that a session has ended. A note that cannot be written is left out: a full disk still has to
   * end sessions, and one that comes back at the next start expires.
   */
  async remove(id: UploadId): Promise<void> {
    if (!this.#drop(id)) return
    await this.#append(goneLine(id), () => {}).catch(() => {})
  }

  /**
   * Begins with what an earlier process left, in a file of its own.
   *
   * @param number of the newest file there is
   */
  async begin(records: readonly SessionRecord[], number: number): Promise<void> {
    this.#number = number
    for (const record of records) {
      this.#keep(record, sessionLine(record, this.#deps.boot).byteLength)
    }
    if (records.length > 0) await this.#rewrite()
  }

  /** Waits for what is being written. A log without sessions leaves no file. */
  async close(): Promise<void> {
    await this.#writing
    const file = this.#file
    this.#file = null
    await file?.close()
    if (file !== null && this.#live.size === 0) {
      await this.#deps.files.unlink(this.#path(this.#number)).catch(() => false)
    }
  }

  #keep(record: SessionRecord, bytes: number): void {
    const { id } = record.session
    this.#drop(id)
    this.#live.set(id, { record, bytes })
    this.#liveBytes += bytes
  }

  #drop(id: UploadId): boolean {
    this.#liveBytes -= this.#live.get(id)?.bytes ?? 0
    return this.#live.delete(id)
  }

  #append(line: Uint8Array, written: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, written, resolve, reject })
      // Not at once, so that lines of the same turn share a write.
      this.#writing ??= Promise.resolve().then(() => this.#drain())
    })
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      let bytes = 0
      let count = 0
      for (const { line } of this.#waiting) {
        if (count > 0 && bytes + line.byteLength > fullBatch) break
        bytes += line.byteLength
        count += 1
      }
      const batch = this.#waiting.slice(0, count)
      this.#waiting = this.#waiting.slice(count)
      await this.#write(batch, bytes)
    }
    this.#writing = null
  }

  async #write(batch: readonly Waiting[], bytes: number): Promise<void> {
    const { health } = this.#deps
    try {
      const isFull = this.#size > leastRewrite && this.#size > rewriteAt * this.#liveBytes
      const file = this.#file === null || isFull ? await this.#rewrite() : this.#file
      const lines = batch.map(({ line }) => line)
      await this.#writeLines(file, lines)
      this.#size += bytes
    } catch (error) {
      const failure = await this.#explained(error)
      for (const { reject } of batch) reject(failure)
      return
    }
    health.wrote('uploads')
    for (const { written } of batch) written()
    for (const { resolve } of batch) resolve()
  }

  /** What was written in part must not pass for whole, should the process end before the next line. */
  async #writeLines(file: OpenFile, lines: readonly Uint8Array[]): Promise<void> {
    const { files, guard } = this.#deps
    try {
      await writeAll(file, lines, this.#size)
    } catch (error) {
      await file.truncate(this.#size).catch(() => {})
      throw error
    }
    await guard.verify()
    if (identityNow(files, this.#path(this.#number)) === file.identity) return
    await this.#leave()
    const message = `${this.#path(this.#number)}: is gone, or is another file than the one that was opened`
    throw new RegistryError('unavailable', { cause: new Error(message) })
  }

  /** Begins a file with the sessions that are open; the one before it goes once that is written. */
  async #rewrite(): Promise<OpenFile> {
    const { files, boot } = this.#deps
    const before = this.#number
    const path = this.#path(before + 1)
    await files.unlink(path)
    const file = await files.open(path, 'create')
    let size = 0
    try {
      for (const { record } of this.#live.values()) {
        const line = sessionLine(record, boot)
        await writeAll(file, [line], size)
        size += line.byteLength
      }
    } catch (error) {
      await file.close().catch(() => {})
      await files.unlink(path).catch(() => false)
      throw error
    }
    await this.#leave()
    this.#number = before + 1
    this.#file = file
    this.#size = size
    // One that stays is read before the newer one at the next start, and changes nothing.
    if (before > 0) await files.unlink(this.#path(before)).catch(() => false)
    return file
  }

  async #leave(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close().catch(() => {})
  }

  async #explained(error: unknown): Promise<unknown> {
    const { guard, health } = this.#deps
    const failure = writeError(await guard.explain(error))
    health.failed('uploads', failure)
    return failure
  }

  #path(number: number): string {
    return this.#deps.layout.sessions(number)
  }
}
