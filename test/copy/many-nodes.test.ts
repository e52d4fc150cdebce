import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { s3Blobs } from '../../adapters/s3/index.ts'
import type { RegistryStores } from '../../src/index.ts'
import { copyStores, memoryStores, verifyStores } from '../../src/kit.ts'
import { afterTest } from '../disk/temporary.ts'
import { type ObjectStorage, seaweedfs, versitygw } from '../services/object-storage.ts'
import { postgresAlone } from '../services/postgres.ts'
import { isFull, type TestService } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { history, run, everyKind as steps, viewOf } from './content.ts'
import { judged } from './judged-stores.ts'
import { hash, onDisk } from './places.ts'

/** Whether the services have to be there, as where everything is run: then for longer, and on both. */
const isLong = isFull

/** Makes the tables, which all databases of a test are copies of. */
async function prepared(url: string): Promise<void> {
  await (await openPostgres({ url })).close()
}

function copyTests(name: string, storage: TestService<ObjectStorage>): void {
  withServices(
    `names in PostgreSQL, bytes in ${name}`,
    { postgres: postgresAlone, storage },
    (running) => {
      let bucket: string | null = null

      async function open(): Promise<RegistryStores> {
        const { endpoint, region, accessKeyId, secretAccessKey } = running.storage
        bucket ??= await running.storage.bucket()
        const credentials = { accessKeyId, secretAccessKey }
        const prefix = running.storage.prefix()
        const around = s3Blobs({ bucket, prefix, endpoint, region, credentials })
        const url = await running.postgres.database(prepared)
        const db = await openPostgres({ url })
        afterTest(async () => {
          await db.close()
          await around.close()
        })
        return { metadata: db.metadata, uploads: db.uploads, blobs: db.smallBlobs(around) }
      }

      test('the target answers what the source answers, there and back', async () => {
        await fc.assert(
          fc.asyncProperty(history, history, async (before, after) => {
            const [from, to, back] = [await onDisk(), await open(), memoryStores()]
            await run(from, before)
            expect(await copyStores(from, to, { hash })).toMatchObject({
              complete: true,
              problems: 0,
            })
            expect(await viewOf(to)).toEqual(await viewOf(from))
            await run(from, after)
            const second = await copyStores(from, to, { hash, mirror: true }).catch(
              (error) => error,
            )
            if (second instanceof Error) {
              expect(second.name).toBe('CopyRefused')
              return
            }
            expect(second).toMatchObject({ complete: true, problems: 0 })
            expect(await viewOf(to)).toEqual(await viewOf(from))
            expect(await verifyStores(to, { hash })).toMatchObject({ problems: 0 })
            expect(await copyStores(to, back, { hash })).toMatchObject({
              complete: true,
              problems: 0,
            })
            expect(await viewOf(back)).toEqual(await viewOf(from))
          }),
          { numRuns: isLong ? 6 : 2 },
        )
      })

      test('a copy that dies at some call of the target goes on', async () => {
        const from = memoryStores()
        await run(from, steps)
        const wanted = await viewOf(from)
        for (const deadline of isLong ? [5, 10, 15, 20, 25, 30, 35, 40, 45] : [20, 40]) {
          const to = await open()
          let calls = 0
          const target = judged(to, async (_name, proceed) => {
            calls += 1
            if (calls > deadline) throw new Error('dead')
            return proceed()
          })
          await expect(copyStores(from, target, { hash })).rejects.toThrow('dead')
          expect(await copyStores(from, to, { hash })).toMatchObject({
            complete: true,
            problems: 0,
          })
          expect(await viewOf(to)).toEqual(wanted)
        }
      })

      test('a database that restarts and a bucket that is away do not end a copy', async () => {
        const from = memoryStores()
        await run(from, steps)
        const to = await open()
        let calls = 0
        let back: Promise<unknown> = Promise.resolve()
        const target = judged(to, async (name, proceed) => {
          if (name === 'commit' || name === 'putManifest') calls += 1
          if (calls === 3) {
            calls += 1
            await running.postgres.halt()
            await running.storage.halt()
            const resumed = [running.postgres.resume(), running.storage.resume()]
            back = Promise.all(resumed)
            await back
          }
          return proceed()
        })
        const pause = async (): Promise<void> => {
          await back
        }
        const report = await copyStores(from, target, { hash, pause, concurrency: 4 })
        expect(report).toMatchObject({ complete: true, problems: 0 })
        expect(await viewOf(to)).toEqual(await viewOf(from))
        expect(calls).toBeGreaterThan(4)
      })
    },
  )
}

copyTests('SeaweedFS', seaweedfs)
if (isLong) copyTests('versitygw', versitygw)
