import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPostgres, type PostgresStores } from '../../adapters/postgres/index.ts'
import type { SqlDriver } from '../../adapters/postgres/sql-driver.ts'
import type { RestoreOutcome, TrashEntry } from '../../src/kit.ts'
import {
  collect,
  here,
  manifestOf,
  record,
} from '../../src/testing/metadata-contract/store-case.ts'
import { sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { cleanDatabase, drivenBy } from './places.ts'
import { faultsIn } from './soundness.ts'

const [manifest, layer, loose] = [sampleDigest(10), sampleDigest(1), sampleDigest(2)]
const leaseMs = 1000
const hourMs = 3_600_000
const trashMs = 24 * hourMs

withServices('what was deleted', { postgres }, (running) => {
  let stores: PostgresStores
  let driver: SqlDriver
  let aheadMs = 0

  beforeEach(async () => {
    aheadMs = 0
    const url = await cleanDatabase(running.postgres)
    stores = await openPostgres({ url, poolSize: 4, trashMs: 0, clockOffset: () => aheadMs })
    driver = drivenBy(url, Date.now)
  })
  afterEach(async () => {
    expect(await faultsIn(driver.query)).toEqual([])
    await Promise.all([stores.close(), driver.close()])
  })

  const listed = async (): Promise<readonly TrashEntry[]> => {
    const page = await stores.metadata.listTrash?.({ limit: 100 }, here)
    return page?.items ?? []
  }
  const restore = async (entry?: TrashEntry): Promise<RestoreOutcome | null> => {
    const { id } = entry ?? (await listed())[0] ?? { id: '' }
    return (await stores.metadata.restore?.(here, id, { leaseMs })) ?? null
  }
  const pushed = async (tags: readonly string[] = ['v1']): Promise<void> => {
    const { metadata } = stores
    await metadata.linkBlob(here, { digest: layer, size: 5, key: 'layer' }, leaseMs)
    await record(metadata, here, manifestOf(10, { references: [layer] }), tags.map(tagNamed))
  }
  /** Everything of the repository. */
  const seen = async () => {
    const { metadata } = stores
    const page = { limit: 10_000 }
    return {
      counts: await metadata.countRepository(here),
      manifests: await metadata.listManifests(here, page),
      tags: await metadata.listTagRecords(here, page),
      blobs: await metadata.listBlobs(here, page),
    }
  }

  test.each([3, 2500])('comes back with %i tags, as it was', async (count) => {
    const tags = Array.from({ length: count }, (_, n) => `tag-${String(n).padStart(4, '0')}`)
    await pushed(tags)
    const before = await seen()
    aheadMs = hourMs
    await stores.metadata.deleteManifest(here, manifest, { leaseMs, trashMs })
    // A tag that comes at once, before those of a manifest with many are cleared.
    await record(stores.metadata, here, manifestOf(11), [tagNamed('tag-0002')])
    await stores.metadata.unlinkBlob(here, layer)
    expect(await collect(stores.metadata)).toEqual([])
    expect(await listed()).toMatchObject([
      { kind: 'manifest', digest: manifest, tags: tags.slice(0, 100), tagCount: count },
    ])
    const outcome = await restore()
    const set = tags.filter((tag) => tag !== 'tag-0002')
    expect(outcome).toMatchObject({
      kind: 'restored',
      tags: set.slice(0, 1000),
      tagCount: count - 1,
      left: [{ tag: 'tag-0002', digest: sampleDigest(11) }],
      leftCount: 1,
    })
    await stores.metadata.deleteManifest(here, sampleDigest(11), { leaseMs })
    await record(stores.metadata, here, manifestOf(10, { references: [layer] }), [
      tagNamed('tag-0002'),
    ])
    const after = await seen()
    // It was pushed to since.
    expect({ ...after.counts, pushedAt: before.counts?.pushedAt }).toEqual(before.counts)
    expect(after.tags?.items.map(({ tag }) => tag)).toEqual(tags)
    expect(after.tags?.items[0]).toEqual(before.tags?.items[0])
    expect(await listed()).toEqual([])
    expect(await driver.query('select 1 from deleted_tags')).toEqual([])
  })

  test('of many tags is gone whole once it ended', async () => {
    await pushed(Array.from({ length: 2500 }, (_, n) => `tag-${n}`))
    await stores.metadata.deleteManifest(here, manifest, { leaseMs, trashMs })
    aheadMs = trashMs - 60_000
    expect(await collect(stores.metadata)).toEqual([])
    expect((await listed())[0]?.leftMs).toBeLessThanOrEqual(60_000)
    aheadMs = trashMs + 1000
    const [entry] = await listed()
    expect(entry?.leftMs).toBe(0)
    await collect(stores.metadata)
    expect(await restore(entry)).toBeNull()
    for (const table of ['deleted', 'deleted_tags', 'deleted_blobs', 'deleted_ended', 'blobs']) {
      expect(await driver.query(`select 1 from ${table}`)).toEqual([])
    }
  })

  test('keeps its layers, whatever their leases', async () => {
    await pushed()
    await stores.metadata.deleteManifest(here, manifest, { leaseMs, trashMs })
    aheadMs = 2 * hourMs
    expect(await collect(stores.metadata)).toEqual([])
    expect(await stores.metadata.findBlob(here, layer)).toBeNull()
    expect(await restore()).toMatchObject({ kind: 'restored' })
    aheadMs = 4 * hourMs
    expect(await collect(stores.metadata)).toEqual([])
    expect(await stores.metadata.findBlob(here, layer)).not.toBeNull()
    expect(await stores.metadata.resolveTag(here, tagNamed('v1'))).not.toBeNull()
  })

  test('needs the manifests that it named', async () => {
    await record(stores.metadata, here, manifestOf(11))
    const index = manifestOf(10, { references: [sampleDigest(11), sampleDigest(12)] })
    await record(stores.metadata, here, index)
    for (const number of [10, 11]) {
      await stores.metadata.deleteManifest(here, sampleDigest(number), { leaseMs, trashMs })
    }
    const [first, second] = await listed()
    expect(await restore(first)).toEqual({ kind: 'missing', digests: [sampleDigest(11)] })
    expect(await restore(second)).toMatchObject({ kind: 'restored' })
    expect(await restore(first)).toMatchObject({ kind: 'restored' })
  })

  test('is a whole repository, whose name may be taken meanwhile', async () => {
    await pushed()
    await stores.metadata.linkBlob(here, { digest: loose, size: 7, key: 'loose' }, leaseMs)
    const before = await seen()
    await stores.metadata.deleteRepository(here, { trashMs })
    expect(await stores.metadata.hasRepository(here)).toBe(false)
    await record(stores.metadata, here, manifestOf(20))
    aheadMs = 2 * hourMs
    expect(await collect(stores.metadata)).toEqual([])
    const [entry] = await listed()
    expect(entry).toMatchObject({ kind: 'repository', counts: before.counts })
    expect(await restore(entry)).toEqual({ kind: 'exists' })
    await stores.metadata.deleteManifest(here, sampleDigest(20), { leaseMs })
    expect(await restore(entry)).toMatchObject({ kind: 'restored', entry: { kind: 'repository' } })
    expect(await seen()).toEqual(before)
    // What no manifest names has a lease from then on.
    expect(await collect(stores.metadata)).toEqual([sampleDigest(20)])
    aheadMs += 2 * trashMs
    expect(await collect(stores.metadata)).toEqual([loose])
  })

  test('is a whole repository, which ends', async () => {
    await pushed()
    await stores.metadata.deleteRepository(here, { trashMs })
    expect(await stores.metadata.dropTrash?.(['none', '\0'], 10)).toBe(0)
    expect(
      await stores.metadata.dropTrash?.(
        (await listed()).map(({ id }) => id),
        10,
      ),
    ).toBe(1)
    expect(await collect(stores.metadata)).toEqual([manifest, layer].sort())
    expect(await driver.query('select 1 from repositories')).toEqual([])
  })

  test('comes back once, whoever asks, or ends', async () => {
    for (let round = 0; round < 20; round += 1) {
      await pushed()
      await stores.metadata.deleteManifest(here, manifest, { leaseMs, trashMs })
      const [entry] = await listed()
      const dropped = (async () => stores.metadata.dropTrash?.('all', 10))()
      const asked = await Promise.all([restore(entry), restore(entry), dropped])
      const times = asked.filter(
        (each) => each === 1 || (each !== null && typeof each === 'object'),
      )
      expect(times).toHaveLength(1)
      await stores.metadata.deleteManifest(here, manifest, { leaseMs })
    }
  })
})
