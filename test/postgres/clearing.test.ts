import { afterEach, expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { postgresDriver } from '../../adapters/postgres/postgres-js.ts'
import type { Tag } from '../../src/index.ts'
import type { MetadataStore } from '../../src/kit.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { type HeldDriver, heldDriver } from './held-driver.ts'
import { cleanDatabase } from './places.ts'
import { faultsIn } from './soundness.ts'

const here = repositoryNamed('here')
const tags = Array.from({ length: 1500 }, (_, number) => tagNamed(`t${number}`))
const lost = { kind: 'unavailable' }
const page = { limit: 2000 }

function put(store: MetadataStore, number: number, names: readonly Tag[], key: string) {
  const blob = { digest: sampleDigest(number), size: 10, key }
  return store.putManifest(here, {
    record: { ...blob, mediaType: 'a/b', blob, references: [] },
    tags: names,
    immutable: [],
    requires: [],
  })
}

withServices('what is cleared in steps, when its process ends before', { postgres }, (running) => {
  let driver: HeldDriver
  afterEach(() => driver.close())

  async function open(): Promise<MetadataStore> {
    const url = await cleanDatabase(running.postgres)
    const connecting = { poolSize: 4, prepare: true, connectMs: 30_000, statementMs: 60_000 }
    driver = heldDriver(postgresDriver({ ...connecting, url, lockMs: 60_000, idleMs: 60_000 }))
    return (await openPostgres({ sql: driver, trashMs: 0 })).metadata
  }

  test('the tags of a deleted manifest are gone for all', async () => {
    const store = await open()
    await put(store, 1, tags, 'one')
    driver.loseNext()
    await expect(store.deleteManifest(here, sampleDigest(1), { leaseMs: 0 })).rejects.toMatchObject(
      lost,
    )
    const [{ rows } = {}] = await driver.query('select count(*) as rows from tags')
    expect(Number(rows)).toBe(tags.length)

    const [first = tagNamed('first'), second = first, third = first] = tags
    expect(await store.resolveTag(here, first)).toBeNull()
    expect(await store.deleteTag(here, first)).toBeNull()
    expect((await store.listTags(here, page))?.items).toEqual([])
    expect((await store.listTagRecords(here, page))?.items).toEqual([])
    expect(await store.countRepository(here)).toMatchObject({ manifests: 0, tags: 0 })

    // Neither the same manifest, when it comes again, nor another has tags that it was not given.
    expect(await put(store, 1, [second], 'again')).toMatchObject({
      created: true,
      previous: [null],
    })
    expect(await put(store, 2, [third], 'two')).toMatchObject({ previous: [null] })
    expect((await store.listTags(here, page))?.items).toEqual([second, third].sort())
    await store.condemn(10)
    expect((await store.listTags(here, page))?.items).toEqual([second, third].sort())
    expect(await driver.query('select * from untagging')).toEqual([])
    expect(await faultsIn(driver.query)).toEqual([])
  })

  test('a deleted repository is gone for all, and one of its name has nothing of it', async () => {
    const store = await open()
    await put(store, 1, tags, 'one')
    await store.linkBlob(here, { digest: sampleDigest(3), size: 10, key: 'three' }, 1e9)
    driver.loseNext()
    await expect(store.deleteRepository(here)).rejects.toMatchObject(lost)
    expect(await store.hasRepository(here)).toBe(false)
    expect(await store.findBlob(here, sampleDigest(3))).toBeNull()
    expect(await store.repositoriesWith(sampleDigest(3), 10)).toEqual([])
    expect((await store.listRepositories(page)).items).toEqual([])
    expect(await put(store, 2, tags.slice(0, 1), 'two')).toMatchObject({ previous: [null] })
    expect((await store.listTags(here, page))?.items).toEqual(tags.slice(0, 1))
    const keys = (await store.condemn(10)).map(({ key }) => key).sort()
    expect(keys).toEqual(['one', 'three'])
    expect((await store.listTags(here, page))?.items).toEqual(tags.slice(0, 1))
    expect(await faultsIn(driver.query)).toEqual([])
  })
})
