import { join, resolve } from 'node:path'
import type { KeyStore } from '../../../src/access/index.ts'
import type { NoticeSink } from '../../../src/index.ts'
import { type BlobStore, type CopiedStores, memoryStores } from '../../../src/kit.ts'
import { openBlobFolder } from '../../disk/blob-folder.ts'
import { StoreInUse } from '../../disk/lock.ts'
import { openDiskStores } from '../../disk/open-stores.ts'
import { UnfitFolder } from '../../disk/store-folder.ts'
import { CliError, exitCodes } from '../exit.ts'
import { explainStorage } from '../explain.ts'
import { expectOwnFolder } from '../folder-owner.ts'
import { beginTurn } from '../folder-turn.ts'
import { plain } from '../plain-text.ts'
import { expectStore, isStore } from '../start-over.ts'
import { wantsDatabase } from '../store-settings.ts'
import { expectRestored, HalfRestored, restoreNote } from '../stores/half-restored.ts'
import type { BytesMarker } from '../stores/same-bytes.ts'
import type { Patience } from '../stores/wait-for.ts'
import { errorOfSide, ofSide, type Place } from './place.ts'

/**
 * How a place is opened: to be written; to be read, while nothing writes it; beside a server that writes it; to be
 * looked at, which stands for empty stores where there is no store yet.
 */
export type OpenMode = 'write' | 'read' | 'running' | 'look'

/** Stores that are open. */
export interface OpenPlace {
  readonly stores: CopiedStores
  /** The same with the names of one moment, where the stores change while they are read. */
  oneMoment?(): Promise<{ readonly stores: CopiedStores; close(): Promise<void> }>
  /** What they are in, for people and without secrets: no two places may have one of them in common. */
  readonly parts: readonly string[]
  /** What a restore notes in it; null where all of it is in one folder, or in memory. */
  readonly halfRestored: HalfRestored | null
  close(): Promise<void>
}

/** What places are opened with. */
export interface OpenTools {
  readonly patience: Patience
  readonly onNotice: NoticeSink
  /** A command that can go on later, and so gives a folder to a server that starts. Default: the server has to wait. */
  readonly gives?: { readonly command: string; readonly way: () => void }
  /** Whether the place is restored to: it may be half restored then. Default: no. */
  readonly restores?: boolean
}

/**
 * Opens a place.
 *
 * @throws CliError when it cannot be opened, and what to do; StoppedWaiting.
 */
export async function openPlace(
  place: Place,
  mode: OpenMode,
  tools: OpenTools,
): Promise<OpenPlace> {
  const { stores, side } = place
  const opening = new Opening(place, mode, tools)
  try {
    if (wantsDatabase(stores)) return await opening.withDatabase()
    return await opening.withFolder()
  } catch (error) {
    await opening.close()
    throw errorOfSide(error, side)
  }
}

class Opening {
  readonly #place: Place
  readonly #mode: OpenMode
  readonly #tools: OpenTools
  /** What was opened, the last first. */
  readonly #open: Array<() => Promise<void>> = []

  constructor(place: Place, mode: OpenMode, tools: OpenTools) {
    this.#place = place
    this.#mode = mode
    this.#tools = tools
  }

  get #isRead(): boolean {
    return this.#mode === 'read' || this.#mode === 'running'
  }

  async close(): Promise<void> {
    for (const close of this.#open.splice(0)) await close().catch(() => {})
  }

  /** Names in a database, bytes in a bucket or in a folder. */
  async withDatabase(): Promise<OpenPlace> {
    const { stores: settings } = this.#place
    const { startDatabase } = await import('../stores/database.ts')
    const database = startDatabase(settings, this.#tools.patience)
    this.#open.unshift(() => database.close())
    const db = await database.opened
    const names = `the database ${database.place}`
    const half = await this.#halfRestored(db.keyStore(restoreNote), names)
    const bytes = await this.#bytes()
    await this.#pair(db.keyStore('bytes'), bytes.marker, names, bytes.place)
    const blobs = db.smallBlobs(bytes.blobs, settings.smallBlobs)
    return {
      ...this.#opened({ blobs, metadata: db.metadata }, [names, bytes.place], half),
      async oneMoment() {
        const { metadata, close } = await db.oneMoment()
        return { stores: { blobs, metadata }, close }
      },
    }
  }

  /** Names in a folder, bytes there too or in a bucket. */
  async withFolder(): Promise<OpenPlace> {
    const directory = this.#place.directory ?? ''
    const mode = this.#mode === 'look' ? 'read' : this.#mode
    if (this.#mode === 'look' && !(await isStore(directory))) {
      return this.#opened(memoryStores(), [folderName(directory)])
    }
    await this.#expectFolder(directory)
    const bucket = await this.#bucket()
    const { onNotice } = this.#tools
    const blobs = bucket === null ? {} : { blobs: bucket.blobs }
    const { fileKeyStore } = await import('../signing-keys-file.ts')
    const beside = (name: string): KeyStore =>
      fileKeyStore(join(resolve(directory), `${name}.json`))
    const half =
      bucket === null ? null : await this.#halfRestored(beside(restoreNote), folderName(directory))
    const stores = await this.#inFolder(directory, () =>
      openDiskStores({ directory, mode, onNotice, ...blobs }),
    )
    this.#open.unshift(() => stores.close())
    const names = folderName(directory)
    if (bucket === null) return this.#opened(stores, [names])
    await this.#pair(beside('bucket'), bucket.marker, names, bucket.place)
    return this.#opened(stores, [names, bucket.place], half)
  }

  #opened(
    stores: CopiedStores,
    parts: readonly string[],
    halfRestored: HalfRestored | null = null,
  ): OpenPlace {
    return { stores, parts, halfRestored, close: () => this.close() }
  }

  async #halfRestored(note: KeyStore, place: string): Promise<HalfRestored> {
    if (this.#tools.restores !== true) await expectRestored(note, place)
    return new HalfRestored(note)
  }

  async #bytes(): Promise<OpenBytes> {
    const bucket = await this.#bucket()
    if (bucket !== null) return bucket
    const directory = resolve(this.#place.directory ?? '')
    await this.#expectFolder(directory)
    const { onNotice } = this.#tools
    const readOnly = this.#mode !== 'write'
    const folder = await this.#inFolder(directory, () =>
      openBlobFolder({ directory, readOnly, onNotice }),
    )
    this.#open.unshift(() => folder.close())
    const { folderMarker } = await import('../stores/blob-files.ts')
    const { blobs } = folder
    return { blobs, place: folderName(directory), marker: folderMarker(directory) }
  }

  async #bucket(): Promise<OpenBytes | null> {
    const { openBucket } = await import('../stores/bucket.ts')
    const bucket = await openBucket(this.#place.stores, this.#tools.patience)
    if (bucket === null) return null
    this.#open.unshift(() => bucket.close())
    return { ...bucket, place: `the bucket ${bucket.place}` }
  }

  /** Sees to it that names and bytes belong together: those of a target as a server does. */
  async #pair(names: KeyStore, marker: BytesMarker, ofNames: string, bytes: string): Promise<void> {
    const { expectPair, expectSameBytes } = await import('../stores/same-bytes.ts')
    const places = { names: ofNames, bytes }
    if (this.#mode === 'write') await expectSameBytes(names, marker, places)
    else await expectPair(names, marker, places)
  }

  async #expectFolder(directory: string): Promise<void> {
    if (this.#isRead) await expectStore(directory)
    if (this.#mode === 'write') await expectOwnFolder(directory)
  }

  async #inFolder<T>(directory: string, open: () => Promise<T>): Promise<T> {
    try {
      const opened = await open()
      await this.#giveWay(directory)
      return opened
    } catch (error) {
      throw this.#explained(error, directory)
    }
  }

  /** Without a lock there is nothing to give. */
  async #giveWay(directory: string): Promise<void> {
    const { gives } = this.#tools
    if (gives === undefined || this.#mode === 'running') return
    const turn = await beginTurn(directory, gives.command)
    this.#open.unshift(() => turn.end())
    turn.wanted.addEventListener('abort', gives.way, { once: true })
  }

  #explained(error: unknown, directory: string): unknown {
    const { side } = this.#place
    const problem = (text: string): CliError => new CliError(exitCodes.problem, [text])
    if (error instanceof StoreInUse) {
      const advice =
        this.#mode !== 'read'
          ? this.#place.side === 'here'
            ? 'Stop it first, or go through it: --to and its URL'
            : 'Stop it first'
          : 'Stop it first, or start it with --read-only, or copy what is there now with --running'
      return problem(`${error.message}. ${advice}`)
    }
    if (error instanceof UnfitFolder) {
      return problem(
        this.#isRead
          ? `${error.message}`
          : `${error.message}. Choose a folder that is empty, or is not there yet`,
      )
    }
    const text = explainStorage(error, directory)
    return text === null ? error : problem(ofSide(text, side))
  }
}

interface OpenBytes {
  readonly blobs: BlobStore
  readonly place: string
  readonly marker: BytesMarker
}

/** A folder, for people. */
function folderName(directory: string): string {
  return plain(directory, 200)
}
