import { createRegistry } from 'layerdock'
import { type BlobStore, memoryStores } from 'layerdock/kit'
import { blobStoreContract, casesFor, type RegistryFetch, registryContract } from 'layerdock/testing'
import { describe, expect, test } from 'vitest'
import { mapKeyValue } from '../../examples/custom-store/key-value.ts'
import { keyValueBlobs } from '../../examples/custom-store/key-value-blobs.ts'
import { textOf } from '../architecture/source-files.ts'

describe('blobs among keys and values', () => {
  for (const { name, run } of casesFor(blobStoreContract, {}).runnable) {
    test(name, () => run(() => ({ open: makeBlobs })))
  }
})

describe('a registry over them', () => {
  for (const { name, run } of registryContract) test(name, () => run(makeRegistry))
})

function makeBlobs(): BlobStore {
  return keyValueBlobs(mapKeyValue(), 4000)
}

function makeRegistry(): RegistryFetch {
  return createRegistry({ stores: { ...memoryStores(), blobs: makeBlobs() } }).fetch
}

test('the guide shows this very test', () => {
  const guide = textOf('examples/custom-store/README.md')
  const [, shown = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(guide) ?? []
  expect(shown).toContain('registryContract')
  expect(textOf('test/examples/custom-store.test.ts')).toContain(shown)
})

test('an upload leaves nothing behind but its blob', async () => {
  const values = mapKeyValue()
  const { fetch } = createRegistry({
    stores: { ...memoryStores(), blobs: keyValueBlobs(values, 100) },
  })
  const url = 'http://registry.test/v2/app/blobs/uploads/'
  const session = async (): Promise<string> =>
    (await fetch(new Request(url, { method: 'POST' }))).headers.get('location') ?? ''
  const send = (method: string, path: string, body?: string): Response | Promise<Response> =>
    fetch(new Request(new URL(path, url), { method, ...(body === undefined ? {} : { body }) }))
  const cancelled = await session()
  await send('PATCH', cancelled, 'x'.repeat(250))
  expect((await send('DELETE', cancelled)).status).toBe(204)
  for await (const key of values.keys('')) expect(key).toBe('nothing')
})
