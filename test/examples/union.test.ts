import { callContext, createRegistry, everyItem, repositoryName, serviceApp } from 'layerdock'
import { type RegistryFetch, registryContract } from 'layerdock/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  type Client,
  clientOf,
  digestOf,
  expectError,
  imageManifest,
  ociIndex,
} from '../http/client.ts'

const example = await import('../../examples/union.ts')
const { unionOf } = example

let first: Client
let second: Client
let union: Client
let service: ReturnType<typeof unionOf>

beforeEach(() => {
  const registries = [createRegistry(), createRegistry()] as const
  service = unionOf(registries[0].service, registries[1].service)
  first = clientOf(registries[0])
  second = clientOf(registries[1])
  union = clientOf(serviceApp(service))
})

async function json(client: Client, path: string): Promise<Record<string, unknown>> {
  const response = await client.send('GET', path)
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}

/** All of a list, by its links. */
async function paged(path: string, field: string): Promise<string[]> {
  const found: string[] = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const response = await union.send('GET', next)
    found.push(...(((await response.json()) as Record<string, string[]>)[field] ?? []))
    next = /<([^>]+)>/.exec(response.headers.get('link') ?? '')?.[1]
  }
  return found
}

test('examples/union.ts: one pulls from both, and pushes to the first', async () => {
  const { digest } = await clientOf(example.base).pushImage('base', 'v1')
  const client = clientOf(example.union)
  const pulled = await client.send('GET', '/v2/base/manifests/v1')
  expect(pulled.headers.get('docker-content-digest')).toBe(digest)
  await client.pushImage('app', 'v1')
  const path = '/v2/app/manifests/v1'
  expect((await clientOf(example.team).send('HEAD', path)).status).toBe(200)
  expect((await clientOf(example.base).send('HEAD', path)).status).toBe(404)
})

test('of a tag that both have the first one’s counts', async () => {
  await second.pushImage('app', 'v1')
  const { digest } = await first.pushImage('app', 'v1', { annotations: { a: 'b' } })
  const head = await union.send('HEAD', '/v2/app/manifests/v1')
  expect(head.headers.get('docker-content-digest')).toBe(digest)
  expect((await union.send('DELETE', '/v2/app/manifests/v1')).status).toBe(202)
  const then = await union.send('HEAD', '/v2/app/manifests/v1')
  expect(then.headers.get('docker-content-digest')).not.toBe(digest)
})

test('lists have the names of both, page by page, each once', async () => {
  for (const [index, client] of [first, second].entries()) {
    for (let number = index; number < 20; number += 2 - index) {
      await client.pushImage(`repo/${String(number).padStart(2, '0')}`, `t${number % 3}`)
      await client.pushImage('app', `t${String(number).padStart(2, '0')}`)
    }
  }
  const numbers = Array.from({ length: 20 }, (_, number) => String(number).padStart(2, '0'))
  const tags = numbers.map((number) => `t${number}`)
  for (const n of [1, 3, 7, 19, 20, 100]) {
    expect(await paged(`/v2/app/tags/list?n=${n}`, 'tags')).toEqual(tags)
    const repositories = ['app', ...numbers.map((number) => `repo/${number}`)]
    expect(await paged(`/v2/_catalog?n=${n}`, 'repositories')).toEqual(repositories)
  }
  expect(await json(union, '/v2/repo/01/tags/list')).toMatchObject({ tags: ['t1'] })
  await expectError(await union.send('GET', '/v2/none/tags/list'), 404, 'NAME_UNKNOWN')
})

test('a program sees the blobs, manifests and tags of both', async () => {
  await first.pushImage('app', 'one', { annotations: { a: 'b' } })
  await second.pushImage('app', 'other')
  await second.pushBlob('app', 'another blob')
  const [call, name] = [callContext(), repositoryName('app')]
  const names: string[] = []
  for await (const { tag } of everyItem((page) => service.listTagRecords(call, name, page))) {
    names.push(tag)
  }
  expect(names).toEqual(['one', 'other'])
  const blobs = await service.listBlobs(call, name, { limit: 100 })
  expect(blobs.items.length).toBe(3)
  const manifests = await service.listManifests(call, name, { limit: 1 })
  expect([manifests.items.length, manifests.more]).toEqual([1, true])
  expect(await service.countRepository(call, name)).toMatchObject({ manifests: 1, tags: 1 })
})

test('an image may be spread over both', async () => {
  await second.pushBlob('app', 'base layer')
  await union.pushBlob('app', '{}')
  const head = await union.send('HEAD', `/v2/app/blobs/${digestOf('base layer')}`)
  expect(head.status).toBe(200)
  const digest = await union.pushManifest('app', 'v1', imageManifest('base layer'))
  expect((await first.send('HEAD', `/v2/app/manifests/${digest}`)).status).toBe(200)
  const layer = await union.send('GET', `/v2/app/blobs/${digestOf('base layer')}`)
  expect(await layer.text()).toBe('base layer')
  const refused = await union.send('PUT', '/v2/app/manifests/v2', {
    headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
    body: imageManifest('a layer that neither has'),
  })
  await expectError(refused, 400, 'MANIFEST_BLOB_UNKNOWN')
})

test('an index may hold images of both', async () => {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const images = [
    await first.pushImage('app', 'one', { annotations: { a: 'b' } }),
    await second.pushImage('app', 'other'),
  ]
  const manifests = images.map(({ digest, text }) => ({ mediaType, digest, size: text.length }))
  const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests })
  const digest = await union.pushManifest('app', 'all', index, ociIndex)
  expect((await first.send('HEAD', `/v2/app/manifests/${digest}`)).status).toBe(200)
  for (const image of images) {
    const found = await union.send('GET', `/v2/app/manifests/${image.digest}`)
    expect(await found.text()).toBe(image.text)
  }
})

test('referrers come from both', async () => {
  const image = await first.pushImage('app', 'v1')
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const subject = { mediaType, digest: image.digest, size: image.text.length }
  const digests: string[] = []
  for (const [client, kind] of [
    [first, 'a/b'],
    [second, 'c/d'],
  ] as const) {
    await client.pushImage('app', 'other')
    const referrer = imageManifest('a layer of app', { subject, artifactType: kind })
    digests.push(await client.pushManifest('app', 'referrer', referrer))
  }
  const { manifests } = await json(union, `/v2/app/referrers/${image.digest}`)
  expect((manifests as Array<{ digest: string }>).map(({ digest }) => digest)).toEqual(
    digests.sort(),
  )
})

describe('over one that is empty it is as any registry', () => {
  const make = (): RegistryFetch =>
    serviceApp(unionOf(createRegistry().service, createRegistry().service)).fetch
  for (const { name, run } of registryContract) test(name, () => run(make))
})
