import type { RepositoryName, Tag } from '../../index.ts'
import type {
  BlobRef,
  ManifestChange,
  ManifestRecord,
  MetadataStore,
  Page,
  PageRequest,
} from '../../kit.ts'
import { type ContractCase, equals, holds } from '../contract.ts'
import { repositoryNamed, sampleDigest } from '../samples.ts'

/** Makes a fresh, empty metadata store. The case closes it. */
export type MetadataStoreMaker = () => MetadataStore | Promise<MetadataStore>

/** A case of the metadata store's contract. */
export type MetadataStoreCase = ContractCase<MetadataStoreMaker>

/** A case that needs one store. */
export function metadataCase(
  name: string,
  body: (store: MetadataStore) => Promise<void>,
): MetadataStoreCase {
  return {
    name,
    async run(make) {
      const store = await make()
      try {
        await body(store)
      } finally {
        await store.close()
      }
    },
  }
}

/** When the leases of the cases end, in milliseconds since the epoch. */
export const leaseEnd = 2_000_000_000_000

/** Repositories of the cases. */
export const here: RepositoryName = repositoryNamed('here')
export const there: RepositoryName = repositoryNamed('there')

/** A blob as a store might have committed it; other keys are other copies of it. */
export function blobOf(number: number, key = `first/${number}`): BlobRef {
  return { digest: sampleDigest(number), size: 100 + number, key }
}

/** A manifest without subject and references, unless `changes` say otherwise. */
export function manifestOf(number: number, changes: Partial<ManifestRecord> = {}): ManifestRecord {
  const blob = blobOf(number)
  return {
    digest: blob.digest,
    size: blob.size,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    blob,
    references: [],
    ...changes,
  }
}

/** Records a manifest that nothing stands against. */
export async function record(
  store: MetadataStore,
  repository: RepositoryName,
  manifest: ManifestRecord,
  tags: readonly Tag[] = [],
): Promise<void> {
  const change: ManifestChange = { record: manifest, tags, requires: [] }
  equals((await store.putManifest(repository, change)).kind, 'stored', 'recording a manifest')
}

/** Every name, in pages of `limit`. */
export async function allPages<T extends string>(
  read: (page: PageRequest) => Promise<Page<T> | null>,
  limit: number,
): Promise<T[]> {
  const all: T[] = []
  let after: string | undefined
  for (;;) {
    const page = await read(after === undefined ? { limit } : { after, limit })
    holds(page !== null, 'there is a list')
    holds(page.items.length <= limit, 'a page is no longer than its limit')
    for (const item of page.items) {
      holds(after === undefined || item > after, `after ${after} does not come ${item}`)
      all.push(item)
    }
    if (!page.more) return all
    const last = page.items.at(-1)
    holds(last !== undefined, 'a page that more follow after has items')
    after = last
  }
}
