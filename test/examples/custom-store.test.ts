import { createHash } from 'node:crypto'
import { createRegistry } from 'layerdock'
import { memoryStores } from 'layerdock/kit'
import {
  type BlobStorePlace,
  blobStoreContract,
  casesFor,
  type RegistryFetch,
  registryContract,
} from 'layerdock/testing'
import { describe, expect, test } from 'vitest'
import { mapKeyValue } from '../../examples/custom-store/key-value.ts'
import { keyValueBlobs } from '../../examples/custom-store/key-value-blobs.ts'
import { textOf } from '../architecture/source-files.ts'
import { flakyKeyValue } from './flaky-key-value.ts'

describe('blobs among keys and values', () => {
  const supports = { reopen: true, secondInstance: true, outages: true }
  const { runnable, unsupported } = casesFor(blobStoreContract, supports)
  for (const { name, run } of runnable) test(name, () => run(makePlace))
  for (const { name, reason } of unsupported) test.skip(`${name} (${reason})`, () => {})
})

describe('a registry over them', () => {
  for (const { name, run } of registryContract) test(name, () => run(makeRegistry))
})

function makePlace(): BlobStorePlace {
  const { values, failOnce } = flakyKeyValue()
  return { open: () => keyValueBlobs(values, 4000), failOnce }
}

function makeRegistry(): RegistryFetch {
  const blobs = keyValueBlobs(mapKeyValue(), 4000)
  return createRegistry({ stores: { ...memoryStores(), blobs } }).fetch
}

test('the guide shows this very test', () => {
  const guide = textOf('examples/custom-store/README.md')
  const [, shown = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(guide) ?? []
  expect(shown).toContain('registryContract')
  expect(textOf('test/examples/custom-store.test.ts')).toContain(shown)
})

/** Keys that a registry left in the database after some requests. */
async function keysAfter(
  requests: (send: (method: string, path: string, body?: string) => Promise<Response>) => unknown,
): Promise<string[]> {
  const values = mapKeyValue()
  const stores = { ...memoryStores(), blobs: keyValueBlobs(values, 100) }
  const { fetch } = createRegistry({ stores })
  await requests(async (method, path, body) => {
    const init = { method, ...(body === undefined ? {} : { body }) }
    return fetch(new Request(new URL(path, 'http://registry.test'), init))
  })
  const keys: string[] = []
  for await (const key of values.keys('')) keys.push(key)
  return keys
}

test('a cancelled upload leaves nothing behind', async () => {
  const keys = await keysAfter(async (send) => {
    const opened = await send('POST', '/v2/app/blobs/uploads/')
    const session = opened.headers.get('location') ?? ''
    await send('PATCH', session, 'x'.repeat(250))
    expect((await send('DELETE', session)).status).toBe(204)
  })
  expect(keys).toEqual([])
})

test('a finished upload leaves its blob and the pieces it is made of', async () => {
  const parts = ['x'.repeat(130), 'y'.repeat(120)]
  const digest = `sha256:${createHash('sha256').update(parts.join('')).digest('hex')}`
  const keys = await keysAfter(async (send) => {
    const opened = await send('POST', '/v2/app/blobs/uploads/')
    const session = opened.headers.get('location') ?? ''
    for (const part of parts) await send('PATCH', session, part)
    expect((await send('PUT', `${session}?digest=${digest}`)).status).toBe(201)
  })
  expect(keys.map((key) => key.split('/')[0])).toEqual([
    'blobs',
    ...['pieces', 'pieces', 'pieces', 'pieces'],
  ])
})

test('a blob that lost a piece is not found, and a push of the same bytes heals it', async () => {
  const values = mapKeyValue()
  const stores = { ...memoryStores(), blobs: keyValueBlobs(values, 100) }
  const { fetch } = createRegistry({ stores })
  const bytes = 'x'.repeat(250)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const send = async (method: string, path: string, body?: string): Promise<Response> =>
    fetch(
      new Request(`http://registry.test/v2/app/blobs/${path}`, {
        method,
        ...(body === undefined ? {} : { body }),
      }),
    )
  const push = () => send('POST', `uploads/?digest=${digest}`, bytes)
  expect((await push()).status).toBe(201)
  for await (const key of values.keys('pieces/')) {
    await values.delete(key)
    break
  }
  expect((await send('GET', digest)).status).toBe(404)
  expect((await send('HEAD', digest)).status).toBe(404)
  expect((await push()).status).toBe(201)
  expect(await (await send('GET', digest)).text()).toBe(bytes)
})
