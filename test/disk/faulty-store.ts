import type { DiskStore } from '../../adapters/disk/store.ts'
import type { Digest, Notice } from '../../src/index.ts'
import { type BlobRef, newUploadId } from '../../src/kit.ts'
import { sampleDigest } from '../../src/testing/index.ts'
import { FaultFiles } from './fault-files.ts'
import { openStore, temporaryFolder } from './temporary.ts'

/** A store whose files can fail, with what it told. */
export interface FaultyStore {
  readonly store: DiskStore
  readonly files: FaultFiles
  readonly directory: string
  readonly notices: Notice[]
}

/**
 * Opens a {@link FaultyStore} in which each blob is a file, unless a limit for segments is given; its
 * calls are counted from then on.
 */
export async function faultyStore(segmentLimit = -1): Promise<FaultyStore> {
  const directory = await temporaryFolder()
  const files = new FaultFiles(directory)
  const notices: Notice[] = []
  const store = await openStore({
    directory,
    files,
    segmentLimit,
    onNotice: (notice) => notices.push(notice),
  })
  files.calls.length = 0
  return { store, files, directory, notices }
}

/** The digest of blobs that need no other. */
export const digest: Digest = sampleDigest(1)

/** Stages and commits bytes. */
export async function put(
  store: DiskStore,
  bytes: Uint8Array,
  as: Digest = digest,
): Promise<BlobRef> {
  const staged = await store.blobs.stage(newUploadId(), {})
  await staged.write(bytes)
  return await staged.commit(as)
}

/** A key of format 1, which other names in the folder look like. */
export function plainKey(of: Digest): string {
  return `blobs/${of.replace(':', '/')}`
}
