import { isUnwritable } from './file-errors.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import { type FolderLock, lockFolder, preferredLock } from './lock.ts'
import { readOrigin, writeOrigin } from './origin.ts'
import {
  createStore,
  type FolderKind,
  inspectFolder,
  makeFolders,
  makeWithParents,
  UnfitFolder,
} from './store-folder.ts'
import {
  type BlobPlace,
  type LockKind,
  type NamePlace,
  newestFormat,
  readMarker,
  type StoreMarker,
  writeMarker,
} from './store-marker.ts'

/** How {@link takeFolder} takes a folder. */
export interface FolderWish {
  /** Where the caller keeps the bytes. */
  readonly place: BlobPlace
  /** Where the caller keeps the names. Default: here. */
  readonly names?: NamePlace
  readonly readOnly: boolean
  /** Whether a reader takes no lock, and makes no store where there is none. */
  readonly unlocked?: boolean
  /** Which lock a new store gets. */
  readonly wanted?: LockKind | undefined
}

/**
 * Locks a folder and makes sure that it is a store of the newest format.
 *
 * @throws as `openDiskStore`.
 */
export async function takeFolder(
  files: Files,
  layout: Layout,
  wish: FolderWish,
): Promise<FolderLock> {
  // Looked at before anything is made, so that a folder of something else stays as it is.
  const found = await inspectFolder(files, layout)
  if (wish.unlocked) return await readUnlocked(files, layout, found, wish)
  if (wish.readOnly && found === 'fresh') await makeToRead(files, layout, wish)
  if (!wish.readOnly) await makeWithParents(files, layout.root)
  const marker = await readMarker(files, layout)
  if (marker !== null) expectPlaces(layout, marker, wish)
  const kind = marker?.lock ?? wish.wanted ?? preferredLock()
  const lock = await lockFolder(files, layout, kind, wish.readOnly ? 'shared' : 'alone')
  try {
    // Again, since the store may have been made while this process waited for the lock.
    const made = await readMarker(files, layout)
    if (made !== null && made.lock !== lock.kind) {
      await lock.release()
      return await takeFolder(files, layout, wish)
    }
    if (made !== null) expectPlaces(layout, made, wish)
    if (!wish.readOnly) await prepare(files, layout, lock, made, wish)
    return lock
  } catch (error) {
    await lock.release().catch(() => {})
    throw error
  }
}

/** A store that others may write, as it is. */
async function readUnlocked(
  files: Files,
  layout: Layout,
  found: FolderKind,
  wish: FolderWish,
): Promise<FolderLock> {
  const marker = found === 'store' ? await readMarker(files, layout) : null
  if (marker === null) throw new UnfitFolder(layout.root, 'holds no store')
  expectPlaces(layout, marker, wish)
  const nothing = async (): Promise<void> => {}
  return { kind: marker.lock, lockMarker: nothing, isHeld: async () => true, release: nothing }
}

/** Makes the store that a reader finds missing. */
async function makeToRead(files: Files, layout: Layout, wish: FolderWish): Promise<void> {
  try {
    const lock = await takeFolder(files, layout, { ...wish, readOnly: false })
    await lock.release()
  } catch (error) {
    if (!isUnwritable(error)) throw error
    throw new UnfitFolder(layout.root, 'holds no store, and none can be made there')
  }
}

/** Makes the store, or what it lacks; one of an older format becomes one of the newest. */
async function prepare(
  files: Files,
  layout: Layout,
  lock: FolderLock,
  marker: StoreMarker | null,
  { place, names = 'here' }: FolderWish,
): Promise<void> {
  if ((await inspectFolder(files, layout)) === 'fresh') {
    await createStore(files, layout, lock.kind, place, names)
    await lock.lockMarker()
    return
  }
  await makeFolders(files, layout, place)
  if (marker === null || marker.format === newestFormat) return
  // A store that did not note where it is: were it a copy, its own server could not have told either.
  if ((await readOrigin(files, layout)) === 'unknown') await writeOrigin(files, layout)
  // Before anything of the new format is written, so that an older version refuses the store.
  await writeMarker(files, layout, { ...marker, format: newestFormat })
  await lock.lockMarker()
}

/** Names or bytes that are left out of what is opened would count as lost, and those of the other as garbage. */
function expectPlaces(layout: Layout, marker: StoreMarker, wish: FolderWish): void {
  const { place, names = 'here' } = wish
  if (marker.names !== names) {
    throw new UnfitFolder(
      layout.root,
      names === 'here'
        ? 'the names of this store are in a database, as store.json says: open it with that (--database of layerdock serve)'
        : 'this store keeps its names in its own folder: open it without a database, or move it there with layerdock copy',
    )
  }
  if (marker.blobs === place) return
  throw new UnfitFolder(
    layout.root,
    place === 'here'
      ? 'this store keeps its bytes in a blob store of the program that made it, as store.json says: ' +
          'open it with that blob store (the option `blobs`, or --bucket of layerdock serve)'
      : 'this store keeps its bytes in its own folder: open it without another blob store (the option `blobs`, or ' +
          '--bucket of layerdock serve), or move it there with layerdock copy',
  )
}
