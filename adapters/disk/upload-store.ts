import { type NoticeSink, parseUploadId, RegistryError, type UploadId } from '../../src/index.ts'
import {
  type SessionCaps,
  SessionTable,
  type UploadSession,
  type UploadStore,
} from '../../src/kit.ts'
import { isGone, writeError } from './file-errors.ts'
import type { Files } from './files.ts'
import type { FolderGuard } from './folder-guard.ts'
import type { Layout } from './layout.ts'
import { longestSession, parseSession, sessionText } from './session-file.ts'
import type { StoreHealth } from './store-health.ts'
import type { BlobPlace } from './store-marker.ts'
import { readText, writeAll } from './whole-files.ts'

/** Files read or written at the same time at start and at close. */
const atOnce = 16
/** Sessions without bytes that a restart keeps: the ones used last. */
const keptEmpty = 1000
/**
 * A session found at start does not expire for ten minutes, however old its file says it is: the wall
 * clock may have jumped since the file was written, and its client may be about to go on.
 */
const graceMs = 10 * 60 * 1000
/** What this store leaves in its folder: bytes, a session, or a session not yet in place. */
const ownName = /^([0-9a-f-]{36})(\.json(?:\.[0-9]+\.new)?)?$/

/** What {@link DiskUploadStore} needs. */
export interface DiskUploadDeps {
  readonly files: Files
  readonly layout: Layout
  readonly guard: FolderGuard
  readonly health: StoreHealth
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  readonly onNotice: NoticeSink
  /** Changes with every start of the machine; null where that cannot be told. */
  readonly boot: string | null
  /** Where the bytes of the uploads are. */
  readonly blobs: BlobPlace
  readonly readOnly: boolean
}

/**
 * Upload sessions, kept in memory and, once they have acknowledged bytes, in a file each. Those
 * files are not synced: they outlive the process, and after power loss the digest decides.
 *
 * How long a session was idle outlives the process too: it is what the clock said when the session was
 * saved and what it says at start, never less than nothing, and see {@link graceMs}.
 */
export class DiskUploadStore implements UploadStore {
  readonly #deps: DiskUploadDeps
  readonly #table: SessionTable
  /** Sessions that have a file. */
  readonly #written: Set<UploadId> = new Set()
  #saves = 0
  #closed: Promise<void> | null = null

  private constructor(deps: DiskUploadDeps) {
    this.#deps = deps
    this.#table = new SessionTable(deps.clock)
  }

  /** Takes up the sessions an earlier process left whole, and removes what belongs to none. */
  static async open(deps: DiskUploadDeps): Promise<DiskUploadStore> {
    const store = new DiskUploadStore(deps)
    await store.#load()
    return store
  }

  /** Sessions that are open. */
  get size(): number {
    return this.#table.size
  }

  /** @throws RegistryError `storageReadOnly`, `unavailable` when its bytes could not be kept. */
  async create(session: UploadSession, caps: SessionCaps): Promise<boolean> {
    this.#expectWritable()
    await this.#deps.health.expectWritable()
    const { created, evicted } = this.#table.create(session, caps)
    for (const session of evicted) await this.#forgetFiles(session)
    return created
  }

  async find(id: UploadId, idleMs: number): Promise<UploadSession | null> {
    return this.#table.find(id, idleMs)
  }

  async claim(
    id: UploadId,
    holder: string,
    ttlMs: number,
    idleMs: number,
  ): Promise<UploadSession | 'busy' | null> {
    return this.#table.claim(id, holder, ttlMs, idleMs)
  }

  async renew(id: UploadId, holder: string, ttlMs: number): Promise<'held' | 'wanted' | 'lost'> {
    return this.#table.renew(id, holder, ttlMs)
  }

  /** @throws as {@link Files} does; the session is then as it was, and still claimed. */
  async save(session: UploadSession, holder: string): Promise<boolean> {
    this.#expectWritable()
    const { id, offset, committed } = session
    if (offset === 0 && committed === null && !this.#written.has(id)) {
      return this.#table.save(session, holder)
    }
    // The claim must not run out between the file and the table, or they would differ.
    if (!this.#table.pin(id, holder)) return false
    try {
      await this.#write(session, this.#deps.clock())
      return this.#table.save(session, holder)
    } finally {
      this.#table.unpin(id, holder)
    }
  }

  async release(id: UploadId, holder: string): Promise<void> {
    this.#table.release(id, holder)
  }

  /** @throws as {@link Files} does; the session is then as it was, and still claimed. */
  async remove(id: UploadId, holder: string): Promise<boolean> {
    if (!this.#table.pin(id, holder)) return false
    try {
      if (this.#written.has(id)) await this.#deps.files.unlink(this.#deps.layout.session(id))
      this.#written.delete(id)
      return this.#table.remove(id, holder)
    } finally {
      this.#table.unpin(id, holder)
    }
  }

  async stagedBytes(): Promise<number> {
    return this.#table.bytes
  }

  async expired(idleMs: number, limit: number): Promise<readonly UploadSession[]> {
    return this.#table.expired(idleMs, limit)
  }

  /** @throws RegistryError `unavailable` when the folder is gone. */
  async check(): Promise<void> {
    const { files, layout, guard } = this.#deps
    await guard.verify()
    if ((await files.stat(layout.uploads)) !== null) return
    throw new RegistryError('unavailable', { cause: isGone(layout.uploads) })
  }

  /** Writes the newest sessions without bytes too, so that a restart ends none that is in use. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    if (this.#deps.readOnly) return
    const now = this.#deps.clock()
    const unwritten = [...this.#table.all()].filter(({ session }) => !this.#written.has(session.id))
    try {
      await inTurns(unwritten.slice(-keptEmpty), ({ session, idleMs }) =>
        this.#write(session, now - idleMs),
      )
    } catch (error) {
      // They have no bytes: their clients begin again. The end itself must not fail for that.
      this.#deps.onNotice({
        kind: 'background-failure',
        task: 'keeping upload sessions',
        error,
        retried: false,
      })
    }
  }

  #expectWritable(): void {
    if (this.#deps.readOnly) throw new RegistryError('storageReadOnly')
  }

  /** Puts a session's file in place. */
  async #write(session: UploadSession, savedAt: number): Promise<void> {
    const { files, layout, guard, boot, health } = this.#deps
    const bytes = sessionText({ session, savedAt }, boot)
    const path = layout.session(session.id)
    this.#saves++
    const fresh = `${path}.${this.#saves}.new`
    try {
      const file = await files.open(fresh, 'create')
      try {
        await writeAll(file, [bytes], 0)
      } finally {
        await file.close()
      }
      await files.rename(fresh, path)
    } catch (error) {
      await files.unlink(fresh).catch(() => false)
      const failure = writeError(await guard.explain(error))
      health.failed('uploads', failure)
      throw failure
    }
    health.wrote('uploads')
    this.#written.add(session.id)
  }

  /** What cannot be removed now belongs to no session, and goes when the store is opened next. */
  async #forgetFiles({ id, stage }: UploadSession): Promise<void> {
    const { files, layout } = this.#deps
    if (this.#written.delete(id)) await files.unlink(layout.session(id)).catch(() => false)
    if (stage !== null) await files.unlink(layout.staged(id)).catch(() => false)
  }

  async #load(): Promise<void> {
    const { files, layout, readOnly } = this.#deps
    if (readOnly && (await files.stat(layout.uploads)) === null) return
    const ids: Set<UploadId> = new Set()
    for await (const name of files.list(layout.uploads)) {
      const [, text = '', kind] = ownName.exec(name) ?? []
      const id = parseUploadId(text)
      if (id === null) continue
      if (kind === undefined || kind === '.json') ids.add(id)
      else if (!readOnly) await files.unlink(`${layout.uploads}/${name}`)
    }
    await inTurns([...ids], (id) => this.#loadOne(id))
  }

  async #loadOne(id: UploadId): Promise<void> {
    const { files, layout, boot, clock, onNotice, readOnly } = this.#deps
    const path = layout.session(id)
    const text = await readText(files, path, longestSession).catch(() => '')
    const record = text === null ? null : parseSession(text, boot)
    if (record !== null && record.session.id === id && (await this.#hasBytes(record.session))) {
      this.#table.restore(record.session, Math.max(clock() - record.savedAt, 0), graceMs)
      this.#written.add(id)
      return
    }
    if (readOnly) return
    if (text !== null) {
      const file = `uploads/${id}.json`
      const detail = 'an upload session without its bytes was dropped: its client starts again'
      onNotice({ kind: 'store-recovered', file, detail })
    }
    await files.unlink(path)
    await files.unlink(layout.staged(id))
  }

  async #hasBytes({ id, stage, committed }: UploadSession): Promise<boolean> {
    const { files, layout, blobs } = this.#deps
    if (stage === null || committed !== null || blobs === 'elsewhere') return true
    const stat = await files.stat(layout.staged(id))
    return stat !== null && stat.kind === 'file' && stat.size >= stage.size
  }
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
