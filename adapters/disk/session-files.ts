import { type NoticeSink, parseUploadId, type UploadId } from '../../src/index.ts'
import type { UploadSession } from '../../src/kit.ts'
import { writeError } from './file-errors.ts'
import type { Files } from './files.ts'
import type { FolderGuard } from './folder-guard.ts'
import type { Layout } from './layout.ts'
import { longestSession, parseSession, type SessionRecord, sessionText } from './session-file.ts'
import type { StoreHealth } from './store-health.ts'
import type { BlobPlace } from './store-marker.ts'
import { readText, writeAll } from './whole-files.ts'

/** Files read or written at the same time at start and at close. */
const atOnce = 16
/** What a store leaves in its folder: bytes, a session, or a session not yet in place. */
const ownName = /^([0-9a-f-]{36})(\.json(?:\.[0-9]+\.new)?)?$/

/** What {@link SessionFiles} needs. */
export interface SessionFilesDeps {
  readonly files: Files
  readonly layout: Layout
  readonly guard: FolderGuard
  readonly health: StoreHealth
  readonly onNotice: NoticeSink
  /** Changes with every start of the machine; null where that cannot be told. */
  readonly boot: string | null
  /** Where the bytes of the uploads are. */
  readonly blobs: BlobPlace
  readonly readOnly: boolean
}

/** The file of each upload session that has one. */
export class SessionFiles {
  readonly #deps: SessionFilesDeps
  readonly #written: Set<UploadId> = new Set()
  #saves = 0

  constructor(deps: SessionFilesDeps) {
    this.#deps = deps
  }

  /** Whether a session has a file. */
  has(id: UploadId): boolean {
    return this.#written.has(id)
  }

  /**
   * Puts a session's file in place.
   *
   * @throws as {@link Files} does; the file is then as it was.
   */
  async write(record: SessionRecord): Promise<void> {
    const { files, layout, guard, boot, health } = this.#deps
    const { id } = record.session
    const bytes = sessionText(record, boot)
    const path = layout.session(id)
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
    this.#written.add(id)
  }

  /** @throws as {@link Files} does; the file may then still be there. */
  async remove(id: UploadId): Promise<void> {
    const { files, layout } = this.#deps
    if (this.#written.has(id)) await files.unlink(layout.session(id))
    this.#written.delete(id)
  }

  /** What cannot be removed now belongs to no session, and goes when the store is opened next. */
  async forget({ id, stage }: UploadSession): Promise<void> {
    const { files, layout } = this.#deps
    if (this.#written.delete(id)) await files.unlink(layout.session(id)).catch(() => false)
    if (stage !== null) await files.unlink(layout.staged(id)).catch(() => false)
  }

  /** Finds the sessions an earlier process left whole, and removes what belongs to none. */
  async load(found: (record: SessionRecord) => void): Promise<void> {
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
    await inTurns([...ids], (id) => this.#loadOne(id, found))
  }

  async #loadOne(id: UploadId, found: (record: SessionRecord) => void): Promise<void> {
    const { files, layout, boot, onNotice, readOnly } = this.#deps
    const path = layout.session(id)
    const text = await readText(files, path, longestSession).catch(() => '')
    const record = text === null ? null : parseSession(text, boot)
    if (record !== null && record.session.id === id && (await this.#hasBytes(record.session))) {
      this.#written.add(id)
      found(record)
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

/** Does the same work for each item, for sixteen at a time. */
export async function inTurns<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
