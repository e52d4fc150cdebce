import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Files, OpenFile } from './files.ts'
import { type LockMode, takeFlock } from './flock.ts'
import { identityNow } from './identity.ts'
import type { Layout } from './layout.ts'
import type { LockKind } from './store-marker.ts'

/** A folder that is ours alone, or that we may read. */
export interface FolderLock {
  readonly kind: LockKind
  /**
   * Locks `store.json` too, after it was made or replaced. The file `lock` can be removed by hand, which
   * would let another process in; without `store.json` there is no store.
   *
   * @throws StoreInUse when another process has it.
   */
  lockMarker(): Promise<void>
  /** Whether the folder is still the one that was locked, and still locked. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** Something that is held until it is released. */
export interface HeldLock {
  /** Whether it still keeps others out. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** A folder is in use by another process. */
export class StoreInUse extends Error {
  override readonly name = 'StoreInUse'
  /** The folder. */
  readonly directory: string

  constructor(directory: string) {
    super(`${directory}: another Layerdock is using this folder`)
    this.directory = directory
  }
}

/**
 * A holder that was just killed may take a moment to be gone, and two that start at once may refuse
 * each other: hence several attempts, and still an answer within a second.
 */
const patienceMs = 300
const pauseMs = 50

/** The lock a new store gets: flock, where its program is installed. */
export function preferredLock(): LockKind {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, 'flock'))) ? 'flock' : 'socket'
}

/**
 * Takes a folder for this process, until it is released or the process ends, in whatever way. Readers
 * share it (`shared`), make no file, and go without a lock where none can be had.
 *
 * @throws StoreInUse, well within a second, when another process, or another store of this one, has it.
 */
export async function lockFolder(
  files: Files,
  layout: Layout,
  kind: LockKind,
  mode: LockMode = 'alone',
): Promise<FolderLock> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const first = await takeFirst(files, layout, kind, mode)
    if (first !== null) {
      const lock = new HeldFolder(files, layout, kind, mode, first)
      if (await lock.tryMarker()) return lock
      await lock.release()
    }
    if (performance.now() > deadline) throw new StoreInUse(layout.root)
    await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())))
  }
}

class HeldFolder implements FolderLock {
  readonly kind: LockKind
  readonly #files: Files
  readonly #layout: Layout
  readonly #mode: LockMode
  readonly #first: HeldLock
  #marker: OpenFile | null = null
  #identity: string | null = null

  constructor(files: Files, layout: Layout, kind: LockKind, mode: LockMode, first: HeldLock) {
    this.#files = files
    this.#layout = layout
    this.kind = kind
    this.#mode = mode
    this.#first = first
  }

  /** False when another process has the marker. One that is not there needs no lock. */
  async tryMarker(): Promise<boolean> {
    const { marker } = this.#layout
    if ((await this.#files.stat(marker)) === null) return true
    const file = await this.#takeMarker(marker)
    if (file === null) return false
    await this.#marker?.close()
    this.#marker = file
    this.#identity = file.identity
    return true
  }

  async lockMarker(): Promise<void> {
    if (!(await this.tryMarker())) throw new StoreInUse(this.#layout.root)
  }

  async isHeld(): Promise<boolean> {
    // The open file keeps its identity from being given to another.
    const identity = identityNow(this.#files, this.#layout.marker)
    if (identity === null || identity !== this.#identity) return false
    return await this.#first.isHeld()
  }

  async release(): Promise<void> {
    await this.#marker?.close()
    await this.#first.release()
  }

  #takeMarker(path: string): Promise<OpenFile | null> {
    if (this.kind === 'socket') return this.#files.open(path, 'read')
    if (this.#mode === 'alone') return takeFlock(this.#files, path, 'alone', 'write')
    return takeFlock(this.#files, path, 'shared', 'read').catch(() =>
      this.#files.open(path, 'read'),
    )
  }
}

/** The lock beside the marker; null when another process has it. */
async function takeFirst(
  files: Files,
  layout: Layout,
  kind: LockKind,
  mode: LockMode,
): Promise<HeldLock | null> {
  if (mode === 'shared') return await takeToRead(files, layout, kind)
  if (kind === 'socket') {
    // Loaded for those who need it, with the runtime's `node:net`.
    const { takeSocketLock } = await import('./socket-lock.ts')
    return await takeSocketLock(files, layout)
  }
  return fileLock(await takeFlock(files, layout.lock, 'alone', 'ensure'))
}

async function takeToRead(files: Files, layout: Layout, kind: LockKind): Promise<HeldLock | null> {
  if (kind === 'socket') {
    const { isSocketLocked } = await import('./socket-lock.ts')
    return (await isSocketLocked(files, layout)) ? null : noLock
  }
  if ((await files.stat(layout.lock)) === null) return noLock
  try {
    return fileLock(await takeFlock(files, layout.lock, 'shared', 'read'))
  } catch {
    return noLock
  }
}

const noLock: HeldLock = { isHeld: async () => true, release: async () => {} }

/** The marker is locked too, so it does not matter whether this file keeps its name. */
function fileLock(file: OpenFile | null): HeldLock | null {
  return file === null ? null : { isHeld: async () => true, release: () => file.close() }
}
