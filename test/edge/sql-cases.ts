import type { Digest, RepositoryName, Tag, UploadId } from '../../src/index.ts'
import type { MetadataStore, UploadSession, UploadStore } from '../../src/kit.ts'
import { equals } from '../../src/testing/contract.ts'
import { digest, firstRows, firstTables } from './first-tables.ts'
import { meteredStorage } from './metered-storage.ts'

/** What the cases make stores with; they run inside the runtime, where alone those can be made. */
export interface SqlMakers {
  prepareTables(storage: DurableObjectStorage, now: number): void
  metadata(storage: DurableObjectStorage, clock: () => number): MetadataStore
  uploads(storage: DurableObjectStorage, clock: () => number): UploadStore
}

/** A test of the stores in tables that goes beyond their contracts. */
export interface SqlCase {
  readonly name: string
  run(storage: DurableObjectStorage, makers: SqlMakers): Promise<void>
}

const team = 'team/app' as RepositoryName
const upload = '0c2f9d3e-6f5b-4c57-9d1e-5f4f3f0c2a11' as UploadId
const hour = 60 * 60 * 1000

function numbered(number: number): Digest {
  return `sha256:${number.toString(16).padStart(64, '0')}` as Digest
}

function manifest(number: number, references: readonly Digest[] = [], subject?: string) {
  const digest = numbered(number)
  return {
    digest,
    size: 10,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    blob: { digest, size: 10, key: `manifest/${number}` },
    references,
    ...(subject === undefined ? {} : { subject }),
  }
}

function session(number: number, owner: string, offset = 0): UploadSession {
  return {
    id: `${number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000` as UploadId,
    repository: team,
    principal: owner,
    owner,
    offset,
    algorithm: 'sha256',
    hexSoFar: null,
    hashState: null,
    stage: null,
    committed: null,
    startedAt: 0,
  }
}

/** Makes of new tables those of the second version. */
const uncounted = [
  'DROP TRIGGER upload_added',
  'DROP TRIGGER upload_grown',
  'DROP TRIGGER upload_removed',
  'ALTER TABLE owners DROP COLUMN bytes',
  `CREATE TRIGGER upload_added AFTER INSERT ON uploads BEGIN
     INSERT INTO owners VALUES (NEW.owner, 1) ON CONFLICT DO UPDATE SET uploads = uploads + 1;
     UPDATE totals SET uploads = uploads + 1, bytes = bytes + NEW.size;
   END`,
  `CREATE TRIGGER upload_grown AFTER UPDATE OF size ON uploads WHEN NEW.size <> OLD.size BEGIN
     UPDATE totals SET bytes = bytes + NEW.size - OLD.size;
   END`,
  `CREATE TRIGGER upload_removed AFTER DELETE ON uploads BEGIN
     UPDATE owners SET uploads = uploads - 1 WHERE owner = OLD.owner;
     DELETE FROM owners WHERE owner = OLD.owner AND uploads = 0;
     UPDATE totals SET uploads = uploads - 1, bytes = bytes - OLD.size;
   END`,
  'UPDATE format SET version = 2',
]

export const sqlCases: readonly SqlCase[] = [
  {
    name: 'tables of the first version are brought up to date, with all that was in them',
    async run(storage, { prepareTables, metadata, uploads }) {
      storage.sql.exec(firstTables)
      for (const [statement, ...values] of firstRows) storage.sql.exec(statement, ...values)
      prepareTables(storage, 5000)
      prepareTables(storage, 9000)
      const store = metadata(storage, () => 6000)
      const [layer, image] = [digest('a') as Digest, digest('b') as Digest]
      const record = await store.resolveTag(team, 'v1' as Tag)
      equals(record?.blob, { digest: image, size: 22, key: 'manifest/1' }, 'the key')
      equals([record?.references, record?.pushedAt], [[layer], 5000], 'references and time')
      const tags = await store.listTagRecords(team, { limit: 9 })
      equals(tags?.items, [{ tag: 'v1', digest: image, updatedAt: 5000 }], 'tags')
      const referrers = await store.listReferrers(team, digest('c'), { maxBytes: 1000 })
      equals(
        referrers.items.map((each) => [each.digest, each.artifactType]),
        [[image, 'text/plain']],
        'referrers',
      )
      equals(await store.countRepository(team), { manifests: 1, tags: 1, blobs: 1 }, 'counts')
      equals(await store.condemn(9), [{ digest: layer, size: 11, key: 'layer/0' }], 'the trash')
      await store.deleteManifest(team, image, { leaseMs: 100 })
      equals(await store.countRepository(team), { manifests: 0, tags: 0, blobs: 1 }, 'then')
      equals((await store.condemn(9)).length, 2, 'the trash then')
      equals((await store.findBlob(team, layer))?.key, 'layer/1', 'the layer, in its lease')

      const sessions = uploads(storage, () => 6000)
      const found = await sessions.find(upload, hour)
      equals(
        [found?.owner, found?.offset, found?.hashState, found?.committed, found?.stage?.size],
        ['someone', 7, null, null, 7],
        'the upload',
      )
      equals('touchedAt' in (found ?? {}), false, 'a field that is gone')
      equals(await sessions.stagedBytes('someone'), { total: 7, own: 7 }, 'staged bytes')
      equals((await sessions.expired(5000, 9)).length, 1, 'idle since its last request')
      equals(await sessions.claim(upload, 'me', 100, hour), found, 'claiming it')
    },
  },
  {
    name: 'tables of the second version learn to count the bytes of each owner',
    async run(storage, { prepareTables, uploads }) {
      prepareTables(storage, 0)
      for (const statement of uncounted) storage.sql.exec(statement)
      const sessions = uploads(storage, () => 0)
      const caps = { total: 9, perOwner: 9 }
      for (const [number, owner, bytes] of [
        [1, 'a', 5],
        [2, 'a', 6],
        [3, 'b', 7],
        [4, 'c', 0],
      ] as const) {
        await sessions.create(session(number, owner, bytes), caps)
      }
      prepareTables(storage, 0)
      prepareTables(storage, 0)
      equals(await sessions.stagedBytes('a'), { total: 18, own: 11 }, 'bytes of a')
      equals((await sessions.stagedBytes('c')).own, 0, 'bytes of c')
      const { id } = session(1, 'a')
      await sessions.claim(id, 'me', 100, hour)
      await sessions.save(session(1, 'a', 50), 'me')
      equals(await sessions.stagedBytes('a'), { total: 63, own: 56 }, 'after one grew')
      await sessions.claim(id, 'me', 100, hour)
      await sessions.remove(id, 'me')
      equals(await sessions.stagedBytes('a'), { total: 13, own: 6 }, 'after it ended')
      await sessions.create(session(5, 'd', 9), caps)
      equals(await sessions.stagedBytes('d'), { total: 22, own: 9 }, 'of one more')
    },
  },
  {
    name: 'tables of a later version are left alone',
    async run(storage, { prepareTables }) {
      prepareTables(storage, 0)
      storage.sql.exec('UPDATE format SET version = 4')
      let message = ''
      try {
        prepareTables(storage, 0)
      } catch (error) {
        message = String(error)
      }
      equals(message, 'Error: the tables are of format 4, not 3', 'what it says')
    },
  },
  {
    name: 'asking for a blob writes nothing where a manifest names it or its lease is long',
    async run(storage, { prepareTables, metadata }) {
      prepareTables(storage, 0)
      const { metered, cost } = meteredStorage(storage)
      let now = 0
      const store = metadata(metered, () => now)
      for (const number of [1, 2]) {
        const blob = { digest: numbered(number), size: 5, key: `k${number}` }
        await store.linkBlob(team, blob, hour)
      }
      await store.putManifest(team, {
        record: manifest(9, [numbered(2)]),
        tags: [],
        requires: [],
        immutable: [],
      })
      const written = async (number: number): Promise<number> => {
        cost()
        await store.keepBlob(team, numbered(number), hour)
        return cost().written
      }
      equals([await written(1), await written(2)], [0, 0], 'just pushed')
      now = hour
      equals([(await written(1)) > 0, await written(2)], [true, 0], 'an hour later')
      equals([await written(1), await written(2)], [0, 0], 'once more')
      now = 20 * hour
      equals(await written(2), 0, 'long after, named by a manifest')
    },
  },
  {
    name: 'a page reads as many rows of a large registry as of a small one',
    async run(storage, { prepareTables, metadata }) {
      prepareTables(storage, 0)
      const { metered, cost } = meteredStorage(storage)
      const store = metadata(metered, () => 0)
      const subject = numbered(0xffff)
      const grow = async (from: number, to: number): Promise<void> => {
        for (let number = from; number < to; number += 1) {
          const tags = [`t${String(number).padStart(6, '0')}` as Tag]
          const blob = { digest: numbered(number), size: 5, key: `k${number}` }
          await store.linkBlob(team, blob, hour)
          await store.linkBlob(`r/${number}` as RepositoryName, blob, hour)
          const record = manifest(100_000 + number, [numbered(number)], subject)
          await store.putManifest(team, { record, tags, requires: [], immutable: [] })
        }
      }
      const page = { limit: 10 }
      const asks: Record<string, () => Promise<unknown>> = {
        repositories: () => store.listRepositories(page),
        tags: () => store.listTags(team, page),
        tagRecords: () => store.listTagRecords(team, page),
        manifests: () => store.listManifests(team, page),
        blobs: () => store.listBlobs(team, page),
        referrers: () => store.listReferrers(team, subject, { maxBytes: 1000 }),
        counts: () => store.countRepository(team),
        missing: () => store.listMissing(10),
        mountable: () => store.repositoriesWith(numbered(1), 10),
        condemned: () => store.condemn(10),
        known: () => store.knowsKeys([{ key: 'k1', digest: numbered(1) }]),
        kept: () => store.keepBlob(team, numbered(1), 3 * hour),
        empty: () => store.deleteEmptyRepositories(10),
      }
      const reads = async (): Promise<Record<string, number>> => {
        const found: Record<string, number> = {}
        for (const [name, ask] of Object.entries(asks)) {
          cost()
          await ask()
          found[name] = cost().read
        }
        return found
      }
      await grow(0, 30)
      const small = await reads()
      await grow(30, 600)
      equals(await reads(), small, 'rows read')
    },
  },
  {
    name: 'a manifest with 100,000 tags is deleted, and its tags are told in part',
    async run(storage, { prepareTables, metadata }) {
      prepareTables(storage, 0)
      const store = metadata(storage, () => 0)
      for (let lot = 0; lot < 100; lot += 1) {
        const tags = Array.from({ length: 1000 }, (_, index) => `t${lot * 1000 + index}` as Tag)
        await store.putManifest(team, { record: manifest(1), tags, requires: [], immutable: [] })
      }
      const [entry] = (await store.listManifests(team, { limit: 1 }))?.items ?? []
      equals([entry?.tags.length, entry?.tagCount], [100, 100_000], 'the entry')
      const removed = await store.deleteManifest(team, numbered(1), { leaseMs: 0 })
      if (removed?.kind !== 'removed') throw new Error('it was not removed')
      equals([removed.tags.length, removed.tagCount], [1000, 100_000], 'what was removed')
      equals(await store.countRepository(team), { manifests: 0, tags: 0, blobs: 0 }, 'counts')
    },
  },
  {
    name: 'a page of manifests that name very much ends early',
    async run(storage, { prepareTables, metadata }) {
      prepareTables(storage, 0)
      const store = metadata(storage, () => 0)
      const references = Array.from({ length: 6000 }, (_, index) => numbered(index))
      for (const number of [1, 2, 3, 4, 5]) {
        const record = manifest(100_000 + number, references)
        await store.putManifest(team, { record, tags: [], requires: [], immutable: [] })
      }
      const sizes: number[] = []
      let after = ''
      for (let more = true; more; ) {
        const page = await store.listManifests(team, { after, limit: 100 })
        sizes.push(page?.items.length ?? 0)
        after = page?.items.at(-1)?.record.digest ?? ''
        more = page?.more ?? false
      }
      equals(sizes, [2, 2, 1], 'manifests in each page')
    },
  },
  {
    name: 'a condemnation of thousands of links lets other calls in between',
    async run(storage, { prepareTables, metadata }) {
      prepareTables(storage, 0)
      const store = metadata(storage, () => 0)
      const blob = { digest: numbered(1), size: 5, key: 'k' }
      for (let number = 0; number < 3500; number += 1) {
        await store.linkBlob(`r/${number}` as RepositoryName, blob, 0)
      }
      let isOver = false
      const condemned = store.condemn(10).finally(() => {
        isOver = true
      })
      await new Promise((resolve) => setTimeout(resolve, 0))
      equals(isOver, false, 'over before another call')
      equals(await condemned, [blob], 'what is condemned')
      equals(await store.repositoriesWith(blob.digest, 1), [], 'repositories with it')
    },
  },
  {
    name: 'a session costs as much among many as among few',
    async run(storage, { prepareTables, uploads }) {
      prepareTables(storage, 0)
      const { metered, cost } = meteredStorage(storage)
      let now = 0
      const store = uploads(metered, () => now)
      const caps = { total: 1e6, perOwner: 1e6 }
      const open = async (from: number, to: number): Promise<void> => {
        for (let number = from; number < to; number += 1) {
          now += 1
          await store.create(session(number, `owner ${number % 7}`, number % 2), caps)
        }
      }
      const reads = async (first: number, at: typeof caps): Promise<number[]> => {
        const asks = [
          () => store.create(session(first, 'owner 3'), at),
          () => store.find(session(1, '').id, hour),
          () => store.claim(session(1, '').id, 'me', 1, hour),
          () => store.save(session(1, 'owner 1', 1), 'me'),
          () => store.stagedBytes('owner 3'),
          () => store.expired(1, 3),
        ]
        const found: number[] = []
        for (const ask of asks) {
          cost()
          await ask()
          found.push(cost().read)
        }
        return found
      }
      await open(0, 20)
      const small = await reads(10_000, caps)
      const smallAtCap = await reads(10_001, { ...caps, perOwner: 1 })
      await open(20, 700)
      equals(await reads(10_002, caps), small, 'rows read')
      equals(await reads(10_003, { ...caps, perOwner: 1 }), smallAtCap, 'at the owner’s cap')
    },
  },
]
