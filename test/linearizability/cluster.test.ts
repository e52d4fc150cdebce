import { expect, test } from 'vitest'
import { startCluster } from '../cluster/cluster.ts'
import { afterTest } from '../disk/temporary.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { httpNode } from './nodes.ts'
import { checkedRun } from './report.ts'

withServices('tags of three servers', { postgres, storage: seaweedfs }, (running) => {
  // Three servers take seconds to start: the short form is three registries in one process.
  test.runIf(isFull)('are linearizable while one after the other is killed', async () => {
    const stores = { postgres: running.postgres, storage: running.storage }
    const cluster = await startCluster({ nodes: 3, stores })
    afterTest(() => cluster.stop())
    let turn = 0
    let restarted: Promise<void> = Promise.resolve()
    async function killOne(): Promise<void> {
      await restarted
      const node = cluster.nodes[turn % cluster.nodes.length]
      turn += 1
      await node?.end('SIGKILL')
      restarted = node?.restart() ?? restarted
    }
    const report = await checkedRun('three servers, killed', {
      nodes: cluster.nodes.map(({ url }) => httpNode(fetch, url)),
      seed: Number(process.env.TEST_SEED ?? 1),
      // They are told little, so that many clients at one repository leave many orders to try.
      clients: 12,
      repositories: 3,
      operations: 6_000,
      before: async (operation) => (operation % 600 === 0 ? killOne() : undefined),
    })
    await restarted
    expect(report.anomalies).toEqual([])
    expect(turn).toBeGreaterThan(0)
  })
})
