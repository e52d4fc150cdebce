import { expect, test } from 'vitest'
import { createRegistry } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { artifact, type Contents, image, index, testRegistry } from '../../src/testing/index.ts'
import { digestOf, ociConfig, ociIndex, ociManifest, utf8 } from '../http/client.ts'

type Json = Record<string, unknown>

async function manifestOf(
  registry: { fetch(path: string): Promise<Response> },
  path: string,
): Promise<Json> {
  const response = await registry.fetch(path)
  expect(response.status).toBe(200)
  return (await response.json()) as Json
}

const everything = {
  'app:latest': image({ layers: ['a', utf8('b')], config: { os: 'plan9' } }),
  'team/multi:1': index({ 'linux/amd64': 'app:latest', 'linux/arm64/v8': 'app:arm' }),
  'app:arm': image({ layers: ['c'], annotations: { k: 'v' } }),
  sbom: artifact({ subject: 'app:latest', type: 'application/spdx+json', layers: ['{"x":1}'] }),
  bare: image(),
}

test('an image has its layers, its config and its tag', async () => {
  const registry = testRegistry()
  const digests = await registry.push(everything)
  const response = await registry.fetch('/v2/app/manifests/latest')
  const text = await response.text()
  expect(digests['app:latest']).toBe(digestOf(text))
  expect(response.headers.get('docker-content-digest')).toBe(digests['app:latest'])
  expect(response.headers.get('content-type')).toBe(ociManifest)
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'plan9',
    rootfs: { type: 'layers', diff_ids: [digestOf('a'), digestOf('b')] },
  })
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', size: 1 }
  expect(JSON.parse(text)).toEqual({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: ociConfig, digest: digestOf(config), size: config.length },
    layers: [
      { ...layer, digest: digestOf('a') },
      { ...layer, digest: digestOf('b') },
    ],
  })
  for (const content of ['a', 'b', config]) {
    const blob = await registry.fetch(`/v2/app/blobs/${digestOf(content)}`)
    expect(await blob.text()).toBe(content)
  }
})

test('an index may name images before or after it, and has them in its own repository', async () => {
  const registry = testRegistry()
  const digests = await registry.push(everything)
  const { manifests, mediaType } = await manifestOf(registry, '/v2/team/multi/manifests/1')
  expect(mediaType).toBe(ociIndex)
  expect(manifests).toEqual([
    {
      mediaType: ociManifest,
      digest: digests['app:latest'],
      size: expect.any(Number),
      platform: { os: 'linux', architecture: 'amd64' },
    },
    {
      mediaType: ociManifest,
      digest: digests['app:arm'],
      size: expect.any(Number),
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
    },
  ])
  const arm = await manifestOf(registry, `/v2/team/multi/manifests/${digests['app:arm']}`)
  expect(arm.annotations).toEqual({ k: 'v' })
  expect((await registry.fetch(`/v2/team/multi/blobs/${digestOf('c')}`)).status).toBe(200)
})

test('an artifact is a referrer of its subject, beside it and without a tag', async () => {
  const registry = testRegistry()
  const digests = await registry.push(everything)
  const path = `/v2/app/referrers/${digests['app:latest']}`
  expect((await manifestOf(registry, path)).manifests).toEqual([
    {
      mediaType: ociManifest,
      digest: digests.sbom,
      size: expect.any(Number),
      artifactType: 'application/spdx+json',
    },
  ])
  expect(await manifestOf(registry, '/v2/app/tags/list')).toEqual({
    name: 'app',
    tags: ['arm', 'latest'],
  })
  expect((await registry.fetch('/v2/sbom/tags/list')).status).toBe(404)
  expect((await registry.fetch(`/v2/bare/manifests/${digests.bare}`)).status).toBe(200)
})

test('the same contents have the same digests', async () => {
  const digests = await testRegistry().push(everything)
  expect(await testRegistry().push(everything)).toEqual(digests)
  expect(digests).toEqual({
    'app:latest': 'sha256:779e566dc2967145143295071daf658dda5929cb205bc90fb7d9c34350e2898a',
    'team/multi:1': 'sha256:78f919e5876863107ce5a1ba0e3796a7843381d4e5cec70b63e0705fc1bc8892',
    'app:arm': 'sha256:cd2f4cc8d2d34df4b1d216a9667619122b27cad9c447f9eda798959ef96bbf37',
    sbom: 'sha256:36ab4c327fbd997d8f211d237b038e70b4157b4abd6e1a1a523b16c2af088f3e',
    bare: 'sha256:09ade42fe3e69018a3360bb092265af902f9e7d6013146cf152c82ac3a944707',
  })
})

test('a later push can name an earlier one, and move its tag', async () => {
  const registry = testRegistry()
  const first = await registry.push({ 'app:1': image({ layers: ['one'] }) })
  const second = await registry.push({
    'app:1': image({ layers: ['two'] }),
    signature: artifact({ subject: 'app:1', type: 'a/b' }),
  })
  expect(second['app:1']).not.toBe(first['app:1'])
  const signature = await manifestOf(registry, `/v2/app/manifests/${second.signature}`)
  expect(signature.subject).toMatchObject({ digest: second['app:1'] })
  expect(signature.layers).toEqual([signature.config])
  const third = await registry.push({ 'all:1': index({ 'linux/amd64': 'app:1' }) })
  const { manifests } = await manifestOf(registry, `/v2/all/manifests/${third['all:1']}`)
  expect(manifests).toMatchObject([{ digest: second['app:1'] }])
  expect((await registry.fetch(`/v2/app/manifests/${first['app:1']}`)).status).toBe(200)
})

test('a layer may have a media type and annotations', async () => {
  const registry = testRegistry()
  const layer = { content: 'x', mediaType: 'text/plain', annotations: { title: 'x.txt' } }
  await registry.push({ 'files:1': artifact({ type: 'a/b', layers: [layer], annotations: {} }) })
  expect(await manifestOf(registry, '/v2/files/manifests/1')).toMatchObject({
    artifactType: 'a/b',
    layers: [{ mediaType: 'text/plain', digest: digestOf('x'), annotations: { title: 'x.txt' } }],
  })
})

test.each([
  [
    'an image that was never pushed',
    { 'all:1': index({ 'linux/amd64': 'app:1' }) },
    /all:1 names app:1/,
  ],
  [
    'themselves',
    { 'a:1': index({ 'linux/amd64': 'b:1' }), 'b:1': index({ 'linux/amd64': 'a:1' }) },
    /a:1 is a part of itself/,
  ],
  ['an illegal repository', { 'App:1': image() }, /not a legal name: App/],
  ['an illegal tag', { 'app:-': image() }, /not a legal name: -/],
])('contents that name %s are refused', async (_, contents: Contents, message) => {
  await expect(testRegistry().push(contents)).rejects.toThrow(message)
})

test('names that JavaScript uses itself are names like any other', async () => {
  const registry = testRegistry()
  const digests = await registry.push({
    'constructor:__proto__': image(),
    ['__proto__']: artifact({ subject: 'constructor:__proto__', type: 'a/b' }),
  })
  expect(Object.keys(digests)).toEqual(['constructor:__proto__', '__proto__'])
})

test('a read-only registry has content, and accepts none from clients', async () => {
  const registry = testRegistry({ readOnly: true })
  await registry.push({ 'app:1': image() })
  expect((await registry.fetch('/v2/app/manifests/1')).status).toBe(200)
  const post = await registry.fetch('/v2/app/blobs/uploads/', { method: 'POST' })
  expect(post.status).toBe(405)
})

test('content can be pushed into given stores', async () => {
  const stores = memoryStores()
  await testRegistry({ stores }).push({ 'app:1': image() })
  const { fetch } = createRegistry({ stores })
  const response = await fetch(new Request('http://registry.test/v2/app/tags/list'))
  expect(await response.json()).toEqual({ name: 'app', tags: ['1'] })
})
