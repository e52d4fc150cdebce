import type { Digest, RepositoryName, Tag } from '../../index.ts'
import type {
  BlobRef,
  ManifestChange,
  ManifestOutcome,
  ManifestRecord,
  MetadataStore,
  Page,
  PageRequest,
  RemovedManifest,
  RepositoryCounts,
  StoredKey,
} from '../../kit.ts'
import { type ContractCase, equals, holds, type Need, type StorePlace } from '../contract.ts'
import { repositoryNamed, sampleDigest } from '../samples.ts'

/** Where a store's names are kept, so that what one left behind can be opened by the next. */
export interface MetadataPlace extends StorePlace<MetadataStore> {
  /** Lets `ms` milliseconds pass by the clock that leases are held against. Needed for `clock`. */
  advance?(ms: number): void | Promise<void>
}

/** Makes a place in which nothing was ever kept. */
export type MetadataStoreMaker = () => MetadataPlace | Promise<MetadataPlace>

/** A case of the metadata store's contract. */
export type MetadataStoreCase = ContractCase<MetadataStoreMaker>

/** A place as cases use it: what it opened is closed in the end. */
export interface CasePlace {
  open(): Promise<MetadataStore>
  advance(ms: number): Promise<void>
}

/** A case that needs one store. */
export function metadataCase(
  name: string,
  body: (store: MetadataStore) => Promise<void>,
): MetadataStoreCase {
  return placeCase(name, [], async (place) => body(await place.open()))
}

/** A case that opens stores by itself. */
export function placeCase(
  name: string,
  needs: readonly Need[],
  body: (place: CasePlace) => Promise<void>,
): MetadataStoreCase {
  return {
    name,
    needs,
    async run(make) {
      const place = await make()
      const opened: MetadataStore[] = []
      try {
        await body({
          async open() {
            const store = await place.open()
            opened.push(store)
            return store
          },
          async advance(ms) {
            await place.advance?.(ms)
          },
        })
      } finally {
        for (const store of opened) await store.close()
      }
    },
  }
}

/** A lease that is over at once, in milliseconds. */
export const over = 0
/** A lease that does not end during a case, in milliseconds. */
export const long = 3_600_000

/** Repositories of the cases. */
export const here: RepositoryName = repositoryNamed('here')
export const there: RepositoryName = repositoryNamed('there')

/** A blob as a store might have committed it; other keys are other copies of it. */
export function blobOf(number: number, key = `first/${number}`): BlobRef {
  return { digest: sampleDigest(number), size: 100 + number, key }
}

/** A record as it is put. */
export type PutRecord = ManifestChange['record']

/** A manifest without subject and references, unless `changes` say otherwise. */
export function manifestOf(number: number, changes: Partial<PutRecord> = {}): PutRecord {
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

/** What was put of a record that is found: all but what the store notes by itself. */
export function putOf(record: ManifestRecord | null): PutRecord | null {
  if (record === null) return null
  const { pushedAt, untaggedAt: _, pulledAt: __, pushedBy: ___, contentSize: ____, ...put } = record
  holds(Number.isSafeInteger(pushedAt) && pushedAt >= 0, 'a manifest has the time of its push')
  return put
}

/** Records a manifest that nothing stands against. */
export async function record(
  store: MetadataStore,
  repository: RepositoryName,
  manifest: PutRecord,
  tags: readonly Tag[] = [],
): Promise<ManifestOutcome & { kind: 'stored' }> {
  const change: ManifestChange = { record: manifest, tags, requires: [], immutable: [] }
  const outcome = await store.putManifest(repository, change)
  holds(outcome.kind === 'stored', 'a manifest that nothing stands against is recorded')
  return outcome
}

/** Deletes a manifest that nothing keeps; what went, or null when it was not there. */
export async function removed(
  store: MetadataStore,
  repository: RepositoryName,
  digest: Digest,
  leaseMs: number,
): Promise<RemovedManifest | null> {
  const outcome = await store.deleteManifest(repository, digest, { leaseMs })
  holds(outcome?.kind !== 'kept', 'a manifest that nothing keeps is removed')
  return outcome
}

/** What a repository holds, its bytes aside, which not every store counts. */
export function countsOf(counts: RepositoryCounts | null): RepositoryCounts | null {
  if (counts === null) return null
  const { manifests, tags, blobs } = counts
  return { manifests, tags, blobs }
}

/** Condemns all that can be and ends it; its digests, sorted. */
export async function collect(store: MetadataStore): Promise<Digest[]> {
  const found: Digest[] = []
  for (;;) {
    const condemned = await store.condemn(100)
    for (const blob of condemned) {
      await store.forget(blob)
      found.push(blob.digest)
    }
    if (condemned.length === 0) return found.sort()
    holds(found.length < 10_000, 'what was forgotten is not condemned again')
  }
}

/** Every item, in pages of `limit`, each after the name of the last. */
export async function allPages<T>(
  read: (page: PageRequest) => Promise<Page<T> | null>,
  limit: number,
  nameOf: (item: T) => string = String,
): Promise<T[]> {
  const all: T[] = []
  let after: string | undefined
  for (;;) {
    const page = await read(after === undefined ? { limit } : { after, limit })
    holds(page !== null, 'there is a list')
    holds(page.items.length <= limit, 'a page is no longer than its limit')
    for (const item of page.items) {
      const name = nameOf(item)
      holds(after === undefined || name > after, `after ${after} does not come ${name}`)
      after = name
      all.push(item)
    }
    if (!page.more) return all
    holds(page.items.length > 0, 'a page that more follow after has items')
  }
}

/** Checks what pages of every kind have in common; `names` are those of all items, sorted. */
export async function checkPages<T>(
  read: (page: PageRequest) => Promise<Page<T> | null>,
  names: readonly string[],
  nameOf: (item: T) => string,
): Promise<void> {
  for (const limit of [1, 2, names.length, names.length + 1]) {
    const all = await allPages(read, limit, nameOf)
    equals(all.map(nameOf), names, `in pages of ${limit}`)
  }
  const [first = ''] = names
  const after = async (name: string): Promise<string[] | undefined> =>
    (await read({ after: name, limit: 100 }))?.items.map(nameOf)
  equals(await after(first), names.slice(1), 'after the first')
  equals(await after(`${first}!`), names.slice(1), 'after a name that is not there')
  equals(await after(names.at(-1) ?? ''), [], 'after the last')
  equals((await read({ limit: 0 }))?.items, [], 'none')
}

/** Whether a store knows the key of a digest. */
export async function isKnown(store: MetadataStore, blob: StoredKey): Promise<boolean | undefined> {
  return (await store.knowsKeys([blob]))[0]
}
