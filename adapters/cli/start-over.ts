import { join, resolve } from 'node:path'
import type { NoticeSink } from '../../src/index.ts'
import { type BlobRef, openMetadata, StoreDamaged } from '../../src/kit.ts'
import type { Files } from '../disk/files.ts'
import { journalGeneration, type Layout, layoutOf } from '../disk/layout.ts'
import { lockFolder, preferredLock } from '../disk/lock.ts'
import { nodeFiles } from '../disk/node-files.ts'
import { writeOrigin } from '../disk/origin.ts'
import { Quarantine } from '../disk/quarantine.ts'
import { openDiskStore } from '../disk/store.ts'
import {
  createStore,
  halfRestored,
  isHalfRestored,
  makeFolders,
  readMarker,
  type StoreMarker,
} from '../disk/store-folder.ts'
import { CliError, exitCodes } from './exit.ts'

/**
 * Moves everything that holds names to quarantine and makes a store without names of what is left.
 * When it is interrupted, the store is as damaged as before, and the command can be run again.
 *
 * @returns the new places of what was moved
 * @throws CliError when the folder is not a store; StoreInUse; StoreTooNew, with nothing changed.
 */
export function startEmpty(directory: string): Promise<readonly string[]> {
  return alone(directory, async (files, layout, marker) => {
    const place = marker?.blobs ?? 'here'
    await makeFolders(files, layout, place)
    const quarantine = new Quarantine(files, layout, Date.now)
    const moved: string[] = []
    for (const path of await namesFiles(files, layout)) moved.push(await quarantine.move(path))
    const isThere = (await files.stat(layout.marker)) !== null
    if (marker === null && isThere) moved.push(await quarantine.move(layout.marker))
    await createStore(files, layout, marker?.lock ?? preferredLock(), place)
    return moved
  })
}

/**
 * Writes `store.json` again where it is lost or damaged; what was there is kept in quarantine.
 *
 * @throws CliError when the folder is not a store, or its marker is whole; StoreInUse; StoreTooNew, with
 *   nothing changed.
 */
export function restoreMarker(directory: string): Promise<void> {
  return alone(directory, async (files, layout, marker) => {
    if (marker !== null) {
      const problem = 'store.json is whole, so writing it again would not help; nothing was changed'
      throw new CliError(exitCodes.problem, [`${directory}: ${problem}`])
    }
    if ((await namesFiles(files, layout)).length === 0) {
      const problem = 'the files of the names are gone too; nothing was changed'
      throw new CliError(exitCodes.problem, [`${directory}: ${problem}`])
    }
    await makeFolders(files, layout)
    if ((await files.stat(layout.marker)) !== null) {
      await new Quarantine(files, layout, Date.now).move(layout.marker)
    }
    // It makes an empty first journal where there is none, which must not pass for the real one.
    const hadFirst = (await files.stat(layout.journal(0))) !== null
    await createStore(files, layout, preferredLock())
    if (!hadFirst) await files.unlink(layout.journal(0))
  })
}

/**
 * Takes a copied folder as it is: notes which bytes are missing, so that no client is told that they are there and a
 * push brings them back, and then that the folder belongs where it is.
 *
 * @returns how many blobs and manifests lack their bytes
 * @throws StoreDamaged where its names do not fit each other; StoreInUse; StoreTooNew.
 */
export async function acceptCopy(directory: string, onNotice: NoticeSink): Promise<number> {
  const lacking: BlobRef[] = []
  const store = await openDiskStore({
    directory,
    onNotice,
    onLacking: (blob) => lacking.push(blob),
  })
  try {
    const metadata = await openMetadata({ log: store.log, onNotice })
    for (const blob of lacking) await metadata.markMissing(blob)
    await metadata.close()
    await writeOrigin(nodeFiles, layoutOf(store.status().directory))
  } finally {
    await store.close()
  }
  return lacking.length
}

/** The seal of a journal, moved away. */
export interface DroppedSeal {
  /** Where it is now, below the store's folder. */
  readonly place: string
  putBack(): Promise<void>
}

/**
 * Moves the seal of the journal to quarantine, so that the store opens with what is whole of its names.
 *
 * @throws CliError when the folder is no store, or has no seal; StoreInUse; StoreTooNew.
 */
export function dropSeal(directory: string): Promise<DroppedSeal> {
  return alone(directory, async (files, layout) => {
    if ((await files.stat(layout.seal)) === null) {
      const problem = 'the end of the journal is not what is wrong here; nothing was changed'
      throw new CliError(exitCodes.problem, [`${directory}: ${problem}`])
    }
    await makeFolders(files, layout)
    const place = await new Quarantine(files, layout, Date.now).move(layout.seal)
    return { place, putBack: () => files.rename(join(layout.root, place), layout.seal) }
  })
}

/** @throws CliError when the folder is half restored, or nothing in it says that it is, or was, a store. */
export async function expectStore(directory: string): Promise<void> {
  if (await isHalfRestored(nodeFiles, layoutOf(resolve(directory)))) {
    throw new CliError(exitCodes.problem, [`${directory}: ${halfRestored}`])
  }
  if (await isStore(directory)) return
  const problem =
    'is not a store: neither store.json nor the files of the names nor blobs are there'
  throw new CliError(exitCodes.problem, [`${directory}: ${problem}`])
}

/** Whether something in the folder says that it is, or was, a store. */
export async function isStore(directory: string): Promise<boolean> {
  const layout = layoutOf(resolve(directory))
  const ours = [layout.marker, layout.blobs, ...(await namesFiles(nodeFiles, layout))]
  for (const path of ours) if ((await nodeFiles.stat(path)) !== null) return true
  return false
}

/** Works on a store's folder while no other process has it. */
async function alone<T>(
  directory: string,
  work: (files: Files, layout: Layout, marker: StoreMarker | null) => Promise<T>,
): Promise<T> {
  await expectStore(directory)
  const layout = layoutOf(resolve(directory))
  const marker = await wholeMarker(nodeFiles, layout)
  if (marker?.names === 'elsewhere') {
    const problem = 'the names of this store are in a database; nothing was changed'
    throw new CliError(exitCodes.problem, [`${directory}: ${problem}`])
  }
  const lock = await lockFolder(nodeFiles, layout, marker?.lock ?? preferredLock())
  try {
    return await work(nodeFiles, layout, marker)
  } finally {
    await lock.release()
  }
}

/** What the marker says; null when it is lost or damaged. */
async function wholeMarker(files: Files, layout: Layout): Promise<StoreMarker | null> {
  try {
    return await readMarker(files, layout)
  } catch (error) {
    if (error instanceof StoreDamaged) return null
    throw error
  }
}

/** The files that hold names and are there. */
async function namesFiles(files: Files, layout: Layout): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of [layout.snapshot, layout.previousSnapshot, layout.seal]) {
    if ((await files.stat(path)) !== null) found.push(path)
  }
  if ((await files.stat(layout.root)) === null) return found
  for await (const name of files.list(layout.root)) {
    const generation = journalGeneration(name)
    if (generation !== null) found.push(layout.journal(generation))
  }
  return found
}
