import { afterEach, expect, test } from 'vitest'
import { openPostgres, type SqlDriver } from '../../adapters/postgres/index.ts'
import { postgresDriver } from '../../adapters/postgres/postgres-js.ts'
import type { MetadataStore } from '../../src/kit.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { type HeldDriver, heldDriver } from './held-driver.ts'
import { cleanDatabase } from './places.ts'
import { faultsIn } from './soundness.ts'

const connecting = { poolSize: 4, prepare: true, connectMs: 30_000, statementMs: 60_000 }
const [here, there] = [repositoryNamed('here'), repositoryNamed('there')]
const blob = { digest: sampleDigest(1), size: 10, key: 'one' }
const hour = 3_600_000

withServices('what meets in PostgreSQL', { postgres }, (running) => {
  let drivers: SqlDriver[] = []
  afterEach(async () => {
    for (const driver of drivers) await driver.close()
    drivers = []
  })

  /** Two nodes over one database, the first of which can be held. */
  async function twoNodes(): Promise<{
    readonly driver: HeldDriver
    readonly one: MetadataStore
    readonly other: MetadataStore
  }> {
    const url = await cleanDatabase(running.postgres)
    const connect = () => postgresDriver({ ...connecting, url, lockMs: 60_000, idleMs: 60_000 })
    const driver = heldDriver(connect())
    const second = connect()
    drivers.push(driver, second)
    const open = async (sql: SqlDriver) => (await openPostgres({ sql, trashMs: 0 })).metadata
    const one = await open(driver)
    return { driver, one, other: await open(second) }
  }

  test('a blob that loses its last repository while it is reviewed is reviewed again', async () => {
    const { driver, one, other } = await twoNodes()
    await one.linkBlob(here, blob, hour)
    await one.linkBlob(there, blob, hour)
    await one.unlinkBlob(there, blob.digest)
    const isHeld = driver.holdNext()
    const unlinked = one.unlinkBlob(here, blob.digest)
    const release = await isHeld
    expect(await other.condemn(10)).toEqual([])
    release()
    await unlinked
    expect(await other.condemn(10)).toEqual([blob])
  })

  test('a blob that is being named is not condemned', async () => {
    const { driver, one, other } = await twoNodes()
    await one.linkBlob(there, blob, hour)
    await one.unlinkBlob(there, blob.digest)
    const isHeld = driver.holdNext()
    const linked = one.linkBlob(here, blob, hour)
    const release = await isHeld
    expect(await other.condemn(10)).toEqual([])
    release()
    expect(await linked).toEqual(blob)
    expect(await other.condemn(10)).toEqual([])
    expect(await other.findBlob(here, blob.digest)).toEqual(blob)
    expect(await faultsIn(driver.query)).toEqual([])
  })

  test('repositories do not wait for each other, and neither do collections', async () => {
    const { driver, one, other } = await twoNodes()
    await one.linkBlob(here, blob, hour)
    const isHeld = driver.holdNext()
    const linked = one.linkBlob(here, { ...blob, digest: sampleDigest(2), key: 'two' }, hour)
    const release = await isHeld
    await other.linkBlob(there, blob, hour)
    await other.linkBlob(there, { ...blob, digest: sampleDigest(3), key: 'three' }, 0)
    expect(await other.condemn(10)).toHaveLength(1)
    expect(await other.findBlob(here, sampleDigest(2))).toBeNull()
    release()
    await linked
    expect(await other.findBlob(here, sampleDigest(2))).not.toBeNull()
  })

  test('a change whose commit was not answered may be made again', async () => {
    const { driver, one, other } = await twoNodes()
    const lost = { kind: 'unavailable' }
    driver.loseNext()
    await expect(one.linkBlob(here, blob, hour)).rejects.toMatchObject(lost)
    expect(await one.linkBlob(here, blob, hour)).toEqual(blob)
    const manifest = { digest: sampleDigest(2), size: 20, key: 'two' }
    const tag = tagNamed('v1')
    const put = () =>
      one.putManifest(here, {
        record: { ...manifest, mediaType: 'a/b', blob: manifest, references: [blob.digest] },
        tags: [tag],
        immutable: [tag],
        requires: [{ digest: blob.digest, kind: 'blob' }],
      })
    driver.loseNext()
    await expect(put()).rejects.toMatchObject(lost)
    const stored = { kind: 'stored', blob: manifest, created: false, previous: [manifest.digest] }
    expect(await put()).toEqual(stored)
    driver.loseNext()
    await expect(one.deleteManifest(here, manifest.digest, { leaseMs: 0 })).rejects.toMatchObject(
      lost,
    )
    expect(await one.deleteManifest(here, manifest.digest, { leaseMs: 0 })).toBeNull()
    driver.loseNext()
    await expect(one.deleteRepository(here)).rejects.toMatchObject(lost)
    expect(await one.deleteRepository(here)).toBeNull()
    // What was not cleared then is cleared by a collection.
    expect(await other.condemn(10)).toEqual([blob, manifest])
    expect(await faultsIn(driver.query)).toEqual([])
    expect(await driver.query('select * from repositories')).toEqual([])
  })
})
