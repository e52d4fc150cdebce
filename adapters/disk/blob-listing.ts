import type { StoredBytes } from '../../src/kit.ts'
import { parseBlobKey } from './blob-key.ts'
import type { Files } from './files.ts'
import { blobAlgorithms, type Layout } from './layout.ts'
import { firstNames } from './sorted-listing.ts'

/** The files of large blobs after a key, in the order of their keys, a part of a folder at a time. */
export async function* listBlobFiles(
  { files, layout }: { readonly files: Files; readonly layout: Layout },
  after: string,
): AsyncGenerator<StoredBytes> {
  for (const algorithm of blobAlgorithms) {
    const folder = `blobs/${algorithm}/`
    let last = nameAfter(after, folder)
    while (last !== null) {
      const names = await firstNames(files.list(layout.blobFolder(algorithm)), last)
      for (const name of names) {
        const parsed = parseBlobKey(folder + name)
        const stat = parsed === null ? null : await files.stat(layout.blob(parsed.key))
        if (parsed === null || stat === null || stat.kind !== 'file') continue
        const { key, digest } = parsed
        yield { key, size: stat.size, committedAt: stat.changedAt, digest }
      }
      last = names.at(-1) ?? null
    }
  }
}

/** Where in a folder the names after a key begin; null when none do. */
function nameAfter(key: string, folder: string): string | null {
  if (key.startsWith(folder)) return key.slice(folder.length)
  return key < folder ? '' : null
}
