import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { drivenBy } from './places.ts'
import { faultsIn } from './soundness.ts'
import { Bucket, stress } from './stress.ts'

/** How long each run takes. `npm run stress` sets it. */
const runMs = Number(process.env.TEST_STRESS_MS ?? 1000)

withServices('many nodes that push and collect at once', { postgres }, (running) => {
  // Few digests meet all the time; many are collected all the time.
  test.each([30, 2000])('lose nothing and leave nothing, with %i digests', async (digests) => {
    const url = await running.postgres.database()
    const nodes = []
    for (let node = 0; node < 3; node += 1) nodes.push(await openPostgres({ url, trashMs: 0 }))
    const driver = drivenBy(url, Date.now)
    try {
      const bucket = new Bucket()
      const options = { digests, runMs, shortestMs: 60, longestMs: 400 }
      const report = await stress(nodes, bucket, options)
      expect(report.lost).toEqual([])
      expect(report.misdelivered).toEqual([])
      expect(report.arrived).toBe(report.told)
      expect(report.pushes).toBeGreaterThan(0)
      expect(await faultsIn(driver.query)).toEqual([])

      // Once every lease is over, the bucket has what the tables name, and nothing else.
      const [node] = nodes
      while (((await node?.metadata.dropTrash?.('all', 1000)) ?? 0) > 0);
      await driver.query('update links set keep_until = 0 where keep_until is not null')
      for (let left = 1; left > 0; ) {
        const condemned = (await node?.metadata.condemn(1000)) ?? []
        for (const blob of condemned) {
          bucket.keys.delete(blob.key)
          await node?.metadata.forget(blob)
        }
        left = condemned.length
      }
      expect(await faultsIn(driver.query)).toEqual([])
      const rows = await driver.query<{ key: string }>('select key from blobs')
      expect(rows.map(({ key }) => key).sort()).toEqual([...bucket.keys.keys()].sort())
      expect(await driver.query('select * from review')).toEqual([])
      expect(await driver.query('select * from trash')).toEqual([])

      const [{ deadlocks } = { deadlocks: null }] = await driver.query<{ deadlocks: unknown }>(
        'select deadlocks from pg_stat_database where datname = current_database()',
      )
      expect(Number(deadlocks)).toBe(0)
      // A run at full length is to be seen.
      if (runMs > 10_000) process.stdout.write(`${digests} digests: ${JSON.stringify(report)}\n`)
    } finally {
      for (const stores of [...nodes, driver]) await stores.close()
    }
  })
})
