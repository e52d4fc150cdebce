import { expect, test } from 'vitest'
import { openPostgres, type PostgresStores } from '../../adapters/postgres/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { registryOn } from '../retention/registry.ts'
import { agreeOnNew, retainEverything } from '../retention/scenario.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { cleanDatabase, drivenBy } from './places.ts'

withServices('retention with names in PostgreSQL', { postgres }, (running) => {
  async function inDatabase(
    clock: ReturnType<typeof fakeClock>,
    work: (database: PostgresStores) => Promise<void>,
  ): Promise<void> {
    const url = await cleanDatabase(running.postgres)
    const database = await openPostgres({ sql: drivenBy(url, clock.now) })
    try {
      await work(database)
    } finally {
      await database.close()
    }
  }

  test('does what it does in memory', async () => {
    const clock = fakeClock(Date.UTC(2026, 0))
    await inDatabase(clock, async ({ metadata }) => {
      const { blobs, uploads } = memoryStores({ clock: clock.now })
      await retainEverything(await registryOn({ blobs, uploads, metadata }, clock))
      expect((await metadata.listTrash?.({ limit: 100 }))?.items.length).toBeGreaterThan(0)
    })
  })

  test('keeps what was pushed in the last minute, and says so', async () => {
    const clock = fakeClock(Date.UTC(2026, 0))
    await inDatabase(clock, async ({ metadata }) => {
      const { blobs, uploads } = memoryStores({ clock: clock.now })
      const stores = { blobs, uploads, metadata, clock: clock.now }
      await agreeOnNew(await registryOn(stores, clock), 30_000)
    })
  })
})
