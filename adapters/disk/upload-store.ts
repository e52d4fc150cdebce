import { type EventSink, parseUploadId, type UploadId } from '../../src/index.ts'
import type { SessionCaps, UploadSession, UploadStore } from '../../src/kit.ts'
import { writeError } from './file-errors.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import { parseSession, sessionText } from './session-file.ts'
import { SessionTable } from './session-table.ts'
import type { StoreHealth } from './store-health.ts'
import { readText, writeAll } from './whole-files.ts'

/** Files read or written at once at start and at close. */
const atOnce = 16
const longestSession = 64 * 1024
/** What this store leaves in its folder: bytes, a session, or a session not yet in place. */
const ownName = /^([0-9a-f-]{36})(\.json(?:\.[0-9]+\.new)?)?$/

/** Parts of {@link DiskUploadStore}. */
export interface DiskUploadDeps {
  readonly files: Files
  readonly layout: Layout
  readonly clock: () => number
  readonly events: EventSink
  readonly health: StoreHealth
  /** Changes with every start of the machine; null where that cannot be told. */
  readonly boot: string | null
}

/**
 * Upload sessions, kept in memory and, once they have acknowledged bytes, in a file each. Those
 * files are not synced: they outlive the process, and after power loss the digest decides.
 */
export class DiskUploadStore implements UploadStore {
  readonly #deps: DiskUploadDeps
  readonly #table: SessionTable
  /** Sessions that have a file. */
  readonly #written: Set<UploadId> = new Set()
  #saves = 0

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

  /** A store that knows of no session, and changes none of those in the folder. */
  static withoutSessions(deps: DiskUploadDeps): DiskUploadStore {
    return new DiskUploadStore(deps)
  }

  /** Sessions that are open. */
  get size(): number {
    return this.#table.size
  }

  /** @throws RegistryError `storageReadOnly`, `unavailable` when its bytes could not be kept. */
  async create(session: UploadSession, caps: SessionCaps): Promise<boolean> {
    await this.#deps.health.expectWritable()
    if (!this.#table.hasRoom(session.principal, caps)) return false
    this.#table.add(session)
    return true
  }

  async find(id: UploadId): Promise<UploadSession | null> {
    return this.#table.get(id)
  }

  async claim(id: UploadId, holder: string, ttlMs: number): Promise<UploadSession | 'busy' | null> {
    return this.#table.claim(id, holder, ttlMs)
  }

  /** @throws as {@link Files} does; the session is then as it was, and free. */
  async save(session: UploadSession, holder: string): Promise<boolean> {
    const { id } = session
    if (!this.#table.isHeldBy(id, holder)) return false
    if (session.offset > 0 || this.#written.has(id)) {
      // The claim must not run out between the file and the table, or they would differ.
      this.#table.claim(id, holder, Number.POSITIVE_INFINITY)
      try {
        if (!(await this.#write(session))) return false
      } finally {
        this.#table.release(id, holder)
      }
    }
    this.#table.replace(session)
    return true
  }

  async release(id: UploadId, holder: string): Promise<void> {
    this.#table.release(id, holder)
  }

  async remove(id: UploadId): Promise<boolean> {
    const there = this.#table.remove(id)
    if (this.#written.delete(id)) await this.#deps.files.unlink(this.#deps.layout.session(id))
    return there
  }

  async stagedBytes(): Promise<number> {
    return this.#table.bytes
  }

  async expired(before: number, limit: number): Promise<readonly UploadSession[]> {
    return this.#table.expired(before, limit)
  }

  /** Writes those sessions too that have no bytes yet, so that a restart ends none. */
  async close(): Promise<void> {
    const unwritten = this.#table.values().filter((session) => !this.#written.has(session.id))
    await inTurns(unwritten, async (session) => {
      await this.#write(session)
    })
  }

  /** Puts a session's file in place; false when the session was removed meanwhile. */
  async #write(session: UploadSession): Promise<boolean> {
    const { health } = this.#deps
    try {
      const there = await this.#writeFile(session)
      health.wrote('uploads')
      return there
    } catch (error) {
      const failure = writeError(error)
      health.failed('uploads', failure)
      throw failure
    }
  }

  async #writeFile(session: UploadSession): Promise<boolean> {
    const { files, layout, boot } = this.#deps
    const path = layout.session(session.id)
    this.#saves++
    const fresh = `${path}.${this.#saves}.new`
    const file = await files.open(fresh, 'create')
    try {
      try {
        await writeAll(file, [new TextEncoder().encode(sessionText(session, boot))], 0)
      } finally {
        await file.close()
      }
      await files.rename(fresh, path)
    } catch (error) {
      await files.unlink(fresh).catch(() => false)
      throw error
    }
    if (this.#table.get(session.id) === null) {
      await files.unlink(path)
      return false
    }
    this.#written.add(session.id)
    return true
  }

  async #load(): Promise<void> {
    const { files, layout } = this.#deps
    const ids: Set<UploadId> = new Set()
    for await (const name of files.list(layout.uploads)) {
      const [, text = '', kind] = ownName.exec(name) ?? []
      const id = parseUploadId(text)
      if (id === null) continue
      if (kind === undefined || kind === '.json') ids.add(id)
      else await files.unlink(`${layout.uploads}/${name}`)
    }
    await inTurns([...ids], (id) => this.#loadOne(id))
  }

  async #loadOne(id: UploadId): Promise<void> {
    const { files, layout, boot, events } = this.#deps
    const path = layout.session(id)
    const text = await readText(files, path, longestSession).catch(() => '')
    const session = text === null ? null : parseSession(text, boot)
    if (session !== null && session.id === id && (await this.#hasBytes(session))) {
      this.#table.add(session)
      this.#written.add(id)
      return
    }
    if (text !== null) {
      const file = `uploads/${id}.json`
      const detail = 'an upload session without its bytes was dropped: its client starts again'
      events({ kind: 'store-recovered', file, detail })
    }
    await files.unlink(path)
    await files.unlink(layout.staged(id))
  }

  async #hasBytes(session: UploadSession): Promise<boolean> {
    if (session.stage === null) return true
    const stat = await this.#deps.files.stat(this.#deps.layout.staged(session.id))
    return stat !== null && stat.kind === 'file' && stat.size >= session.stage.size
  }
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
