import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Client,
  chunkedBody,
  clientOf,
  digestOf,
  imageManifest,
  ociIndex,
  ociManifest,
} from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const layer = 'a layer of an image'
const config = '{}'
const manifest = imageManifest(layer)

/** Resolves a Location as Go's clients do: against the request's own URL. */
function follow(response: Response, from: string): URL {
  const location = response.headers.get('location') ?? ''
  expect(location).toMatch(/^\//)
  return new URL(location, `http://registry.test${from}`)
}

const lastByte = (response: Response): number => {
  const range = response.headers.get('range') ?? ''
  expect(range).toMatch(/^0-[0-9]+$/)
  return Number(range.slice(2))
}

describe.each(registries)('as clients speak to $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make()
    client = clientOf(made.registry)
  })
  afterEach(() => made.end())

  async function pull(): Promise<void> {
    const accept = `${ociManifest}, ${ociIndex}, */*`
    const head = await client.send('HEAD', '/v2/app/manifests/latest', {
      headers: { Accept: accept },
    })
    expect(head.status).toBe(200)
    expect(head.headers.get('content-type')).toBe(ociManifest)
    const digest = head.headers.get('docker-content-digest') ?? ''
    const got = await client.send('GET', `/v2/app/manifests/${digest}`)
    expect(digestOf(await got.text())).toBe(digest)
    for (const content of [config, layer]) {
      const blob = await client.send('GET', `/v2/app/blobs/${digestOf(content)}`)
      expect(await blob.text()).toBe(content)
    }
  }

  async function putManifest(reference = 'latest'): Promise<void> {
    const response = await client.send('PUT', `/v2/app/manifests/${reference}`, {
      headers: { 'Content-Type': ociManifest },
      body: manifest,
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('docker-content-digest')).toBe(digestOf(manifest))
  }

  test('Docker, classic: HEAD, POST, chunked PATCH, empty PUT, HEAD', async () => {
    for (const content of [config, layer]) {
      const blob = `/v2/app/blobs/${digestOf(content)}`
      expect((await client.send('HEAD', blob)).status).toBe(404)
      const posted = await client.send('POST', '/v2/app/blobs/uploads/')
      expect(posted.headers.get('docker-upload-uuid')).toMatch(/^[0-9a-f-]{36}$/)
      const session = follow(posted, '/v2/app/blobs/uploads/')
      const patched = await client.send('PATCH', session.href, {
        body: chunkedBody(content.slice(0, 1), content.slice(1)),
      })
      expect([patched.status, lastByte(patched)]).toEqual([202, content.length - 1])
      const last = follow(patched, session.pathname)
      last.searchParams.set('digest', digestOf(content))
      const put = await client.send('PUT', last.href)
      expect(put.status).toBe(201)
      const head = await client.send('HEAD', blob)
      expect(head.headers.get('content-length')).toBe(String(content.length))
    }
    await putManifest()
    await pull()
  })

  test('containerd and BuildKit: mount unescaped, PUT with a length, DCD on every answer', async () => {
    await client.pushBlob('base/image', config)
    for (const content of [config, layer]) {
      const digest = digestOf(content)
      const head = await client.send('HEAD', `/v2/app/blobs/${digest}`, {
        headers: { Accept: 'application/vnd.oci.image.layer.v1.tar+gzip, */*' },
      })
      expect(head.status).toBe(404)
      const path = `/v2/app/blobs/uploads/?mount=${digest}&from=base/image`
      const posted = await client.send('POST', path)
      if (posted.status === 201) {
        expect([content, posted.headers.get('docker-content-digest')]).toEqual([config, digest])
        continue
      }
      expect(posted.status).toBe(202)
      const session = follow(posted, path)
      const query = new URLSearchParams({ digest })
      const put = await client.send('PUT', `${decodeURIComponent(session.pathname)}?${query}`, {
        headers: { 'Content-Type': 'application/octet-stream' },
        body: content,
      })
      expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, digest])
    }
    await putManifest()
    await pull()
    const rest = await client.send('GET', `/v2/app/blobs/${digestOf(layer)}`, {
      headers: { Range: 'bytes=5-' },
    })
    expect([rest.status, await rest.text()]).toEqual([206, layer.slice(5)])
  })

  test('skopeo and podman: a mount that misses is cancelled', async () => {
    const path = `/v2/app/blobs/uploads/?from=other&mount=${encodeURIComponent(digestOf(layer))}`
    const missed = await client.send('POST', path)
    expect(missed.status).toBe(202)
    expect((await client.send('DELETE', follow(missed, path).href)).status).toBe(204)
    for (const content of [config, layer]) {
      const session = follow(await client.send('POST', '/v2/app/blobs/uploads/'), '/v2/app/')
      const patched = await client.send('PATCH', session.href, { body: chunkedBody(content) })
      const put = follow(patched, session.pathname)
      put.search = `digest=${encodeURIComponent(digestOf(content))}`
      expect((await client.send('PUT', put.href)).status).toBe(201)
    }
    await putManifest()
    await pull()
  })

  test('oras and helm: POST, PUT, and referrers of nothing', async () => {
    const ping = await client.send('GET', `/v2/app/referrers/sha256:${'0'.repeat(64)}`)
    expect([ping.status, ping.headers.get('content-type')]).toEqual([200, ociIndex])
    for (const content of [config, layer]) {
      const session = follow(await client.send('POST', '/v2/app/blobs/uploads/'), '/v2/app/')
      session.searchParams.set('digest', digestOf(content))
      expect((await client.send('PUT', session.href, { body: content })).status).toBe(201)
    }
    await putManifest(digestOf(manifest))
    await putManifest()
    await pull()
  })

  test('crane and ko: POST with a JSON type and no body, PATCH, PUT', async () => {
    for (const content of [config, layer]) {
      const headers = { 'Content-Type': 'application/json' }
      const posted = await client.send('POST', '/v2/app/blobs/uploads/', { headers })
      const session = follow(posted, '/v2/app/blobs/uploads/')
      const patched = await client.send('PATCH', session.href, {
        headers: { 'Content-Type': 'application/octet-stream' },
        body: chunkedBody(content),
      })
      const put = follow(patched, session.pathname)
      put.searchParams.set('digest', digestOf(content))
      const response = await client.send('PUT', put.href, {
        headers: { 'Content-Type': 'application/octet-stream' },
      })
      expect(response.status).toBe(201)
    }
    await putManifest()
    await pull()
  })

  test('regclient: POST ?mount alone, chunks with ranges, resumed where a 416 says', async () => {
    const path = `/v2/app/blobs/uploads/?mount=${digestOf(layer)}`
    const session = follow(await client.send('POST', path), path)
    const send = (start: number, end: number): Promise<Response> =>
      client.send('PATCH', session.href, {
        headers: { 'Content-Range': `${start}-${end - 1}` },
        body: layer.slice(start, end),
      })
    expect((await send(0, 7)).status).toBe(202)
    const refused = await send(9, 12)
    expect([refused.status, refused.headers.get('location')]).toEqual([416, session.pathname])
    let at = lastByte(refused) + 1
    for (; at < layer.length; at += 4) {
      expect((await send(at, Math.min(at + 4, layer.length))).status).toBe(202)
    }
    const put = `${session.href}?digest=${digestOf(layer)}`
    expect((await client.send('PUT', put)).status).toBe(201)
    await client.pushBlob('app', config)
    await putManifest()
    await pull()
  })

  test('CUE: every chunk with its range, the empty last one too', async () => {
    for (const content of ['', config, layer]) {
      const session = await client.openUpload('app')
      const half = content.length >> 1
      for (const [start, end] of [
        [0, half],
        [half, content.length],
      ] as const) {
        if (start === end) continue
        const response = await client.send('PATCH', session, {
          headers: { 'Content-Range': `${start}-${end - 1}` },
          body: content.slice(start, end),
        })
        expect([response.status, lastByte(response)]).toEqual([202, end - 1])
      }
      const range = content === '' ? '0-0' : `${content.length}-${content.length - 1}`
      const put = await client.send('PUT', `${session}?digest=${digestOf(content)}`, {
        headers: { 'Content-Range': range },
      })
      expect(put.status).toBe(201)
    }
    await putManifest()
    await pull()
  })

  test('BuildKit’s cache: an index whose children are layers', async () => {
    await client.pushBlob('app', layer)
    const manifests = [{ mediaType: 'a/b', digest: digestOf(layer), size: layer.length }]
    const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests })
    expect(await client.pushManifest('app', 'cache', index, ociIndex)).toBe(digestOf(index))
  })

  test('containerd’s ?ns= is left alone', async () => {
    await client.pushImage('app', 'latest')
    const response = await client.send('GET', '/v2/app/manifests/latest?ns=docker.io')
    expect(response.status).toBe(200)
  })

  test('two pushes of one image at once, and a reader who sees the old or the new', async () => {
    await client.pushBlob('app', config)
    await client.pushBlob('app', layer)
    const versions = Array.from({ length: 10 }, (_, version) =>
      imageManifest(layer, { annotations: { version: String(version) } }),
    )
    await client.pushManifest('app', 'latest', versions[0] ?? '')
    const writers = versions.map((text) => client.pushManifest('app', 'latest', text))
    const readers = versions.map(async () => {
      const response = await client.send('GET', '/v2/app/manifests/latest')
      const text = await response.text()
      expect(versions).toContain(text)
      expect(response.headers.get('docker-content-digest')).toBe(digestOf(text))
    })
    await Promise.all([...writers, ...readers])
  })
})
