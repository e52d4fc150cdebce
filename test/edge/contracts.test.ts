import { fileURLToPath } from 'node:url'
import * as miniflare from 'miniflare'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  blobStoreContract,
  metadataStoreContract,
  uploadStoreContract,
} from '../../src/testing/index.ts'
import { bootEdge, type Edge } from './edge.ts'

/** What Miniflare has for its own tests: under control, its R2 takes parts as small as 50 bytes. */
interface Controlled {
  _enableControlEndpoints(): void
  _getInternalDurableObjectNamespace(
    plugin: string,
    service: string,
    className: string,
  ): Promise<{
    idFromName(name: string): unknown
    get(id: unknown): { fetch(url: string, init: object): Promise<Response> }
  }>
}

let edge: Edge

beforeAll(async () => {
  ;(miniflare as unknown as Controlled)._enableControlEndpoints()
  const entry = fileURLToPath(new URL('contracts-worker.ts', import.meta.url))
  const durableObjects = { STORES: { className: 'Stores', useSQLite: true } }
  edge = await bootEdge({ r2Buckets: ['BLOBS'], durableObjects }, entry)
})

afterAll(() => edge.end())

async function takeSmallParts(server: Controlled): Promise<void> {
  const buckets = await server._getInternalDurableObjectNamespace(
    'r2',
    'r2:bucket',
    'R2BucketObject',
  )
  const controlOp = { name: 'sqlQuery', args: ['SELECT 1'] }
  const init = { method: 'POST', cf: { miniflare: { controlOp } } }
  const answer = await buckets.get(buckets.idFromName('BLOBS')).fetch('http://localhost', init)
  expect(answer.status).toBe(200)
}

async function outcome(kind: string, name: string): Promise<string> {
  const query = new URLSearchParams({ kind, name })
  return (await fetch(`${edge.url}/?${query}`)).text()
}

describe('blobs in R2, in small parts', () => {
  beforeEach(() => takeSmallParts(edge.server as unknown as Controlled))
  for (const { name } of blobStoreContract) {
    // One of many megabytes has more small parts than R2 takes.
    test.skipIf(name.includes('many megabytes'))(name, async () => {
      expect(await outcome('1000', name)).toBe('holds')
    })
  }
})

const contracts = [
  { title: 'blobs in R2', kind: `${5 * 1024 * 1024}`, cases: blobStoreContract },
  { title: 'upload sessions in tables', kind: 'uploads', cases: uploadStoreContract },
  { title: 'names in tables, over RPC', kind: 'metadata', cases: metadataStoreContract },
]

for (const { title, kind, cases } of contracts) {
  describe(title, () => {
    for (const { name } of cases) {
      test(name, async () => expect(await outcome(kind, name)).toBe('holds'))
    }
  })
}
