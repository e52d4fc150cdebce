import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { postgresDriver } from '../../adapters/postgres/postgres-js.ts'
import { S3Bucket } from '../../adapters/s3/bucket.ts'
import { S3Client } from '../../adapters/s3/client.ts'
import { s3Blobs } from '../../adapters/s3/index.ts'
import type { RegistryStores } from '../../src/index.ts'
import {
  type BlobRef,
  copyStores,
  memoryStores,
  newUploadId,
  repairSource,
  type VerifyOptions,
  type VerifyProblem,
  verifyStores,
} from '../../src/kit.ts'
import { repositoryNamed, sampleBytes } from '../../src/testing/index.ts'
import { bytesOf, digestOfContent, imageOf, pushBlob, pushManifest, run } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { afterTest } from '../disk/temporary.ts'
import { type ObjectStorage, seaweedfs, versitygw } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import { isFull, type TestService } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'

const here = repositoryNamed('here')
const image = imageOf([3, 4])
const steps = [...[0, 1, 3, 4].map((number) => pushBlob(here, number)), pushManifest(here, image)]
const [small, large] = [digestOfContent(bytesOf(1)), digestOfContent(bytesOf(3))]

async function verified(stores: RegistryStores, options: VerifyOptions = {}) {
  const problems: VerifyProblem[] = []
  const onProblem = (problem: VerifyProblem): void => void problems.push(problem)
  const report = await verifyStores(stores, { hash, onProblem, ...options })
  return { report, problems }
}

function verifyTests(name: string, storage: TestService<ObjectStorage>): void {
  withServices(`names in PostgreSQL, bytes in ${name}`, { postgres, storage }, (running) => {
    let bucket: string | null = null

    async function open() {
      const { endpoint, region, accessKeyId, secretAccessKey } = running.storage
      bucket ??= await running.storage.bucket()
      const credentials = { accessKeyId, secretAccessKey }
      const prefix = running.storage.prefix()
      const options = { bucket, prefix, endpoint, region, credentials }
      const around = s3Blobs(options)
      const client = new S3Client(options)
      const url = await running.postgres.database()
      const waits = { connectMs: 30_000, statementMs: 60_000, lockMs: 60_000, idleMs: 60_000 }
      const driver = postgresDriver({ poolSize: 2, prepare: true, url, ...waits })
      const db = await openPostgres({ sql: driver, trashMs: 0 })
      afterTest(async () => {
        await db.close()
        await driver.close()
        await around.close()
        await client.transport.close()
      })
      const blobs = db.smallBlobs(around)
      const stores = { metadata: db.metadata, uploads: db.uploads, blobs }
      await run(stores, steps)
      const refOf = async (digest: typeof small): Promise<BlobRef> => {
        const ref = await stores.metadata.findBlob(here, digest)
        if (ref === null) throw new Error('it is there')
        return ref
      }
      return { stores, driver, objects: new S3Bucket(client), refOf }
    }

    test('an object that was replaced by as many other bytes is found, and so is a row', async () => {
      const { stores, driver, objects, refOf } = await open()
      expect((await verified(stores)).report).toMatchObject({ digests: 5, sound: true })
      const [row, object] = [await refOf(small), await refOf(large)]
      // To put one in the place of another is refused.
      await objects.delete(object.key)
      await objects.put(object.key, [sampleBytes(object.size, 99)])
      await driver.query(
        'update small_blobs set bytes = set_byte(bytes, 0, 255 - get_byte(bytes, 0)) where key = $1',
        [row.key],
      )
      // They are served until somebody looks.
      expect(await stores.metadata.findBlob(here, large)).not.toBeNull()
      const { report, problems } = await verified(stores)
      expect(report).toMatchObject({ problems: 2, sound: false })
      expect(report).toMatchObject({ problems: 2, sound: false })
      expect(problems.map(({ kind, digest }) => [kind, digest]).sort()).toEqual(
        [
          ['damaged', small],
          ['damaged', large],
        ].sort(),
      )
      for (const digest of [small, large]) {
        expect(await stores.metadata.findBlob(here, digest)).toBeNull()
      }
      await run(stores, steps)
      expect((await refOf(large)).key).not.toBe(object.key)
      expect((await verified(stores)).report).toMatchObject({ problems: 0, sound: true })
    })

    test('an object without a name that has the bytes takes the place of one that is gone', async () => {
      const { stores, objects, refOf } = await open()
      const object = await refOf(large)
      const staged = await stores.blobs.stage(newUploadId(), {})
      await staged.write(bytesOf(3))
      await staged.commit(large)
      await objects.delete(object.key)
      const { report, problems } = await verified(stores, { sources: [] })
      expect(problems.map(({ repairedFrom }) => repairedFrom)).toEqual([
        null,
        'another copy in the store',
      ])
      expect(report).toMatchObject({ problems: 1, repaired: 1, sound: true })
      expect((await verified(stores)).report).toMatchObject({ problems: 0, sound: true })
    })

    test('a record that was changed in the database, and what is missing, are repaired from a copy', async () => {
      const { stores, driver, objects, refOf } = await open()
      const mirror = memoryStores()
      await copyStores(stores, mirror, { hash })
      await objects.delete((await refOf(large)).key)
      await driver.query("update manifests set subject = 'sha256:other', media_type = 'a/b'", [])
      const { report, problems } = await verified(stores, {
        sources: [repairSource('the mirror', mirror)],
      })
      expect(problems.map(({ kind, repairedFrom }) => [kind, repairedFrom])).toEqual([
        ['record', null],
        ['missing', 'the mirror'],
      ])
      expect(problems[0]?.detail).toContain('a/b')
      expect(report).toMatchObject({ problems: 2, repaired: 1 })
      const type = 'application/vnd.oci.image.manifest.v1+json'
      await driver.query('update manifests set media_type = $1', [type])
      const again = await verified(stores, { sources: [] })
      expect(again.problems).toMatchObject([{ kind: 'record', repairedFrom: 'its own bytes' }])
      expect((await verified(stores)).report.sound).toBe(true)
    })
  })
}

verifyTests('SeaweedFS', seaweedfs)
if (isFull) verifyTests('versitygw', versitygw)
