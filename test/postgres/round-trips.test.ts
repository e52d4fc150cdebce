import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { openPostgres, type PostgresStores } from '../../adapters/postgres/open-postgres.ts'
import type { SqlDriver, SqlQuery } from '../../adapters/postgres/sql-driver.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import type { BlobStore } from '../../src/kit.ts'
import { partStore } from '../../src/testing/part-store.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { cleanDatabase, drivenBy } from './places.ts'

const digestOf = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`

/**
 * A driver that counts round trips: statements that are begun while others are under way go with them, and so does the
 * beginning of a transaction; its last statements go with the commit. `pipelining.test.ts` looks at what is really sent.
 */
function counted(driver: SqlDriver, count: () => void): SqlDriver {
  let underWay = 0
  const counting =
    (query: SqlQuery): SqlQuery =>
    async (text, params) => {
      if (underWay === 0) count()
      underWay += 1
      try {
        return await query(text, params)
      } finally {
        underWay -= 1
      }
    }
  return {
    query: counting(driver.query),
    transaction: (work) =>
      driver.transaction(async (query, last) => {
        if (last === undefined) throw new Error('the driver sends nothing ahead')
        const value = await work(counting(query), last)
        count()
        return value
      }),
    close: () => driver.close(),
  }
}

withServices('round trips to the database, and calls of the bucket', { postgres }, (running) => {
  let registry: Registry
  let stores: PostgresStores
  let trips = 0
  const bucketCalls: string[] = []

  beforeAll(async () => {
    const driver = drivenBy(await cleanDatabase(running.postgres), Date.now)
    const sql = counted(driver, () => {
      trips += 1
    })
    stores = await openPostgres({ sql })
    const bucket = partStore()
    const around = new Proxy(bucket, {
      get(target, name: keyof BlobStore) {
        const value = target[name]
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          bucketCalls.push(name)
          return Reflect.apply(value, target, given)
        }
      },
    })
    const { metadata, uploads } = stores
    const blobs = stores.smallBlobs(around)
    registry = createRegistry({
      stores: { metadata, uploads, blobs },
      hash: nodeHash,
      clock: stores.clock,
      // What is to be sent goes with the change, and takes no round trip.
      outbox: () => [{ endpoints: ['one', 'two'], text: '{}' }],
    })
  })
  afterAll(async () => {
    await registry.close()
    await stores.close()
  })

  async function ask(
    method: string,
    path: string,
    body?: string,
    type?: string,
  ): Promise<Response> {
    const answer = await registry.fetch(
      new Request(new URL(path, 'http://localhost'), {
        method,
        ...(body === undefined ? {} : { body }),
        ...(type === undefined ? {} : { headers: { 'content-type': type } }),
      }),
    )
    expect(answer.status).toBeLessThan(400)
    return answer
  }

  /** A request takes at most so many round trips, and asks nothing of the bucket. */
  async function takes(most: number, asking: () => Promise<Response>): Promise<void> {
    trips = 0
    bucketCalls.length = 0
    await (await asking()).arrayBuffer()
    expect(trips).toBeLessThanOrEqual(most)
    expect(bucketCalls).toEqual([])
  }

  async function pushBlob(text: string): Promise<void> {
    await ask('POST', `/v2/app/blobs/uploads/?digest=${digestOf(text)}`, text)
  }

  const type = 'application/vnd.oci.image.manifest.v1+json'
  const indexType = 'application/vnd.oci.image.index.v1+json'
  const descriptorOf = (mediaType: string, text: string) => {
    return { mediaType, digest: digestOf(text), size: text.length }
  }
  const manifestOf = (text: string): string =>
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: descriptorOf('a/b', text),
      layers: [],
    })

  test('of a small manifest and its blobs', async () => {
    await pushBlob('config')
    await takes(4, () => ask('POST', `/v2/app/blobs/uploads/?digest=${digestOf('layer')}`, 'layer'))
    // Its bytes, what is known of it, and what is written.
    await takes(3, () => ask('PUT', '/v2/app/manifests/latest', manifestOf('config'), type))
    // An index, whose size is added up where it is written.
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [descriptorOf(type, manifestOf('config'))],
    })
    await takes(3, () => ask('PUT', '/v2/app/manifests/index', index, indexType))
    const pull = () => ask('GET', '/v2/app/manifests/latest')
    await pull()
    // The manifest is known by now, and the tag is asked for each time.
    await takes(1, pull)
    await takes(1, () => ask('HEAD', '/v2/app/manifests/latest'))
    await takes(1, () => ask('HEAD', `/v2/app/blobs/${digestOf('config')}`))
    await takes(2, () => ask('GET', `/v2/app/blobs/${digestOf('config')}`))
  })

  test('of messages: they go with the changes', async () => {
    const before = await stores.metadata.outbox?.counts()
    await pushBlob('told')
    const after = await stores.metadata.outbox?.counts()
    expect(after?.map(({ waiting }) => waiting)).toEqual(
      [0, 1].map((index) => (before?.[index]?.waiting ?? 0) + 1),
    )
  })

  test('of a small blob that comes in a session', async () => {
    const text = 'a small layer'
    let location = ''
    const asked = async (answer: Promise<Response>): Promise<Response> => {
      location = (await answer).headers.get('location') ?? ''
      return answer
    }
    await takes(1, () => asked(ask('POST', '/v2/app/blobs/uploads/')))
    await takes(2, () => asked(ask('PATCH', location, text)))
    await takes(5, () => ask('PUT', `${location}?digest=${digestOf(text)}`))
  })
})
