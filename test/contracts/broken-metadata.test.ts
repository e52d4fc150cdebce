import { describe, expect, test } from 'vitest'
import type { Digest, RepositoryName, Tag } from '../../src/index.ts'
import type { ManifestChange, MetadataStore, PageRequest } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { fakeClock, type MetadataPlace, metadataStoreContract } from '../../src/testing/index.ts'
import { sampleDigest } from '../../src/testing/samples.ts'
import { sampleOf } from '../sample.ts'
import { brokenCase, but } from './breaking.ts'

/** A place with one store in memory, which is opened again and again. */
function placeOf(breaking: (store: MetadataStore) => MetadataStore): MetadataPlace {
  const { now, advance } = fakeClock()
  const store = memoryMetadata({ elapsed: now })
  return { open: () => breaking(but(store, () => ({ close: async () => {} }))), advance }
}

/** Changes what is put before it is put. */
function puts(
  store: MetadataStore,
  change: (given: ManifestChange, inner: MetadataStore) => ManifestChange,
): MetadataStore {
  return but(store, (inner) => ({
    putManifest: (repository, given) => inner.putManifest(repository, change(given, inner)),
  }))
}

/** Counts bytes in another way. */
function countsBytes(
  store: MetadataStore,
  count: (name: RepositoryName, inner: MetadataStore) => Promise<number>,
): MetadataStore {
  return but(store, (inner) => ({
    async countRepository(name) {
      const counts = await inner.countRepository(name)
      return counts === null ? null : { ...counts, bytes: await count(name, inner) }
    },
  }))
}

/** The size that the contract gives a sample digest. */
function sizeOf(digest: Digest): number {
  const number = Array.from({ length: 100 }, (_, at) => at).find(
    (at) => sampleDigest(at) === digest,
  )
  return 100 + (number ?? 0)
}

const broken: Record<string, (store: MetadataStore) => MetadataStore> = {
  'finds blobs of other repositories': (store) =>
    but(store, (inner) => ({
      async findBlob(repository, digest) {
        const [any = repository] = await inner.repositoriesWith(digest, 1)
        return inner.findBlob(any, digest)
      },
    })),
  'ignores the times of a copy': (store) => puts(store, ({ times: _, ...change }) => change),
  'takes no leases when asked': (store) =>
    but(store, (inner) => ({
      keepBlob: (repository, digest) => inner.findBlob(repository, digest),
    })),
  'takes leases when not asked': (store) =>
    but(store, (inner) => ({
      findBlob: (repository, digest) => inner.keepBlob(repository, digest, 1e9),
    })),
  'shortens leases': (store) =>
    but(store, (inner) => ({
      async keepBlob(repository, digest, leaseMs) {
        const blob = await inner.findBlob(repository, digest)
        if (blob === null || leaseMs > 0) return inner.keepBlob(repository, digest, leaseMs)
        await inner.unlinkBlob(repository, digest)
        return inner.linkBlob(repository, { ...blob, key: `${blob.key} again` }, leaseMs)
      },
    })),
  'gives only half of a lease': (store) =>
    but(store, (inner) => ({
      linkBlob: (repository, blob, leaseMs) => inner.linkBlob(repository, blob, leaseMs / 2),
      keepBlob: (repository, digest, leaseMs) => inner.keepBlob(repository, digest, leaseMs / 2),
    })),
  'gives leases without end': (store) =>
    but(store, (inner) => ({
      linkBlob: (repository, blob, leaseMs) => inner.linkBlob(repository, blob, leaseMs * 1e9),
    })),
  'says that the newest copy counts': (store) =>
    but(store, (inner) => ({
      async linkBlob(repository, blob, leaseMs) {
        await inner.linkBlob(repository, blob, leaseMs)
        return blob
      },
    })),
  'mounts what another repository has': (store) =>
    but(store, (inner) => ({
      async mountBlob(from, to, digest, leaseMs) {
        const [any = from] = await inner.repositoriesWith(digest, 1)
        return inner.mountBlob(any, to, digest, leaseMs)
      },
    })),
  'mounts without a lease': (store) =>
    but(store, (inner) => ({
      mountBlob: (from, to, digest) => inner.mountBlob(from, to, digest, 0),
    })),
  'unlinks everywhere': (store) =>
    but(store, (inner) => ({
      async unlinkBlob(repository, digest) {
        const unlinked = await inner.unlinkBlob(repository, digest)
        for (const other of await inner.repositoriesWith(digest, 10)) {
          await inner.unlinkBlob(other, digest)
        }
        return unlinked
      },
    })),
  'requires nothing': (store) => puts(store, (given) => ({ ...given, requires: [] })),
  'expects nothing': (store) => puts(store, ({ expect: _, ...given }) => given),
  'expects it of the first tag': (store) =>
    puts(store, ({ expect, ...given }) => ({
      ...given,
      ...(expect === undefined ? {} : { expect: { ...expect, tag: given.tags[0] ?? null } }),
    })),
  'expects nothing of the manifest': (store) =>
    puts(store, ({ expect, ...given }) => ({
      ...given,
      ...(expect === undefined || expect.tag === null ? {} : { expect }),
    })),
  'sets the first tag alone': (store) =>
    puts(store, (given) => ({ ...given, tags: given.tags.slice(0, 1) })),
  'forgets what a manifest names': (store) =>
    puts(store, (given) => ({ ...given, record: { ...given.record, references: [] } })),
  'forgets annotations': (store) =>
    puts(store, (given) => ({ ...given, record: { ...given.record, annotations: [] } })),
  'moves immutable tags': (store) => puts(store, (given) => ({ ...given, immutable: [] })),
  'changes the media type behind an immutable tag': (store) =>
    puts(store, ({ keepsType: _, ...change }) => change),
  'lets no immutable tag be set again': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, change) {
        for (const tag of change.immutable) {
          const found = await inner.resolveTag(repository, tag)
          if (found === null) continue
          return { kind: 'immutable', tags: [{ tag, digest: found.digest }] }
        }
        return inner.putManifest(repository, change)
      },
    })),
  'checks immutable tags ahead of the change': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, { immutable, ...given }) {
        for (const tag of immutable) {
          const found = await inner.resolveTag(repository, tag)
          if (found === null || found.digest === given.record.digest) continue
          return { kind: 'immutable', tags: [{ tag, digest: found.digest }] }
        }
        return inner.putManifest(repository, { immutable: [], ...given })
      },
    })),
  'takes a tag whose bytes are missing for free': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, { immutable, ...given }) {
        const found = await Promise.all(immutable.map((tag) => inner.resolveTag(repository, tag)))
        const readable = immutable.filter((_, index) => found[index] !== null)
        return inner.putManifest(repository, { immutable: readable, ...given })
      },
    })),
  'deletes manifests with immutable tags': (store) =>
    but(store, (inner) => ({
      deleteManifest: (repository, digest, options) =>
        inner.deleteManifest(repository, digest, { ...options, isImmutable: null }),
    })),
  'asks only for the first tags of a manifest': (store) =>
    but(store, (inner) => ({
      async deleteManifest(repository, digest, { isImmutable = null, ...options }) {
        const { items } = (await inner.listManifests(repository, { limit: 1000 })) ?? { items: [] }
        const { tags = [] } = items.find(({ record }) => record.digest === digest) ?? {}
        const first = new Set(tags)
        const asked = isImmutable && ((tag: Tag) => first.has(tag) && isImmutable(tag))
        return inner.deleteManifest(repository, digest, { ...options, isImmutable: asked })
      },
    })),
  'takes blobs out that manifests name': (store) =>
    but(store, (inner) => ({
      unlinkBlob: (repository, digest) => inner.unlinkBlob(repository, digest),
    })),
  'keeps named blobs when not asked': (store) =>
    but(store, (inner) => ({
      unlinkBlob: (repository, digest) => inner.unlinkBlob(repository, digest, { keepNamed: true }),
    })),
  'checks conditions ahead of the change': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, { expect, ...given }) {
        const tag = expect?.tag ?? null
        const found = tag === null ? null : await inner.resolveTag(repository, tag)
        if (expect?.noneMatch === 'any' && found !== null) return { kind: 'conflict' }
        return inner.putManifest(repository, given)
      },
    })),
  'deletes the tag with the manifest it stands for': (store) =>
    but(store, (inner) => ({
      async deleteTag(repository, tag) {
        const found = await inner.resolveTag(repository, tag)
        if (found === null) return null
        await inner.deleteManifest(repository, found.digest, { leaseMs: 1e9 })
        return found.digest
      },
    })),
  'lists tags from the start': (store) =>
    but(store, (inner) => ({
      listTags: (repository, { limit }: PageRequest) => inner.listTags(repository, { limit }),
    })),
  'always says that more tags follow': (store) =>
    but(store, (inner) => ({
      async listTags(repository, page) {
        const found = await inner.listTags(repository, page)
        return found && { ...found, more: true }
      },
    })),
  'lists tags as people sort them': (store) =>
    but(store, (inner) => ({
      async listTags(repository, page) {
        const found = await inner.listTags(repository, page)
        return found && { ...found, items: [...found.items].sort((a, b) => a.localeCompare(b)) }
      },
    })),
  'has an empty list for no repository': (store) =>
    but(store, (inner) => ({
      listTags: async (...ask) => (await inner.listTags(...ask)) ?? { items: [], more: false },
    })),
  'does not filter referrers': (store) =>
    but(store, (inner) => ({
      listReferrers: (repository, subject, { artifactType: _, ...request }) =>
        inner.listReferrers(repository, subject, request),
    })),
  'lists referrers from the start': (store) =>
    but(store, (inner) => ({
      listReferrers: (repository, subject, { after: _, ...request }) =>
        inner.listReferrers(repository, subject, request),
    })),
  'has one page of referrers': (store) =>
    but(store, (inner) => ({
      async listReferrers(...ask) {
        return { ...(await inner.listReferrers(...ask)), more: false }
      },
    })),
  'begins a repository when it is asked about': (store) => {
    const asked = new Set<RepositoryName>()
    return but(store, (inner) => ({
      findBlob(repository, ...ask) {
        asked.add(repository)
        return inner.findBlob(repository, ...ask)
      },
      hasRepository: async (name) => asked.has(name) || inner.hasRepository(name),
    }))
  },
  'says that everything was there before': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, change) {
        const outcome = await inner.putManifest(repository, change)
        return outcome.kind === 'stored' ? { ...outcome, created: false } : outcome
      },
    })),
  'says that tags stood for nothing before': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, change) {
        const outcome = await inner.putManifest(repository, change)
        if (outcome.kind !== 'stored') return outcome
        return { ...outcome, previous: outcome.previous.map(() => null) }
      },
    })),
  'says that the pushed key of a manifest counts': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, change) {
        const outcome = await inner.putManifest(repository, change)
        return outcome.kind === 'stored' ? { ...outcome, blob: change.record.blob } : outcome
      },
    })),
  'names no tags of a deleted manifest': (store) =>
    but(store, (inner) => ({
      async deleteManifest(...ask) {
        const removed = await inner.deleteManifest(...ask)
        return removed?.kind === 'removed' ? { ...removed, tags: [] } : removed
      },
    })),
  'keeps nothing for a deleted manifest': (store) =>
    but(store, (inner) => ({
      deleteManifest: (repository, digest, options) =>
        inner.deleteManifest(repository, digest, { ...options, leaseMs: 0 }),
    })),
  'does not say what a deleted tag stood for': (store) =>
    but(store, (inner) => ({
      async deleteTag(...ask) {
        await inner.deleteTag(...ask)
        return null
      },
    })),
  'lists tagged manifests alone': (store) =>
    but(store, (inner) => ({
      async listManifests(...ask) {
        const found = await inner.listManifests(...ask)
        return found && { ...found, items: found.items.filter(({ tagCount }) => tagCount > 0) }
      },
    })),
  'lists manifests without their tags': (store) =>
    but(store, (inner) => ({
      async listManifests(...ask) {
        const found = await inner.listManifests(...ask)
        return found && { ...found, items: found.items.map((entry) => ({ ...entry, tags: [] })) }
      },
    })),
  'lists blobs from the start': (store) =>
    but(store, (inner) => ({
      listBlobs: (repository, { limit }: PageRequest) => inner.listBlobs(repository, { limit }),
    })),
  'lists tags without the time they were set': (store) =>
    but(store, (inner) => ({
      async listTagRecords(...ask) {
        const found = await inner.listTagRecords(...ask)
        return found && { ...found, items: found.items.map((each) => ({ ...each, updatedAt: 0 })) }
      },
    })),
  'counts nothing': (store) =>
    but(store, (inner) => ({
      async countRepository(name) {
        return (await inner.hasRepository(name)) ? { manifests: 0, tags: 0, blobs: 0 } : null
      },
    })),
  'counts no bytes': (store) => countsBytes(store, async () => 0),
  'counts the bytes of blobs that no manifest names': (store) =>
    countsBytes(store, async (name, inner) => {
      const blobs = (await inner.listBlobs(name, { limit: 1000 }))?.items ?? []
      const manifests = (await inner.listManifests(name, { limit: 1000 }))?.items ?? []
      const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]))
      for (const { record } of manifests) sizes.set(record.digest, record.size)
      return [...sizes.values()].reduce((sum, size) => sum + size, 0)
    }),
  'counts content that is not there': (store) =>
    countsBytes(store, async (name, inner) => {
      const manifests = (await inner.listManifests(name, { limit: 1000 }))?.items ?? []
      const reached = manifests.flatMap(({ record }) => [record.digest, ...record.references])
      const numbers = [...new Set(reached)].map((digest) => sizeOf(digest))
      return numbers.reduce((sum, size) => sum + size, 0)
    }),
  'has no quotas': (store) => puts(store, ({ mostBytes: _, ...given }) => given),
  'refuses exactly the quota': (store) =>
    puts(store, ({ mostBytes = Number.POSITIVE_INFINITY, ...given }) => ({
      ...given,
      mostBytes: mostBytes - 1,
    })),
  'refuses what adds nothing beyond the quota': (store) =>
    but(store, (inner) => ({
      async putManifest(name, change) {
        const used = (await inner.countRepository(name))?.bytes ?? 0
        const { mostBytes = used } = change
        return used > mostBytes
          ? { kind: 'over-quota', used, needed: 0 }
          : inner.putManifest(name, change)
      },
    })),
  'lets pushes at once through together': (store) =>
    but(store, (inner) => ({
      async putManifest(name, { mostBytes, ...change }) {
        const used = (await inner.countRepository(name))?.bytes ?? 0
        const fits = mostBytes === undefined || used === 0
        return inner.putManifest(name, fits ? change : { ...change, mostBytes })
      },
    })),
  'keeps the blobs of a deleted repository': (store) => {
    const blobs: string[] = []
    return but(store, (inner) => ({
      async deleteRepository(name) {
        const page = await inner.listBlobs(name, { limit: 1000 })
        blobs.push(...(page?.items ?? []).map(({ key }) => key))
        return inner.deleteRepository(name)
      },
      condemn: async (limit) =>
        (await inner.condemn(limit)).filter(({ key }) => !blobs.includes(key)),
    }))
  },
  'deletes repositories that hold something': (store) =>
    but(store, (inner) => ({
      async deleteEmptyRepositories(limit) {
        const { items } = await inner.listRepositories({ limit })
        for (const name of items) await inner.deleteRepository(name)
        return items
      },
    })),
  'deletes empty repositories that are not named': (store) =>
    but(store, (inner) => ({
      deleteEmptyRepositories: (limit) => inner.deleteEmptyRepositories(limit),
    })),
  'deletes no empty repositories': (store) =>
    but(store, () => ({ deleteEmptyRepositories: async () => [] })),
  'says that all is due that has no name': (store) =>
    but(store, (inner) => ({
      async dueGarbage(limit) {
        const { items } = await inner.listNamed({ limit })
        return { blobs: items.length, bytes: 0, first: items }
      },
    })),
  'says that nothing is due': (store) =>
    but(store, () => ({ dueGarbage: async () => ({ blobs: 0, bytes: 0, first: [] }) })),
  'names more of what is due than was asked for': (store) =>
    but(store, (inner) => ({
      dueGarbage: async () => (await inner.dueGarbage?.(1000)) ?? { blobs: 0, bytes: 0, first: [] },
    })),
  'does not say which manifests keep a blob': (store) =>
    but(store, (inner) => ({
      async explainBytes(digest, limit) {
        const found = await inner.explainBytes?.(digest, limit)
        const holders = found?.holders.map((holder) =>
          holder.kind === 'blob' ? { ...holder, namedBy: [] } : holder,
        )
        return found ? { ...found, holders: holders ?? [] } : null
      },
    })),
  'condemns before the lease is over': (store) =>
    but(store, (inner) => ({
      linkBlob: (repository, blob) => inner.linkBlob(repository, blob, 0),
    })),
  'condemns more than asked for': (store) =>
    but(store, (inner) => ({ condemn: () => inner.condemn(1000) })),
  'condemns the same again and again': (store) => {
    const stuck: Array<Awaited<ReturnType<MetadataStore['condemn']>>[0]> = []
    return but(store, (inner) => ({
      async condemn(limit) {
        if (stuck.length < limit) stuck.push(...(await inner.condemn(limit - stuck.length)))
        return stuck.slice(0, limit)
      },
      async forget(blob) {
        const at = stuck.findIndex(({ key }) => key === blob.key)
        if (at !== -1) stuck.splice(at, 1)
        await inner.forget(blob)
      },
    }))
  },
  'condemns once and never again': (store) => {
    const seen = new Set<string>()
    return but(store, (inner) => ({
      async condemn(limit) {
        const found = (await inner.condemn(limit)).filter(({ key }) => !seen.has(key))
        for (const { key } of found) seen.add(key)
        return found
      },
    }))
  },
  'never forgets': (store) => but(store, () => ({ forget: async () => {} })),
  'forgets all keys of a digest': (store) =>
    but(store, (inner) => ({
      async forget({ digest }) {
        for (const blob of await inner.condemn(1000)) {
          if (blob.digest === digest) await inner.forget(blob)
        }
      },
    })),
  'revives a condemned key': (store) => {
    const condemned = new Map<Digest, string>()
    return but(store, (inner) => ({
      async condemn(limit) {
        const found = await inner.condemn(limit)
        for (const { digest, key } of found) condemned.set(digest, key)
        return found
      },
      async linkBlob(repository, blob, leaseMs) {
        const counts = await inner.linkBlob(repository, blob, leaseMs)
        return { ...counts, key: condemned.get(blob.digest) ?? counts.key }
      },
    }))
  },
  'knows every key it ever had': (store) => {
    const had = new Set<string>()
    return but(store, (inner) => ({
      linkBlob(repository, blob, leaseMs) {
        had.add(blob.key)
        return inner.linkBlob(repository, blob, leaseMs)
      },
      knowsKeys: async (keys) => keys.map(({ key }) => had.has(key)),
    }))
  },
  'knows no key': (store) =>
    but(store, () => ({ knowsKeys: async (keys) => keys.map(() => false) })),
  'knows a key with its digest alone': (store) =>
    but(store, (inner) => ({
      knowsKeys: async (keys) => {
        const known = await inner.knowsKeys(keys)
        return keys.map(({ digest }, index) => digest !== null && known[index] === true)
      },
    })),
  'answers for unknown keys alone': (store) =>
    but(store, (inner) => ({
      knowsKeys: async (keys) => (await inner.knowsKeys(keys)).filter((known) => !known),
    })),
  'knows no condemned key': (store) =>
    but(store, (inner) => ({
      async knowsKeys(keys) {
        const known = await inner.knowsKeys(keys)
        const named = keys.map(async ({ digest }, index) => {
          const [name] = digest === null ? ['?'] : await inner.repositoriesWith(digest, 1)
          return name !== undefined && known[index] === true
        })
        return Promise.all(named)
      },
    })),
  'moves nothing': (store) => but(store, () => ({ relocate: async () => false })),
  'says that it moved bytes and did not': (store) =>
    but(store, () => ({ relocate: async () => true })),
  'heals nothing': (store) => but(store, () => ({ healMissing: async () => false })),
  'says that it healed and did not': (store) =>
    but(store, () => ({ healMissing: async () => true })),
  'heals what is not missing': (store) =>
    but(store, (inner) => ({
      healMissing: async (from, to) =>
        (await inner.healMissing(from, to)) || (await inner.relocate(from, to)),
    })),
  'heals whatever key is missing': (store) =>
    but(store, (inner) => ({
      async healMissing(from, to) {
        const { blobs } = await inner.listMissing(100)
        return inner.healMissing(blobs.find(({ digest }) => digest === from.digest) ?? from, to)
      },
    })),
  'lists nothing by digest': (store) =>
    but(store, () => ({ listNamed: async () => ({ items: [], more: false }) })),
  'lists all digests at once': (store) =>
    but(store, (inner) => ({ listNamed: (page) => inner.listNamed({ ...page, limit: 1000 }) })),
  'lists the digest before a page in it': (store) =>
    but(store, (inner) => ({
      listNamed: ({ after, limit }) =>
        inner.listNamed({ ...(after === undefined ? {} : { after: after.slice(0, -1) }), limit }),
    })),
  'hides missing bytes from the list by digest': (store) =>
    but(store, (inner) => ({
      async listNamed(page) {
        const { items, more } = await inner.listNamed(page)
        return { items: items.filter(({ isMissing }) => !isMissing), more }
      },
    })),
  'lists missing bytes as if they were there': (store) =>
    but(store, (inner) => ({
      async listNamed(page) {
        const { items, more } = await inner.listNamed(page)
        return { items: items.map((item) => ({ ...item, isMissing: false })), more }
      },
    })),
  'notes no missing bytes': (store) => but(store, () => ({ markMissing: async () => true })),
  'takes any key for missing': (store) =>
    but(store, (inner) => ({
      async markMissing(blob) {
        const [name] = await inner.repositoriesWith(blob.digest, 1)
        const found = name === undefined ? null : await inner.findBlob(name, blob.digest)
        return inner.markMissing(found ?? blob)
      },
    })),
  'lists nothing as missing': (store) =>
    but(store, () => ({ listMissing: async () => ({ count: 0, blobs: [] }) })),
  'lists more missing bytes than asked for': (store) =>
    but(store, (inner) => ({ listMissing: () => inner.listMissing(1000) })),
  'finds manifests whose bytes are missing': (store) => {
    const records = new Map<Digest, Awaited<ReturnType<MetadataStore['findManifest']>>>()
    return but(store, (inner) => ({
      async findManifest(repository, digest) {
        const found = await inner.findManifest(repository, digest)
        if (found !== null) records.set(digest, found)
        return found ?? records.get(digest) ?? null
      },
    }))
  },
}

const brokenPlaces: Record<string, () => MetadataPlace> = {
  'forgets everything with a restart': () => ({ open: () => memoryMetadata() }),
  'ends leases with a restart': () => {
    const place = placeOf((store) => store)
    return {
      ...place,
      async open() {
        await place.advance?.(1e12)
        return place.open()
      },
    }
  },
  'begins leases anew with a restart': () => {
    const { now, advance } = fakeClock()
    let start = 0
    const store = memoryMetadata({ elapsed: () => Math.min(now() - start, 3e6) })
    return {
      open() {
        start = now()
        return but(store, () => ({ close: async () => {} }))
      },
      advance,
    }
  },
  'has names of its own in each instance': () => ({ open: () => memoryMetadata() }),
}

describe('the contract notices a metadata store that', () => {
  test.each(sampleOf('broken stores', Object.entries(broken), 3))('%s', async (_, breaking) => {
    expect(await brokenCase(metadataStoreContract, () => placeOf(breaking))).not.toBeNull()
  })

  test.each(Object.entries(brokenPlaces))('%s', async (_, make) => {
    expect(await brokenCase(metadataStoreContract, make)).not.toBeNull()
  })
})

test('what is wrapped and not broken fulfils the contract', async () => {
  const make = () => placeOf((store) => but(store, () => ({})))
  for (const { run } of metadataStoreContract) await run(make)
})
