import type { DigestAlgorithm, RegistryError } from '../../src/index.ts'
import { DirectorySync } from './directory-sync.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'

/** Syncs of the folders that hold the bytes of blobs. */
export type FolderSyncs = Readonly<Record<DigestAlgorithm | 'segments', DirectorySync>>

/** @param onFailure told once, of the sync that failed */
export function folderSyncs(
  files: Files,
  layout: Layout,
  onFailure: (failure: RegistryError, error: unknown) => void,
): FolderSyncs {
  const syncOf = (folder: string): DirectorySync => new DirectorySync(files, folder, onFailure)
  return {
    sha256: syncOf(layout.blobFolder('sha256')),
    sha512: syncOf(layout.blobFolder('sha512')),
    segments: syncOf(layout.segments),
  }
}
