import { describe, expect, test } from 'vitest'
import { createRegistry, type RegistryStores } from '../../src/index.ts'
import {
  type ContentSource,
  type ContentTarget,
  type CopyProblem,
  httpSource,
  httpTarget,
  memoryStores,
  nowhere,
  RegistryClient,
  type RegistryClientOptions,
  storesSource,
  storesTarget,
  transferContent,
} from '../../src/kit.ts'
import { digestOfContent, pushBlob, pushManifest, run } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { app, descriptor, fill, image, multi, other, served, signature } from './images.ts'

type Handler = (request: Request) => Response | Promise<Response>

/** A registry over stores, as a function. */
function registryOf(stores: RegistryStores): Handler {
  const registry = createRegistry({ stores, hash })
  return (request) => registry.fetch(request)
}

/** A client that reaches a handler, and waits for nothing. */
function clientOf(handler: Handler, options: Partial<RegistryClientOptions> = {}): RegistryClient {
  return new RegistryClient({
    url: new URL('https://registry.example'),
    pause: async () => {},
    fetch: async (url, init) => await handler(new Request(url, init)),
    ...options,
  })
}

async function transfer(source: ContentSource, target: ContentTarget) {
  const found: CopyProblem[] = []
  const onProblem = (problem: CopyProblem): void => void found.push(problem)
  const pause = async (): Promise<void> => {}
  const progress = await transferContent(source, target, { hash, onProblem, pause })
  return { found, progress }
}

async function filled(): Promise<RegistryStores> {
  const stores = memoryStores()
  await fill(stores)
  return stores
}

/** What is served, without times. */
async function content(stores: RegistryStores): Promise<string> {
  return JSON.stringify(await served(stores), (key, value) =>
    key === 'time' || key === 'updatedAt' ? undefined : value,
  )
}

test('all of a registry goes to another over HTTP, and from there to a third', async () => {
  const [first, second, third] = [await filled(), memoryStores(), memoryStores()]
  const there = await transfer(storesSource(first), httpTarget(clientOf(registryOf(second)), hash))
  expect(there.found).toEqual([])
  expect(await content(second)).toBe(await content(first))
  const again = await transfer(storesSource(first), httpTarget(clientOf(registryOf(second)), hash))
  expect(again.progress.copied).toEqual({ repository: 0, blob: 0, manifest: 0, tag: 0 })

  const back = await transfer(httpSource(clientOf(registryOf(second)), hash), storesTarget(third))
  expect(back.found).toEqual([])
  // What has no tag, and is not named by what has one, is not to be found over HTTP.
  const untagged = digestOfContent(image([2, 3]))
  await first.metadata.deleteManifest(other, untagged, { leaseMs: 0 })
  expect(await content(third)).toBe(await content(first))
})

test('a dry run says what a transfer does, and changes nothing', async () => {
  const first = await filled()
  for (const over of ['HTTP', 'stores'] as const) {
    const second = memoryStores()
    const asked: string[] = []
    const handler = registryOf(second)
    const client = clientOf((request) => {
      asked.push(request.method)
      return handler(request)
    })
    const target = over === 'HTTP' ? httpTarget(client, hash) : storesTarget(second)
    const options = { hash, dryRun: true }
    const dry = await transferContent(storesSource(first), target, options)
    const planned = JSON.stringify(dry)
    expect(new Set(asked)).toEqual(new Set(over === 'HTTP' ? ['HEAD'] : []))
    expect((await second.metadata.listRepositories({ limit: 1 })).items).toEqual([])
    expect(JSON.stringify((await transfer(storesSource(first), target)).progress)).toBe(planned)
    const again = await transferContent(storesSource(first), target, options)
    expect(again.copied).toEqual({ repository: 0, blob: 0, manifest: 0, tag: 0 })
  }
})

test('what a registry has can be read without being kept', async () => {
  const stores = await filled()
  const bad: string[] = []
  const handler = registryOf(stores)
  const client = clientOf(async (request) => {
    const response = await handler(request)
    const isBlob = request.method === 'GET' && /\/blobs\//.test(request.url)
    if (!isBlob || response.status !== 200 || bad.length > 0) return response
    const bytes = new Uint8Array(await response.arrayBuffer()).fill(7)
    if (bytes.byteLength > 0) bad.push(request.url)
    return new Response(bytes, { headers: response.headers })
  })
  const { found, progress } = await transfer(httpSource(client, hash), nowhere)
  expect(found).toMatchObject([{ kind: 'damaged', what: 'blob' }])
  expect(progress.looked.blob).toBeGreaterThan(1)
})

test('a blob of another repository is mounted and not sent again', async () => {
  const [first, second] = [await filled(), memoryStores()]
  const mounts: string[] = []
  const registry = registryOf(second)
  const client = clientOf((request) => {
    if (request.url.includes('mount=')) mounts.push(request.url)
    return registry(request)
  })
  const { progress } = await transfer(storesSource(first), httpTarget(client, hash))
  expect(mounts.length).toBeGreaterThan(0)
  expect(progress.bytes).toBe(0 + 1 + 700 + 70_000)
})

/** A registry without the API for referrers, as distribution is. */
function withoutReferrers(registry: Handler): Handler {
  return (request) =>
    request.url.includes('/referrers/') ? new Response(null, { status: 404 }) : registry(request)
}

test('referrers come from the tags that clients keep where there is no API, and go there', async () => {
  const [first, second, third] = [await filled(), memoryStores(), memoryStores()]
  const poor = withoutReferrers(registryOf(second))
  const { found } = await transfer(storesSource(first), httpTarget(clientOf(poor), hash))
  expect(found).toEqual([])
  const tag = `sha256-${digestOfContent(multi).slice(7)}` as never
  const list = await second.metadata.resolveTag(app, tag)
  expect(list?.references).toEqual([digestOfContent(signature)])
  await transfer(httpSource(clientOf(poor), hash), storesTarget(third))
  const referrers = await third.metadata.listReferrers(app, digestOfContent(multi), {
    maxBytes: 10_000,
  })
  expect(referrers.items).toHaveLength(1)
  // Once more, and back into the registry that keeps such tags itself.
  const again = await transfer(httpSource(clientOf(poor), hash), httpTarget(clientOf(poor), hash))
  expect(again.found).toEqual([])
  expect(again.progress.copied.manifest).toBe(0)
})

test('what passes by itself is waited for: 429 with its time, 503, and a network that fails', async () => {
  const [first, second] = [await filled(), memoryStores()]
  const registry = registryOf(second)
  const waits: number[] = []
  let count = 0
  const client = clientOf(
    (request) => {
      count += 1
      if (count % 5 === 1) {
        return new Response(null, { status: 429, headers: { 'retry-after': '7' } })
      }
      if (count % 5 === 2) return new Response(null, { status: 503 })
      if (count % 5 === 3) throw new TypeError('fetch failed')
      return registry(request)
    },
    { pause: async (ms) => void waits.push(ms) },
  )
  const { found } = await transfer(storesSource(first), httpTarget(client, hash))
  expect(found).toEqual([])
  expect(await content(second)).toBe(await content(first))
  expect(Math.max(...waits)).toBeGreaterThan(6_000)
})

test('an index that is refused, since what it names is being written, is sent again', async () => {
  const [first, second] = [await filled(), memoryStores()]
  const registry = registryOf(second)
  const refused: Set<string> = new Set()
  const client = clientOf((request) => {
    const isFirst = request.method === 'PUT' && !refused.has(request.url)
    if (!isFirst || !request.url.includes('/manifests/')) return registry(request)
    refused.add(request.url)
    return Response.json({ errors: [{ code: 'MANIFEST_BLOB_UNKNOWN' }] }, { status: 400 })
  })
  const { found } = await transfer(storesSource(first), httpTarget(client, hash))
  expect([found, refused.size > 10]).toEqual([[], true])
  expect(await content(second)).toBe(await content(first))
})

test('no more requests are under way than are wanted', async () => {
  const [first, second] = [await filled(), memoryStores()]
  let now = 0
  let most = 0
  const counted =
    (registry: Handler): Handler =>
    async (request) => {
      now += 1
      most = Math.max(most, now)
      // Others have their turn to begin.
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
      const answer = await registry(request)
      now -= 1
      return answer
    }
  const source = httpSource(clientOf(counted(registryOf(first))), hash)
  const target = httpTarget(clientOf(counted(registryOf(second))), hash)
  const selection = new Map([app, other].map((name) => [name, null]))
  const { problems } = await transferContent(source, target, { hash, concurrency: 3, selection })
  expect([problems, most]).toEqual([0, 3])
})

test('a registry that is broken at one thing is well otherwise', async () => {
  const [first, second] = [await filled(), memoryStores()]
  const registry = registryOf(first)
  const bad = digestOfContent(signature)
  const client = clientOf((request) =>
    request.url.endsWith(`manifests/${bad}`)
      ? new Response(null, { status: 500 })
      : registry(request),
  )
  const { found } = await transfer(httpSource(client, hash), storesTarget(second))
  expect(found).toMatchObject([{ kind: 'refused', what: 'manifest', name: bad, detail: '500' }])
})

test('an answer that ends too early is asked for again', async () => {
  const [first, second] = [await filled(), memoryStores()]
  const registry = registryOf(first)
  const broken: Set<string> = new Set()
  const client = clientOf(async (request) => {
    const answer = await registry(request)
    if (request.url.includes('/blobs/') || broken.has(request.url)) return answer
    broken.add(request.url)
    let pulls = 0
    const half = new ReadableStream({
      pull(controller) {
        pulls += 1
        if (pulls === 1) controller.enqueue(new TextEncoder().encode('{"'))
        else controller.error(new TypeError('terminated'))
      },
    })
    return new Response(half, { status: answer.status, headers: answer.headers })
  })
  const { found } = await transfer(httpSource(client, hash), storesTarget(second))
  expect(found).toEqual([])
  expect((await second.metadata.listTags(app, { limit: 99 }))?.items).toContain('nested')
})

describe('large blobs', () => {
  const large = new Uint8Array(20 * 1024 * 1024).map((_, at) => (at * 7) % 251)
  const digest = digestOfContent(large)

  async function withLarge(): Promise<RegistryStores> {
    const stores = memoryStores()
    const layer = { mediaType: 'a/b', digest, size: large.byteLength }
    const { service } = createRegistry({ stores, hash })
    const call = (await import('../../src/core/call-context.ts')).callContext()
    await service.pushBlob(call, app, digest, {
      source: { pipe: async (sink) => void (await sink(large.slice())), abort() {} },
      length: large.byteLength,
    })
    const text = image([0], { layers: [layer] })
    await run(stores, [pushBlob(app, 0), pushManifest(app, text, ['large' as never])])
    return stores
  }

  test('are sent in chunks, and a chunk that was lost goes on from where the registry says', async () => {
    const [first, second] = [await withLarge(), memoryStores()]
    const registry = registryOf(second)
    const ranges: Array<string | null> = []
    const client = clientOf(async (request) => {
      if (request.method !== 'PATCH') return registry(request)
      ranges.push(request.headers.get('content-range'))
      // It arrives whole, and its answer is lost; another does not arrive at all.
      if (ranges.length === 1) {
        await registry(request)
        throw new TypeError('fetch failed')
      }
      if (ranges.length === 3) throw new TypeError('fetch failed')
      return registry(request)
    })
    const { found } = await transfer(storesSource(first), httpTarget(client, hash))
    expect(found).toEqual([])
    const mib8 = 8 * 1024 * 1024
    expect(ranges.slice(0, 3)).toEqual([
      `0-${mib8 - 1}`,
      `0-${mib8 - 1}`,
      `${mib8}-${2 * mib8 - 1}`,
    ])
    expect(await content(second)).toBe(await content(first))
  })

  test('are sent in smaller requests where a server on the way refuses large ones', async () => {
    const [first, second] = [await withLarge(), memoryStores()]
    const registry = registryOf(second)
    const client = clientOf(async (request) => {
      const length = Number(request.headers.get('content-range')?.split('-').length ?? 0)
      const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer())
      if ((body?.byteLength ?? length) > 1_500_000) return new Response(null, { status: 413 })
      const { method, headers, url } = request
      return registry(new Request(url, { method, headers, ...(body === null ? {} : { body }) }))
    })
    const { found } = await transfer(storesSource(first), httpTarget(client, hash))
    expect(found).toEqual([])
    expect(await content(second)).toBe(await content(first))
  })

  test('that end too early are read on from there', async () => {
    const [first, second] = [await withLarge(), memoryStores()]
    const registry = registryOf(first)
    const ranges: string[] = []
    const client = clientOf(async (request) => {
      const answer = await registry(request)
      if (!request.url.endsWith(digest)) return answer
      ranges.push(request.headers.get('range') ?? 'all')
      const bytes = new Uint8Array(await answer.arrayBuffer())
      const { status, headers } = answer
      return new Response(bytes.subarray(0, Math.min(bytes.length, 7_000_000)), { status, headers })
    })
    const { found } = await transfer(httpSource(client, hash), storesTarget(second))
    expect(found).toEqual([])
    expect(ranges).toEqual(['all', 'bytes=7000000-', 'bytes=14000000-'])
    expect(await content(second)).toBe(await content(first))
  })
})

describe('a registry that lies', () => {
  test('about bytes: what is not what its digest says is named and left out', async () => {
    const [first, second] = [await filled(), memoryStores()]
    const registry = registryOf(first)
    const bad = digestOfContent(signature)
    const client = clientOf(async (request) => {
      if (!/\/blobs\/|signature/.test(request.url) && !request.url.includes(bad)) {
        return registry(request)
      }
      const answer = await registry(request)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      if (bytes.byteLength > 0) bytes[0] = (bytes[0] ?? 0) ^ 1
      return new Response(bytes, { status: answer.status, headers: answer.headers })
    })
    const { found } = await transfer(httpSource(client, hash), storesTarget(second))
    const kinds = new Set(found.filter(({ what }) => what === 'blob').map(({ kind }) => kind))
    expect([...kinds]).toEqual(['damaged'])
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'damaged', what: 'manifest', name: bad }),
      ]),
    )
    expect((await second.metadata.findManifest(app, bad)) === null).toBe(true)
  })

  test.each([
    ['to itself', '</v2/team/app/tags/list?n=1000>; rel="next"'],
    ['to another host', '<https://evil.example/v2/x>; rel="next"'],
    ['to a file', '<file:///etc/passwd>; rel=next'],
  ])('about pages: a list that goes on %s ends', async (_, link) => {
    const asked: string[] = []
    const client = clientOf((request) => {
      asked.push(request.url)
      return Response.json({ tags: [] }, { headers: { link } })
    })
    const source = httpSource(client, hash)
    const roots = async (): Promise<void> => {
      for await (const _root of source.roots(app, null)) expect(_root).toBeNull()
    }
    await expect(roots()).rejects.toMatchObject({ kind: 'refused' })
    expect(asked.every((url) => url.startsWith('https://registry.example/'))).toBe(true)
    expect(asked).toHaveLength(1)
  })

  test('about sizes: an answer without an end is cut off', async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
    })
    const client = clientOf(() => new Response(endless))
    const read = httpSource(client, hash).readManifest(app, { kind: 'tag', tag: 'a' as never })
    await expect(read).rejects.toThrow('larger than')
  })

  test('about where an upload goes', async () => {
    const client = clientOf((request) => {
      if (request.method === 'HEAD') return new Response(null, { status: 404 })
      const headers = { location: 'https://evil.example/upload' }
      return new Response(null, { status: 202, headers })
    })
    const blob = { digest: digestOfContent('x'), size: 1 }
    await expect(httpTarget(client, hash).stageBlob(app, blob)).rejects.toThrow('another server')
  })
})

test('a manifest that names what the registry lacks comes, and what is lacking is named', async () => {
  const [first, second] = [await filled(), memoryStores()]
  const sparse = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [descriptor(image([9])), descriptor(multi)],
  })
  await run(first, [pushManifest(app, sparse, ['sparse' as never])])
  const { found } = await transfer(
    httpSource(clientOf(registryOf(first)), hash),
    storesTarget(second),
  )
  const name = digestOfContent(image([9]))
  expect(found).toMatchObject([{ kind: 'missing', what: 'manifest', repository: app, name }])
  expect(await second.metadata.resolveTag(app, 'sparse' as never)).not.toBeNull()
})
