import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import type { Digest, Tag } from '../../src/index.ts'
import type { MetadataStore, NewManifestRecord, TagOrder } from '../../src/kit.ts'
import { versionKey } from '../../src/oci/tag-version.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { drivenBy } from './places.ts'

const here = repositoryNamed('tags/here')
const indexType = 'application/vnd.oci.image.index.v1+json'

/** What tags are made of, most of it near the edges of a version. */
const pieces = [
  ...[
    'v',
    'V',
    '1',
    '0',
    '12',
    '007',
    '.',
    '.',
    '.',
    '-',
    '-',
    '_',
    'rc',
    'alpha',
    'latest',
    'sha',
  ],
  ...['9', '99999999999999999999999', 'Z', '00', 'x--', '1.2', '1.2.3', 'v2.0.0-', '10'],
]

/** Tags, the same in each run. */
function manyTags(count: number): readonly string[] {
  const tags = new Set(['1'.repeat(128), `1.1.1.${'2'.repeat(120)}`, '1a'.repeat(64), '_', '0'])
  let state = 1
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  for (let made = 0; made < count; made += 1) {
    let tag = ''
    for (let length = 1 + below(9); length > 0; length -= 1) tag += pieces[below(pieces.length)]
    if (/^\w[\w.-]{0,127}$/.test(tag)) tags.add(tag)
  }
  return [...tags]
}

/** Puts a manifest whose bytes are 10, and tags. */
async function put(
  store: MetadataStore,
  number: number,
  record: Partial<NewManifestRecord>,
  tags: readonly Tag[] = [],
): Promise<Digest> {
  const blob = { digest: sampleDigest(number), size: 10, key: `manifest/${number}` }
  const outcome = await store.putManifest(here, {
    record: { ...blob, blob, mediaType: 'a/b', references: [], ...record },
    ...{ tags, immutable: [], requires: [] },
  })
  expect(outcome.kind).toBe('stored')
  return blob.digest
}

withServices('tags in PostgreSQL', { postgres }, (running) => {
  async function withStore(
    use: (store: MetadataStore, url: string) => Promise<void>,
  ): Promise<void> {
    const url = await running.postgres.database()
    const { metadata, close } = await openPostgres({ url })
    try {
      await use(metadata, url)
    } finally {
      await close()
    }
  }

  const sizesOf = async (
    store: MetadataStore,
  ): Promise<ReadonlyArray<readonly [Tag, number | null]>> => {
    const found = await store.findTags?.(here, { order: 'size', descending: false, limit: 100 })
    return found?.items.map(({ tag, contentSize }) => [tag, contentSize] as const) ?? []
  }

  test('have the key that versionKey makes', () =>
    withStore(async (_, url) => {
      const driver = drivenBy(url, Date.now)
      const tags = manyTags(5000)
      const rows = await driver.query<{ key: string }>(
        'select layerdock_version_key(tag collate "C") as key from unnest($1::text[]) with ordinality as t (tag, n) order by n',
        [tags],
      )
      await driver.close()
      expect(tags.length).toBeGreaterThan(3000)
      expect(rows.map(({ key }) => key)).toEqual(tags.map(versionKey))
    }))

  test('are found in parts of a large repository, where a filter finds too few', () =>
    withStore(async (store, url) => {
      await put(store, 1, {}, [tagNamed('zz')])
      const driver = drivenBy(url, Date.now)
      await driver.query(`insert into tags (repo, name, manifest, updated_at)
        select repo, 'a-' || n, manifest, 0 from tags, generate_series(1, 100500) n`)
      await driver.query('vacuum analyze tags')
      await driver.close()
      for (const order of ['name', 'updated', 'version', 'size'] satisfies TagOrder[]) {
        const search = { order, descending: false, limit: 5, filter: 'ZZ' } as const
        const first = await store.findTags?.(here, search)
        expect(first?.items).toEqual([])
        const second = await store.findTags?.(here, { ...search, after: first?.next ?? '' })
        expect(second).toMatchObject({ items: [{ tag: 'zz' }], next: null })
      }
    }))

  test('have the size of an index, which is added up where it is pushed', () =>
    withStore(async (store) => {
      const layers = [1, 2, 3].map((number) => {
        return { digest: sampleDigest(number), size: 100 * number, key: `layer/${number}` }
      })
      for (const layer of layers) await store.linkBlob(here, layer, 60_000)
      const [one, two, three] = layers.map(({ digest }) => digest) as [Digest, Digest, Digest]
      const image = await put(store, 11, { references: [one, two], contentSize: 300 })
      const other = await put(store, 12, { references: [two, three], contentSize: 500 })
      const absent = sampleDigest(99)
      const index = { mediaType: indexType, references: [image, other, absent] }
      const digest = await put(store, 13, index, [tagNamed('index')])
      const nested = { mediaType: indexType, references: [digest] }
      await put(store, 14, nested, [tagNamed('nested')])
      await put(store, 15, { mediaType: indexType, references: [absent] }, [tagNamed('unknown')])
      // Both images, and each of their layers once; nested, the index itself as well.
      const sizes = [
        ['unknown', null],
        ['index', 620],
        ['nested', 630],
      ]
      expect(await sizesOf(store)).toEqual(sizes)
      expect(await store.findManifest(here, digest)).toMatchObject({ contentSize: 620 })

      // What was not there comes, and the index is pushed again, without its tag.
      const late = { digest: absent, size: 1000, key: 'layer/late' }
      await store.linkBlob(here, late, 60_000)
      await put(store, 13, index)
      await put(store, 15, { mediaType: indexType, references: [absent], contentSize: 7 })
      expect(await sizesOf(store)).toEqual([
        ['unknown', 7],
        ['nested', 630],
        ['index', 1620],
      ])
    }))

  test('keep size and pusher in the trash', () =>
    withStore(async (store) => {
      const tag = tagNamed('kept')
      const digest = await put(store, 1, { contentSize: 42, pushedBy: 'é "anna"' }, [tag])
      await store.deleteManifest(here, digest, { leaseMs: 0, trashMs: 60_000 })
      expect(await sizesOf(store)).toEqual([])
      const [entry] = (await store.listTrash?.({ limit: 1 }, here))?.items ?? []
      await store.restore?.(here, entry?.id ?? '', { leaseMs: 0 })
      expect(await sizesOf(store)).toEqual([[tag, 42]])
      expect(await store.resolveTag(here, tag)).toMatchObject({ pushedBy: 'é "anna"' })
    }))
})
