import { expect, test } from 'vitest'
import { createRegistry, type RegistryOptions } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import {
  type Client,
  clientOf,
  descriptorOf,
  digestOf,
  imageManifest,
  ociManifest,
} from './client.ts'

/** Clients such as oras read 4 MiB of a page and no more. */
const mostRead = 4 * 1024 * 1024

const layer = 'a layer'
const subjectText = imageManifest(layer)
const path = `/v2/app/referrers/${digestOf(subjectText)}`

async function clientWith(options: RegistryOptions = {}): Promise<Client> {
  const client = clientOf(createRegistry(options))
  await client.pushBlob('app', '{}')
  await client.pushBlob('app', layer)
  return client
}

/** Pushes a manifest that refers to the subject. */
async function refer(client: Client, annotations: object, more: object = {}): Promise<string> {
  const subject = descriptorOf(subjectText, ociManifest)
  const text = imageManifest(layer, { subject, annotations, ...more })
  return client.pushManifest('app', digestOf(text), text)
}

interface Pages {
  /** The bytes of each page, as sent. */
  readonly lengths: readonly number[]
  readonly items: readonly { readonly digest: string; readonly annotations?: object }[]
}

async function allPages(client: Client, from = path): Promise<Pages> {
  const lengths: number[] = []
  const items: Pages['items'][number][] = []
  for (let next: string | undefined = from; next !== undefined; ) {
    const response = await client.send('GET', next)
    const text = await response.text()
    lengths.push(Buffer.byteLength(text))
    items.push(...(JSON.parse(text) as { manifests: Pages['items'] }).manifests)
    next = /^<([^>]*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
  }
  return { lengths, items }
}

test.each([
  ['small ones', 300, 'x'.repeat(20_000)],
  ['ones that a record holds, in several bytes a character', 2500, 'é'.repeat(1900)],
  ['ones that a record does not hold, in several bytes a character', 700, 'é'.repeat(3000)],
  ['ones of escapes', 500, '\u0001'.repeat(1500)],
])('a page has at most 4 MiB as sent: %s', async (_, count, filler) => {
  const client = await clientWith()
  const pushed: string[] = []
  for (let number = 0; number < count; number += 1) {
    pushed.push(await refer(client, { number: String(number), filler }))
  }
  const { lengths, items } = await allPages(client)
  for (const length of lengths) expect(length).toBeLessThanOrEqual(mostRead)
  expect(items.map(({ digest }) => digest)).toEqual(pushed.sort())
  for (const { annotations } of items) expect(annotations).toMatchObject({ filler })
})

test('annotations that no page can hold are left out, and the rest is listed', async () => {
  const client = await clientWith({ limits: { manifestBytes: 2 * mostRead } })
  await refer(client, { small: 'yes' })
  await refer(client, { large: 'x'.repeat(mostRead) })
  await refer(client, { small: 'yes' }, { artifactType: 'a/b' })
  const { lengths, items } = await allPages(client)
  for (const length of lengths) expect(length).toBeLessThanOrEqual(mostRead)
  expect(
    items
      .map(({ annotations }) => annotations ?? 'none')
      .map(String)
      .sort(),
  ).toEqual(['[object Object]', '[object Object]', 'none'].sort())
})

test('the largest annotations that a manifest can have are in its page', async () => {
  const client = await clientWith()
  const large = 'x'.repeat(mostRead - 2000)
  await refer(client, { large })
  const { lengths, items } = await allPages(client)
  expect(lengths).toHaveLength(1)
  expect(lengths[0]).toBeLessThanOrEqual(mostRead)
  expect(items[0]?.annotations).toEqual({ large })
})

test('a page reads a bounded number of manifests, and of their bytes', async () => {
  const stores = memoryStores()
  let opened = 0
  let bytes = 0
  const blobs: BlobStore = {
    ...stores.blobs,
    async open(blob) {
      opened += 1
      bytes += blob.size
      return stores.blobs.open(blob)
    },
  }
  const client = await clientWith({
    stores: { ...stores, blobs },
    limits: { manifestCacheBytes: 0 },
  })
  const pushed: string[] = []
  for (let number = 0; number < 250; number += 1) {
    // What makes them large is not in the list: each could be read for a few bytes of it.
    const padding = 'x'.repeat(number % 50 === 0 ? 1_000_000 : 0)
    pushed.push(await refer(client, { number: 'y'.repeat(3000) }, { number, padding }))
  }
  for (const from of [path, `${path}?artifactType=application/vnd.oci.image.config.v1%2Bjson`]) {
    const digests: string[] = []
    for (let next: string | undefined = from; next !== undefined; ) {
      opened = 0
      bytes = 0
      const response = await client.send('GET', next)
      expect(opened).toBeLessThanOrEqual(100)
      expect(bytes).toBeLessThanOrEqual(mostRead)
      const { manifests } = (await response.json()) as { manifests: { digest: string }[] }
      digests.push(...manifests.map(({ digest }) => digest))
      next = /^<([^>]*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(digests).toEqual(pushed.toSorted())
  }
  opened = 0
  expect((await client.send('GET', `${path}?artifactType=a/none`)).status).toBe(200)
  expect(opened).toBe(0)
})

test('a filter with a parameter is taken to the letter', async () => {
  const client = await clientWith()
  const artifactType = 'application/vnd.example+json; version=0.2'
  const digest = await refer(client, {}, { artifactType })
  for (const query of [
    encodeURIComponent(artifactType),
    'application/vnd.example+json;%20version=0.2',
  ]) {
    const response = await client.send('GET', `${path}?artifactType=${query}`)
    const { manifests } = (await response.json()) as { manifests: { digest: string }[] }
    expect(manifests.map((entry) => entry.digest)).toEqual([digest])
  }
})
