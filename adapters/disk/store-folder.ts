import { dirname, join } from 'node:path'
import { StoreDamaged } from '../../src/kit.ts'
import { syncDirectory } from './directory-sync.ts'
import type { Files } from './files.ts'
import { blobAlgorithms, type Layout } from './layout.ts'
import { readOrigin, writeOrigin } from './origin.ts'
import {
  type BlobPlace,
  type LockKind,
  type NamePlace,
  newestFormat,
  readMarker,
  writeMarker,
} from './store-marker.ts'

export {
  type BlobPlace,
  type LockKind,
  type NamePlace,
  readMarker,
  type StoreMarker,
  StoreTooNew,
} from './store-marker.ts'

/** What a folder is before it is opened. */
export type FolderKind = 'store' | 'fresh'

/** A folder is not a store, and cannot become one as it is. */
export class UnfitFolder extends Error {
  override readonly name = 'UnfitFolder'
  /** The folder, or what stands in the place of one. */
  readonly path: string
  /** What is wrong with it. */
  readonly problem: string

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`)
    this.path = path
    this.problem = problem
  }
}

/** Where a restore puts a store before it is whole. */
export const restoringName = '.restoring'
/** What is wrong with a folder that has it, and no marker. */
export const halfRestored =
  'is only half restored: run the same layerdock restore again, and it goes on'

/** What an operating system puts into a folder by itself. */
const foreignNames = new Set(['lost+found', '.DS_Store'])

/**
 * Whether a folder is a store, or may become one: it is absent, empty, or holds no more than what
 * was begun before a crash. Makes nothing.
 *
 * @throws UnfitFolder for a folder of other things, and where a symbolic link or a file stands in
 *   place of a folder.
 * @throws StoreDamaged for a store that lost its marker or its blobs.
 */
export async function inspectFolder(files: Files, layout: Layout): Promise<FolderKind> {
  const folders = foldersOf(layout, 'here')
  for (const path of [layout.root, ...folders]) {
    const kind = (await files.stat(path))?.kind ?? 'directory'
    if (kind !== 'directory') throw new UnfitFolder(path, 'is not a folder')
  }
  if ((await files.stat(layout.root)) === null) return 'fresh'
  const marker = await readMarker(files, layout)
  if (marker !== null) {
    if (marker.blobs === 'elsewhere' || (await files.stat(layout.blobs)) !== null) return 'store'
    throw new StoreDamaged(layout.blobs, 'is gone')
  }
  await expectFresh(files, layout)
  return 'fresh'
}

/**
 * Makes a store in a fresh folder. The marker comes last: where it stands, a journal stood too, so
 * a store that lost its names can be told from a new one. One whose names are elsewhere has none.
 */
export async function createStore(
  files: Files,
  layout: Layout,
  lock: LockKind,
  blobs: BlobPlace = 'here',
  names: NamePlace = 'here',
): Promise<void> {
  await makeFolders(files, layout, blobs)
  if (names === 'here') {
    const journal = await files.open(layout.journal(0), 'ensure')
    try {
      await journal.datasync()
    } finally {
      await journal.close()
    }
  }
  await syncDirectory(files, layout.root)
  if ((await readOrigin(files, layout)) === 'unknown') await writeOrigin(files, layout)
  await writeMarker(files, layout, { format: newestFormat, lock, blobs, names })
}

/** Makes those folders of a store that a backup may have left out because they were empty. */
export async function makeFolders(
  files: Files,
  layout: Layout,
  blobs: BlobPlace = 'here',
): Promise<void> {
  for (const path of foldersOf(layout, blobs)) {
    if (await files.makeDirectory(path)) await syncDirectory(files, dirname(path))
  }
}

/** Makes a folder with its parents, each durable before what is in it. */
export async function makeWithParents(files: Files, path: string): Promise<void> {
  if ((await files.stat(path)) !== null) return
  await makeWithParents(files, dirname(path))
  if (await files.makeDirectory(path)) await syncDirectory(files, dirname(path))
}

function foldersOf(layout: Layout, blobs: BlobPlace): readonly string[] {
  const others = [layout.uploads, layout.quarantine]
  if (blobs === 'elsewhere') return others
  const byAlgorithm = blobAlgorithms.map((algorithm) => layout.blobFolder(algorithm))
  return [layout.blobs, ...byAlgorithm, layout.segments, ...others]
}

async function expectFresh(files: Files, layout: Layout): Promise<void> {
  const ours = new Set([
    'lock',
    'blobs',
    'segments',
    'uploads',
    'quarantine',
    'store.json.new',
    'origin',
    'origin.new',
    'journal.0',
    // Signing keys and API tokens, which may be made before the store.
    'access',
  ])
  // First of all: what was moved to its place already looks like a store that lost its marker.
  if (await isHalfRestored(files, layout)) throw new UnfitFolder(layout.root, halfRestored)
  for await (const name of files.list(layout.root)) {
    if (foreignNames.has(name) || ours.has(name) || name.startsWith('lock.')) continue
    const kept = /^(?:metadata|journal)\./.test(name)
    throw kept ? markerLost(layout) : foreign(layout, name)
  }
  const journal = await files.stat(layout.journal(0))
  if (journal !== null && journal.size > 0) throw markerLost(layout)
  const folders = blobAlgorithms.map((algorithm) => layout.blobFolder(algorithm))
  for (const folder of [...folders, layout.segments]) {
    if ((await files.stat(folder)) === null) continue
    for await (const _ of files.list(folder)) throw markerLost(layout)
  }
}

/** Whether a restore was interrupted, or is under way. */
export async function isHalfRestored(files: Files, layout: Layout): Promise<boolean> {
  if ((await files.stat(layout.marker)) !== null) return false
  return (await files.stat(join(layout.root, restoringName))) !== null
}

function markerLost(layout: Layout): StoreDamaged {
  return new StoreDamaged(layout.marker, 'is gone, though the folder holds a store')
}

function foreign(layout: Layout, name: string): UnfitFolder {
  const problem = `holds ${JSON.stringify(name)} and no store.json, so it is not a store`
  return new UnfitFolder(layout.root, problem)
}
