import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import type { BlobStore, TrashEntry } from '../../src/kit.ts'
import { partStore } from '../../src/testing/part-store.ts'
import { repositoryNamed } from '../../src/testing/samples.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { type RegistryNodes, registryNodes } from './nodes.ts'

const dayMs = 24 * 60 * 60 * 1000
const app = repositoryNamed('app')
const call = callContext()
/** One blob is a row of the database, the other an object. */
const bodies = ['small', 'large '.repeat(20_000)]

withServices('bytes of what was deleted', { postgres }, (running) => {
  let nodes: RegistryNodes
  let bucket: BlobStore
  let time: number

  beforeEach(async () => {
    time = Date.now()
    bucket = partStore()
    nodes = await registryNodes(
      running.postgres,
      () => bucket,
      () => time,
    )
  })
  afterEach(() => nodes.close())

  async function ask(method: string, path: string, body?: string): Promise<Response> {
    const url = new URL(`/v2/app/${path}`, 'http://localhost')
    return nodes.fetch(new Request(url, { method, ...(body === undefined ? {} : { body }) }))
  }
  async function push(body: string): Promise<string> {
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    expect((await ask('POST', `blobs/uploads/?digest=${digest}`, body)).status).toBe(201)
    return digest
  }
  const objects = async (): Promise<number> => {
    let count = 0
    for await (const _ of nodes.node(0).database.smallBlobs(bucket).list()) count += 1
    return count
  }
  const entries = async (): Promise<readonly TrashEntry[]> =>
    (await nodes.node(0).registry.service.listTrash(call, { limit: 10 }, app)).items

  test('stay until it cannot be brought back any more, wherever they are', async () => {
    const digests = await Promise.all(bodies.map(push))
    for (const digest of digests) expect((await ask('DELETE', `blobs/${digest}`)).status).toBe(202)
    time += dayMs / 2
    await nodes.node(1).registry.collectGarbage()
    await nodes.node(2).registry.sweepBytes()
    expect(await objects()).toBe(2)
    const [first] = await entries()
    await nodes.node(1).registry.service.restore(call, app, first?.id ?? '')
    const back = await ask('GET', `blobs/${first?.digest}`)
    expect(bodies).toContain(await back.text())
    const [second] = await entries()
    expect((await ask('GET', `blobs/${second?.digest}`)).status).toBe(404)
    await ask('DELETE', `blobs/${first?.digest}`)
    time += 2 * dayMs
    // Keys that nothing names are kept for a while, and go with a collection after that.
    for (let round = 0; round < 2; round += 1) {
      await nodes.node(2).registry.collectGarbage()
      time += dayMs
    }
    expect(await entries()).toEqual([])
    expect(await objects()).toBe(0)
  })
})
