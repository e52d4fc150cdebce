import { RegistryError, type UploadId } from '../../src/index.ts'
import {
  type SessionCaps,
  SessionTable,
  type StagedBytes,
  type UploadFigures,
  type UploadSession,
  type UploadStore,
} from '../../src/kit.ts'
import { isGone } from './file-errors.ts'
import { findSessions, type SessionFilesDeps } from './session-files.ts'
import { SessionLog, type SessionLogDeps } from './session-log.ts'

/** Sessions without bytes that a restart keeps: the ones used last. */
const keptEmpty = 1000
/**
 * A session found at start does not expire for ten minutes, however old its file says it is: the wall
 * clock may have jumped since the file was written, and its client may be about to go on.
 */
const graceMs = 10 * 60 * 1000

/** What {@link DiskUploadStore} needs. */
export interface DiskUploadDeps extends SessionFilesDeps, SessionLogDeps {
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/**
 * Upload sessions, kept in memory and, once they have acknowledged bytes, in a file. That file
 * is not synced: sessions outlive the process, and after power loss the digest decides.
 *
 * How long a session was idle outlives the process too: it is what the clock said when the session was
 * saved and what it says at start, never less than nothing, and see {@link graceMs}.
 */
export class DiskUploadStore implements UploadStore {
  readonly #deps: DiskUploadDeps
  readonly #table: SessionTable
  readonly #log: SessionLog
  #closed: Promise<void> | null = null

  private constructor(deps: DiskUploadDeps) {
    this.#deps = deps
    this.#table = new SessionTable(deps.clock)
    this.#log = new SessionLog(deps)
  }

  /** Takes up the sessions an earlier process left whole, and removes what belongs to none. */
  static async open(deps: DiskUploadDeps): Promise<DiskUploadStore> {
    const store = new DiskUploadStore(deps)
    const { records, newest, clear } = await findSessions(deps)
    for (const { session, savedAt } of records) {
      store.#table.restore(session, Math.max(deps.clock() - savedAt, 0), graceMs)
    }
    if (deps.readOnly) return store
    await store.#log.begin(records, newest)
    await clear()
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
    for (const session of evicted) await this.#forget(session)
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
    if (offset === 0 && committed === null && !this.#log.has(id)) {
      return this.#table.save(session, holder)
    }
    // The claim must not run out between the file and the table, or they would differ.
    if (!this.#table.pin(id, holder)) return false
    try {
      await this.#log.write({ session, savedAt: this.#deps.clock() })
      return this.#table.save(session, holder)
    } finally {
      this.#table.unpin(id, holder)
    }
  }

  async release(id: UploadId, holder: string): Promise<void> {
    this.#table.release(id, holder)
  }

  async remove(id: UploadId, holder: string): Promise<boolean> {
    if (!this.#table.pin(id, holder)) return false
    try {
      await this.#log.remove(id)
      return this.#table.remove(id, holder)
    } finally {
      this.#table.unpin(id, holder)
    }
  }

  async stagedBytes(owner: string | null): Promise<StagedBytes> {
    return this.#table.stagedBytes(owner)
  }

  async figures(): Promise<UploadFigures> {
    return this.#table.figures()
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
    const unwritten = [...this.#table.all()].filter(({ session }) => !this.#log.has(session.id))
    try {
      const latest = unwritten.slice(-keptEmpty)
      await Promise.all(
        latest.map(({ session, idleMs }) => this.#log.write({ session, savedAt: now - idleMs })),
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
    await this.#log.close()
  }

  /** Bytes that cannot be removed now belong to no session, and go when the store is opened next. */
  async #forget({ id, stage }: UploadSession): Promise<void> {
    const { files, layout } = this.#deps
    await this.#log.remove(id)
    if (stage !== null) await files.unlink(layout.staged(id)).catch(() => false)
  }

  #expectWritable(): void {
    if (this.#deps.readOnly) throw new RegistryError('storageReadOnly')
  }
}
