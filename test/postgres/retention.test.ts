import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { registryOn } from '../retention/registry.ts'
import { retainEverything } from '../retention/scenario.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { cleanDatabase, drivenBy } from './places.ts'

withServices('retention with names in PostgreSQL', { postgres }, (running) => {
  test('does what it does in memory', async () => {
    const clock = fakeClock(Date.UTC(2026, 0))
    const url = await cleanDatabase(running.postgres)
    const database = await openPostgres({ sql: drivenBy(url, clock.now) })
    try {
      const { blobs, uploads } = memoryStores({ clock: clock.now })
      const { metadata } = database
      await retainEverything(await registryOn({ blobs, uploads, metadata }, clock))
      expect((await metadata.listTrash?.({ limit: 100 }))?.items.length).toBeGreaterThan(0)
    } finally {
      await database.close()
    }
  })
})
