import type { BlobRef } from '../../src/ports/blob-store.ts'
import type { MetadataStore, OutboxEntry } from '../../src/ports/metadata-store.ts'
import { blobOf, digests, repositories, subjects } from './samples.ts'

/** The highest copy of a digest that histories make. */
export const lastCopy = 9

/** Every sample digest under every key that histories give it. */
export const copies: readonly BlobRef[] = digests.flatMap((digest) =>
  Array.from({ length: lastCopy + 1 }, (_, copy) => blobOf(digest, copy)),
)

/** Everything a store lets one read of the sample names. */
export async function observe(store: MetadataStore): Promise<unknown> {
  const page = { limit: 1000 }
  const known = await store.knowsKeys(copies)
  const missing = (await store.listMissing(1000)).blobs.map(({ key }) => key)
  return {
    pullsSince: await store.pullsSince?.(),
    outbox: (await store.outbox?.list(page))?.items.map(lastingFacts),
    trash: (await store.listTrash?.(page))?.items,
    repositories: (await store.listRepositories(page)).items,
    known: copies.filter((_, index) => known[index]).map(({ key }) => key),
    missing: missing.sort(),
    with: await mapAsync(digests, async (digest) =>
      [...(await store.repositoriesWith(digest, 1000))].sort(),
    ),
    each: await mapAsync(repositories, async (name) => {
      const counts = await store.countRepository(name)
      if (counts === null) return { name, counts }
      const tags = (await store.listTagRecords(name, page))?.items ?? []
      return {
        name,
        counts,
        tags,
        resolved: await mapAsync(tags, ({ tag }) => store.resolveTag(name, tag)),
        blobs: await mapAsync([...digests].sort(), (digest) => store.findBlob(name, digest)),
        manifests: (await store.listManifests(name, page))?.items,
        referrers: await mapAsync(subjects, async (subject) => {
          const found = await store.listReferrers(name, subject, { maxBytes: 1e9 })
          return found.items.map(({ digest }) => digest)
        }),
      }
    }),
  }
}

/** What a restart keeps of a message. */
export function lastingFacts(entry: LastingFacts): unknown {
  const { endpoint, repository, text, queuedAt, tries, error, state } = entry
  const known = state === 'dead' ? { tries, error } : {}
  return { endpoint, repository, text, queuedAt, state, ...known }
}

type LastingFacts = Omit<OutboxEntry, 'id' | 'dueAt' | 'claim'>

function mapAsync<T, U>(items: readonly T[], map: (item: T) => Promise<U>): Promise<U[]> {
  return Promise.all(items.map(map))
}
