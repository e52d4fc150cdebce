import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pushBlob } from '../cli/harness.ts'
import { entries, type Program, programFor, start } from '../cli/program.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgresAlone } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { type Cluster, type ClusterNode, startCluster } from './cluster.ts'

let program: Program
beforeAll(async () => {
  program = await programFor('node')
})
afterAll(() => program.remove())

/** Asks until the status is this one; the last answer's headers and body. */
async function until(
  status: number,
  url: string,
): Promise<{ readonly headers: Headers; readonly body: string }> {
  for (;;) {
    const answer = await fetch(url, { redirect: 'manual' })
    const body = await answer.text()
    if (answer.status === status) return { headers: answer.headers, body }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The lines of a node about the condition of its stores. */
function conditions({ log }: ClusterNode): readonly unknown[] {
  return entries(log())
    .filter(({ part }) => part !== undefined)
    .map(({ part, state = 'ok', reason }) => [
      part,
      state,
      ...(reason === undefined ? [] : [reason]),
    ])
}

/** The same, once there are so many: the log is written a moment later. */
async function told(node: ClusterNode, count: number): Promise<readonly unknown[]> {
  while (conditions(node).length < count) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return conditions(node)
}

withServices(
  'a node whose stores go away',
  { postgres: postgresAlone, storage: seaweedfs },
  (running) => {
    let cluster: Cluster
    let node: ClusterNode
    beforeAll(async () => {
      const stores = { postgres: running.postgres, storage: running.storage }
      cluster = await startCluster({ nodes: 1, stores, program })
      node = cluster.nodes[0] as ClusterNode
    })
    afterAll(async () => {
      for (const { log } of cluster.nodes) expect(log()).not.toMatch(/hunter2|testtest/)
      await cluster.stop()
    })

    test('the database: 503 with when to come again, and then it works again by itself', async () => {
      const { url } = node
      const digest = await pushBlob(url, randomBytes(100))
      const blob = `${url}/v2/a/blobs/${digest}`
      await running.postgres.halt('SIGINT')
      const { headers, body } = await until(503, blob)
      expect(headers.get('retry-after')).toBe('5')
      expect(JSON.parse(body)).toEqual({
        errors: [{ code: 'UNAVAILABLE', message: expect.stringMatching(/^service unavailable: /) }],
      })
      const ready = await until(503, `${url}/ready`)
      const reason = 'the database cannot be used'
      const reasons = { metadata: reason, uploads: reason }
      expect(JSON.parse(ready.body)).toEqual({ status: 'degraded', reasons })
      expect((await fetch(`${url}/live`)).status).toBe(200)

      await running.postgres.resume()
      await until(200, `${url}/ready`)
      expect((await fetch(blob)).status).toBe(200)
      const gone = ['metadata', 'unavailable', reason]
      expect((await told(node, 2)).slice(0, 2)).toEqual([gone, ['metadata', 'ok']])
    })

    test('the bucket: what is small is served on', async () => {
      const { url } = node
      const before = conditions(node).length
      const small = `${url}/v2/a/blobs/${await pushBlob(url, randomBytes(1000))}`
      const large = `${url}/v2/a/blobs/${await pushBlob(url, randomBytes(200_000))}`
      await running.storage.halt()
      // The bucket is looked at again once a request has failed.
      await until(503, large)
      const { body } = await until(503, `${url}/ready`)
      const reason = 'the bucket cannot be used'
      expect(JSON.parse(body)).toMatchObject({ reasons: { blobs: reason, uploads: reason } })
      expect((await fetch(small)).status).toBe(200)
      expect((await fetch(large, { method: 'HEAD' })).status).toBe(200)
      await running.storage.resume()
      await until(200, `${url}/ready`)
      // SeaweedFS answers before it has all of its bytes again.
      expect((await until(200, large)).headers.get('content-length')).toBe('200000')
      const gone = ['blobs', 'unavailable', reason]
      const lines = (await told(node, before + 2)).slice(before)
      expect(lines.slice(0, 2)).toEqual([gone, ['blobs', 'ok']])
    })

    test.each<[string, Record<string, string>, string]>([
      [
        'a database that is not there',
        { LAYERDOCK_DATABASE: 'postgres://postgres:hunter2@HOST/nowhere' },
        'has no such database. Create it (createdb NAME), or correct the URL',
      ],
      [
        'another bucket',
        { LAYERDOCK_BUCKET: 's3://BUCKET/other?endpoint=ENDPOINT' },
        'are elsewhere: s3://',
      ],
      [
        'a database that is not there, beside a bucket that does not answer,',
        {
          LAYERDOCK_DATABASE: 'postgres://postgres:hunter2@HOST/nowhere',
          LAYERDOCK_BUCKET: 's3://BUCKET/other?endpoint=http://127.0.0.1:9',
        },
        'has no such database',
      ],
      [
        'a bucket that is not there, beside a database that does not answer,',
        {
          LAYERDOCK_DATABASE: 'postgres://postgres:hunter2@127.0.0.1:9/nowhere',
          LAYERDOCK_BUCKET: 's3://not-there/other?endpoint=ENDPOINT',
        },
        'is not there. Create it',
      ],
    ])('%s ends the start with what to do', async (_, variables, message) => {
      const host = new URL(cluster.database).host
      const filled = Object.entries({ ...variables }).map(([name, value]) => [
        name,
        value
          .replace('HOST', host)
          .replace('BUCKET', /s3:\/\/([^/]+)/.exec(cluster.bucket)?.[1] ?? '')
          .replace('ENDPOINT', running.storage.endpoint),
      ])
      const environment = { ...cluster.environment, ...Object.fromEntries(filled) }
      const words = ['serve', '--listen', '127.0.0.1:0', '--store-wait', '1h']
      const { code, err, out } = await start({ ...program, environment }, ...words).ended
      expect([code, err]).toEqual([1, expect.stringContaining(message)])
      expect(err + out).not.toMatch(/hunter2|testtest/)
    })
  },
)
