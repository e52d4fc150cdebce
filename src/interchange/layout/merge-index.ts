import { mediaTypes } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { annotationKeys } from './layout-index.ts'
import { nameOfEntry } from './layout-names.ts'

/** An entry of an `index.json` that we write. */
export interface IndexEntry {
  readonly mediaType: string
  readonly digest: string
  /** In bytes. */
  readonly size: number
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * An `index.json` with these entries, and with those of the one before it that are of other repositories and have
 * other names.
 *
 * @param before an index that was read without a fault
 */
export function mergeIndex(
  before: Uint8Array | null,
  entries: readonly IndexEntry[],
  isReplaced: (repository: RepositoryName) => boolean,
): Uint8Array {
  const document = before === null ? {} : JSON.parse(new TextDecoder().decode(before))
  const names = new Set(entries.flatMap((entry) => refNameOf(entry) ?? []))
  const digests = new Set(entries.map(({ digest }) => digest))
  const kept = (document.manifests ?? []).filter((entry: IndexEntry) => {
    const annotations = new Map(Object.entries(entry.annotations ?? {}))
    const { repository } = nameOfEntry({ ...entry, annotations })
    if (repository !== null && isReplaced(repository)) return false
    const name = refNameOf(entry)
    return name === null ? !digests.has(entry.digest) : !names.has(name)
  })
  const index = {
    ...document,
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [...kept, ...entries],
  }
  return new TextEncoder().encode(JSON.stringify(index))
}

function refNameOf({ annotations }: IndexEntry): string | null {
  return annotations?.[annotationKeys.refName] ?? null
}
