import { describe, expect, test } from 'vitest'
import { createRegistry, type RedirectPolicy, type RequestReport } from '../../src/index.ts'
import { setPeer } from '../../src/kit.ts'
import { memoryStores } from '../../src/registry.ts'
import { partBucket, partStoreIn } from '../../src/testing/part-store.ts'
import { clientOf, imageManifest, ociManifest, unknownDigest } from './client.ts'

/** A registry over a store that can sign URLs, with a blob in it. */
async function signing(redirect?: RedirectPolicy) {
  const bucket = partBucket()
  const reports: RequestReport[] = []
  const registry = createRegistry({
    stores: { ...memoryStores(), blobs: partStoreIn(bucket) },
    ...(redirect === undefined ? {} : { redirect }),
    observe: (report) => reports.push(report),
  })
  const client = clientOf(registry)
  const digest = await client.pushBlob('app', 'a layer')
  return { bucket, registry, client, digest, reports, path: `/v2/app/blobs/${digest}` }
}

describe('a redirect to the store', () => {
  test('leads a GET of a blob to its bytes', async () => {
    const { bucket, client, digest, reports, path } = await signing('on')
    const response = await client.send('GET', path)
    expect(response.status).toBe(307)
    expect(response.headers.get('docker-content-digest')).toBe(digest)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-length')).toBe('0')
    const location = new URL(response.headers.get('location') ?? '')
    expect(await (await bucket.fetch(location)).text()).toBe('a layer')
    // What the URL says is a secret for a while.
    expect(JSON.stringify(reports)).not.toContain(location.pathname)
    // The range goes along: it is the store that has to answer it.
    expect((await client.send('GET', path, { headers: { Range: 'bytes=0-1' } })).status).toBe(307)
  })

  test('is none for HEAD, for what the client has, for manifests, and for what is not there', async () => {
    const { client, digest, path } = await signing('on')
    expect((await client.send('HEAD', path)).status).toBe(200)
    const headers = { 'If-None-Match': `"${digest}"` }
    expect((await client.send('GET', path, { headers })).status).toBe(304)
    expect((await client.send('GET', `/v2/app/blobs/${unknownDigest}`)).status).toBe(404)
    expect((await client.send('GET', `/v2/other/blobs/${digest}`)).status).toBe(404)
    await client.pushBlob('app', '{}')
    await client.pushManifest('app', 'latest', imageManifest('a layer'), ociManifest)
    expect((await client.send('GET', '/v2/app/manifests/latest')).status).toBe(200)
  })

  test.each([undefined, 'off'] as const)('is none with %s', async (redirect) => {
    const { client, path } = await signing(redirect)
    expect(await (await client.send('GET', path)).text()).toBe('a layer')
  })

  test('is what a policy says of the blob and of the client', async () => {
    const asked: unknown[] = []
    const { registry, path } = await signing(({ size }, { address }) => {
      asked.push([size, address])
      return address === '192.0.2.7'
    })
    const get = async (address: string): Promise<number> => {
      const request = new Request(`http://registry.test${path}`)
      setPeer(request, { address })
      return (await registry.fetch(request)).status
    }
    expect(await get('192.0.2.7')).toBe(307)
    expect(await get('10.0.0.1')).toBe(200)
    expect(asked).toEqual([
      [7, '192.0.2.7'],
      [7, '10.0.0.1'],
    ])
  })

  test('is none where the store signs no URLs', async () => {
    const client = clientOf(createRegistry({ redirect: 'on' }))
    const digest = await client.pushBlob('app', 'a layer')
    expect(await (await client.send('GET', `/v2/app/blobs/${digest}`)).text()).toBe('a layer')
  })
})
