import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type S3Options, type S3Transport, s3Blobs } from '../../adapters/s3/index.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import { memoryStores, newUploadId } from '../../src/kit.ts'
import { sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { type FaultProxy, faultProxy } from '../services/fault-proxy.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { withServices } from '../services/with-services.ts'
import { contentOf, optionsOf } from './bucket-content.ts'
import { watched } from './places.ts'

const base = 'http://registry.test/v2/app'
const bytes = Buffer.from(sampleBytes(200_000))
const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`

async function push(registry: Registry): Promise<void> {
  const url = `${base}/blobs/uploads/?digest=${digest}`
  const answer = await registry.fetch(new Request(url, { method: 'POST', body: bytes }))
  expect(answer.status).toBe(201)
}

withServices('a registry on a bucket', { seaweedfs }, (running) => {
  const options = optionsOf(() => running.seaweedfs)

  function registryOn(given: S3Options, redirect: 'on' | 'off' = 'off') {
    const { metadata, uploads } = memoryStores()
    const blobs = s3Blobs(given)
    return { blobs, registry: createRegistry({ stores: { blobs, metadata, uploads }, redirect }) }
  }

  async function withProxy(use: (proxy: FaultProxy) => Promise<void>): Promise<void> {
    const proxy = await faultProxy(running.seaweedfs.port)
    try {
      await use(proxy)
    } finally {
      await proxy.close()
    }
  }

  test('clients are sent to the public endpoint for blobs, and for nothing else', async () => {
    await withProxy(async (proxy) => {
      const publicEndpoint = `http://127.0.0.1:${proxy.port}`
      const { registry, blobs } = registryOn(await options({ publicEndpoint }), 'on')
      await push(registry)
      expect(proxy.requests).toBe(0)
      const get = (path: string, init?: RequestInit) =>
        Promise.resolve(registry.fetch(new Request(`${base}/${path}`, init)))
      const answer = await get(`blobs/${digest}`, { headers: { authorization: 'Bearer of ours' } })
      expect(answer.status).toBe(307)
      expect(answer.headers.get('docker-content-digest')).toBe(digest)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      const location = answer.headers.get('location') ?? ''
      expect(location.startsWith(publicEndpoint)).toBe(true)
      const fetched = await fetch(location)
      expect(Buffer.from(await fetched.arrayBuffer()).equals(bytes)).toBe(true)
      const part = await fetch(location, { headers: { range: 'bytes=5-9' } })
      expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([
        206,
        bytes.subarray(5, 10),
      ])
      expect(proxy.requests).toBe(2)

      const head = await get(`blobs/${digest}`, { method: 'HEAD' })
      expect([head.status, head.headers.get('content-length')]).toEqual([200, '200000'])
      const config = {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest,
        size: 200_000,
      }
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config,
        layers: [],
      })
      const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
      const put = await get('manifests/latest', { method: 'PUT', headers, body: manifest })
      expect(put.status).toBe(201)
      expect(await (await get('manifests/latest')).text()).toBe(manifest)
      await blobs.close()
    })
  })

  test('a blob is pulled through the registry, whole and in part, in one request each', async () => {
    const transport = watched()
    const { registry, blobs } = registryOn(await options({ transport }))
    await push(registry)
    transport.requests.splice(0)
    const url = `${base}/blobs/${digest}`
    const whole = await registry.fetch(new Request(url))
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    const headers = { range: 'bytes=100000-' }
    const part = await registry.fetch(new Request(url, { headers }))
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100_000))).toBe(true)
    const beyond = await registry.fetch(new Request(url, { headers: { range: 'bytes=200000-' } }))
    expect(beyond.status).toBe(416)
    const head = await registry.fetch(new Request(url, { method: 'HEAD' }))
    expect(head.status).toBe(200)
    expect(transport.requests).toEqual(['GET', 'GET', 'GET'])
    await blobs.close()
  })

  test('a sweep deletes objects without a name, and no others', async () => {
    const given = await options()
    const { registry, blobs } = registryOn(given)
    await push(registry)
    const lost = await blobs.stage(newUploadId(), {})
    await lost.write(sampleBytes(1000))
    const { key } = await lost.commit(sampleDigest(1))
    expect((await contentOf(given)).objects).toContain(key)
    expect((await registry.sweepBytes()).swept).toBe(0)
    expect(await registry.sweepBytes(-60_000)).toEqual({ looked: 2, swept: 1, bytes: 1000 })
    const { objects } = await contentOf(given)
    expect([objects.length, objects.includes(key)]).toEqual([1, false])
    const answer = await registry.fetch(new Request(`${base}/blobs/${digest}`))
    expect(answer.status).toBe(200)
    await answer.body?.cancel()
    await blobs.close()
  })

  test('the prefix may have any characters', async () => {
    const prefix = `${running.seaweedfs.prefix()}/\u00fc x+y/(z)!*'&<%41>~`
    const blobs = s3Blobs(await options({ prefix, partBytes: 5 * 1024 * 1024 }))
    const id = newUploadId()
    const first = await blobs.stage(id, {})
    await first.write(sampleBytes(6_000_000))
    const second = await blobs.stage(id, {}, await first.suspend())
    // A copy of the first part, and one object of another.
    await second.write(sampleBytes(1000))
    const blob = await second.commit(sampleDigest(1))
    const keys: string[] = []
    for await (const { key } of blobs.list()) keys.push(key)
    expect(keys).toEqual([blob.key])
    const url = await blobs.presign(blob, 60_000)
    expect((await fetch(url ?? '')).headers.get('content-length')).toBe('6001000')
    expect(await blobs.delete(blob)).toBe(true)
    await blobs.close()
  })

  test('an outage is told with 503, and ends by itself', async () => {
    await withProxy(async (proxy) => {
      const endpoint = `http://127.0.0.1:${proxy.port}`
      const { registry, blobs } = registryOn(
        await options({ endpoint, retries: 1, longestWaitMs: 10 }),
      )
      await push(registry)
      const url = `${base}/blobs/${digest}`
      await proxy.refuse()
      const away = await registry.fetch(new Request(url))
      expect([away.status, away.headers.has('retry-after')]).toEqual([503, true])
      await expect(blobs.check()).rejects.toThrow()
      const refused = await registry.fetch(
        new Request(`${base}/blobs/uploads/?digest=${digest}`, { method: 'POST', body: bytes }),
      )
      expect(refused.status).toBe(503)
      await proxy.accept()
      const back = await registry.fetch(new Request(url))
      expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
      await blobs.check()
      await blobs.close()
    })
  })

  test('an object that the store dates from long ago is made new, so that no sweep takes it', async () => {
    const inner = watched()
    // AWS dates an object from the beginning of its upload.
    const transport: S3Transport = {
      async send(request) {
        const answer = await inner.send(request)
        if (request.method !== 'HEAD') return answer
        const old = 'Mon, 01 Jan 2024 00:00:00 GMT'
        return {
          ...answer,
          header: (name) => (name === 'last-modified' ? old : answer.header(name)),
        }
      },
      close: () => inner.close(),
    }
    const blobs = s3Blobs(await options({ transport }))
    const staged = await blobs.stage(newUploadId(), {})
    await staged.write(sampleBytes(9_000_000))
    await staged.commit(sampleDigest(1))
    expect(inner.requests.slice(-3)).toEqual(['POST uploadId', 'HEAD', 'PUT copy'])
    await blobs.close()
  })
})
