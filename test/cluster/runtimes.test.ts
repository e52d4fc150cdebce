import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { digestOf } from '../cli/harness.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { startCluster } from './cluster.ts'

withServices('nodes on other runtimes', { postgres, storage: seaweedfs }, (running) => {
  test.each(['bun', 'deno'] as const)('on %s', async (runtime) => {
    const stores = { postgres: running.postgres, storage: running.storage }
    const cluster = await startCluster({ nodes: 2, stores, runtime })
    try {
      const { url, balancer, nodes } = cluster
      const bytes = randomBytes(6 * 1024 * 1024)
      const opened = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' })
      const session = `${url}${opened.headers.get('location')}`
      expect((await fetch(session, { method: 'PATCH', body: bytes })).status).toBe(202)
      const end = `${session}${session.includes('?') ? '&' : '?'}digest=${digestOf(bytes)}`
      expect((await fetch(end, { method: 'PUT' })).status).toBe(201)
      expect(balancer.sent).toHaveLength(2)
      for (const node of nodes) {
        const answer = await fetch(`${node.url}/v2/a/blobs/${digestOf(bytes)}`)
        expect(digestOf(Buffer.from(await answer.arrayBuffer()))).toBe(digestOf(bytes))
        expect((await fetch(`${node.url}/ready`)).status).toBe(200)
        expect(await node.end('SIGTERM')).toBe(0)
      }
    } finally {
      await cluster.stop()
    }
  })
})
