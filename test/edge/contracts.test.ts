import { fileURLToPath } from 'node:url'
import * as miniflare from 'miniflare'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  blobStoreContract,
  type ContractCase,
  casesFor,
  metadataStoreContract,
  type Supports,
  uploadStoreContract,
} from '../../src/testing/index.ts'
import { sampleOf } from '../sample.ts'
import { bootEdge, type Edge } from './edge.ts'
import { r2Cases } from './r2-cases.ts'
import { sqlCases } from './sql-cases.ts'

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
  return (await edge.fetch(new Request(`${edge.url}/?${query}`))).text()
}

const contractOf = <Case>(cases: readonly Case[], every: number): readonly Case[] =>
  sampleOf('cases of contracts', cases, every)

const everything: Supports = { reopen: true, secondInstance: true, outages: true, clock: true }

/** Makes a test of each case. R2's bindings make no URLs, so what needs those is shown as skipped. */
function holdsTo(kind: string, contract: readonly ContractCase<never>[]): void {
  const { runnable, unsupported } = casesFor(contract, everything)
  for (const { name } of runnable) {
    test(name, async () => expect(await outcome(kind, name)).toBe('holds'))
  }
  for (const { name, reason } of unsupported) test.skip(`${name} (${reason})`, () => {})
}

describe('blobs in R2, in small parts', () => {
  beforeEach(() => takeSmallParts(edge.server as unknown as Controlled))
  // A blob of many megabytes has more small parts than R2 takes.
  holdsTo(
    '1000',
    contractOf(
      blobStoreContract.filter(({ name }) => !name.includes('many megabytes')),
      6,
    ),
  )
})

describe('blobs in R2', () => holdsTo(`${5 * 1024 * 1024}`, contractOf(blobStoreContract, 12)))

describe('upload sessions in tables, over RPC', () =>
  holdsTo('uploads', contractOf(uploadStoreContract, 8)))

describe('names in tables, over RPC', () =>
  holdsTo('metadata', contractOf(metadataStoreContract, 8)))

describe('the tables', () => {
  for (const { name } of sqlCases) {
    test(name, async () => expect(await outcome('tables', name)).toBe('holds'))
  }
})

describe('the bucket', () => {
  beforeEach(() => takeSmallParts(edge.server as unknown as Controlled))
  for (const { name } of r2Cases) {
    test(name, async () => expect(await outcome('bucket', name)).toBe('holds'))
  }
})
