import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import type { MetadataStore } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { memoryMetadata, openMetadata } from '../../src/metadata/store.ts'
import { afterTest, openStore } from '../disk/temporary.ts'
import { registryNodes } from '../postgres/nodes.ts'
import { drivenBy } from '../postgres/places.ts'
import { faultsIn } from '../postgres/soundness.ts'
import { postgres } from '../services/postgres.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { httpNode, storeNode } from './nodes.ts'
import { checkedRun } from './report.ts'

const seed = Number(process.env.TEST_SEED ?? 1)

/** So many operations in CI, and a part of them otherwise; more: `npm run prove -- linearizability`. */
function operations(full: number): number {
  return isFull ? full : full / 30
}

test('tags in memory are linearizable', async () => {
  const nodes = [storeNode(memoryMetadata())]
  const report = await checkedRun('memory', {
    nodes,
    seed,
    clients: 8,
    trash: true,
    operations: operations(6_000),
  })
  expect(report).toMatchObject({ anomalies: [], unanswered: 0 })
})

test('tags in a folder are linearizable', async () => {
  const { log } = await openStore()
  const metadata: MetadataStore = await openMetadata({ log })
  afterTest(() => metadata.close())
  const nodes = [storeNode(metadata)]
  const report = await checkedRun('disk', {
    nodes,
    seed,
    clients: 8,
    trash: true,
    operations: operations(6_000),
  })
  expect(report).toMatchObject({ anomalies: [], unanswered: 0 })
})

withServices('tags of three nodes over PostgreSQL', { postgres }, (running) => {
  test('are linearizable while connections are killed', async () => {
    const url = await running.postgres.database()
    const stores = []
    for (let node = 0; node < 3; node += 1) {
      stores.push(await openPostgres({ url, poolSize: 4 }))
      const opened = stores.at(-1)
      afterTest(async () => opened?.close())
    }
    const killer = drivenBy(url, Date.now)
    afterTest(() => killer.close())
    let killed = 0
    let killing = Promise.resolve()
    // One after the other, so that the killer has one connection, which it spares.
    const kill = (): Promise<void> => {
      killing = killing.then(async () => {
        const rows = await killer.query(
          `select pg_terminate_backend(pid) from (select pid from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() order by random() limit 2) victims`,
        )
        killed += rows.length
      })
      return killing
    }
    const report = await checkedRun('PostgreSQL, connections killed', {
      nodes: stores.map(({ metadata }) => storeNode(metadata)),
      seed,
      clients: 12,
      trash: true,
      operations: operations(6_000),
      before: async (operation) => (operation % 100 === 0 ? kill() : undefined),
    })
    expect(report.anomalies).toEqual([])
    expect(killed).toBeGreaterThan(0)
    expect(await faultsIn(killer.query)).toEqual([])
  })

  test('are linearizable over HTTP', async () => {
    const registries = await registryNodes(running.postgres, memoryBlobs)
    afterTest(() => registries.close())
    const report = await checkedRun('PostgreSQL, registries', {
      nodes: registries.all.map(({ registry }) =>
        httpNode(async (request) => registry.fetch(request), 'http://localhost'),
      ),
      seed,
      // They are told little, so that many clients at one repository leave many orders to try.
      clients: 12,
      repositories: 3,
      operations: operations(4_000),
    })
    expect(report).toMatchObject({ anomalies: [], unanswered: 0 })
  })
})
