import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Files } from './files.ts'
import { takeFlock } from './flock.ts'
import type { Layout } from './layout.ts'
import { takeSocketLock } from './socket-lock.ts'
import type { LockKind } from './store-folder.ts'

/** A folder that is ours alone. */
export interface FolderLock {
  readonly kind: LockKind
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
 * each other: so several attempts, and still an answer within a second.
 */
const patienceMs = 300
const pauseMs = 50

/** The lock a new store gets: flock, where its program is installed. */
export function preferredLock(): LockKind {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, 'flock'))) ? 'flock' : 'socket'
}

/**
 * Takes a folder for this process, until it lets go or dies, in whatever way.
 *
 * @throws StoreInUse, well within a second, when another process, or another store of this one, has it.
 */
export async function lockFolder(
  files: Files,
  layout: Layout,
  kind: LockKind,
): Promise<FolderLock> {
  const take = kind === 'flock' ? takeFlock : takeSocketLock
  return { kind, release: await insist(layout, () => take(files, layout)) }
}

/**
 * Takes a folder that is locked with flock to read it, together with others who do.
 *
 * @throws StoreInUse, well within a second, when a process has it to write.
 */
export async function lockToRead(files: Files, layout: Layout): Promise<FolderLock> {
  return { kind: 'flock', release: await insist(layout, () => takeFlock(files, layout, 'shared')) }
}

type Release = () => Promise<void>

async function insist(layout: Layout, take: () => Promise<Release | null>): Promise<Release> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const release = await take()
    if (release !== null) return release
    if (performance.now() > deadline) throw new StoreInUse(layout.root)
    await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())))
  }
}
