import { type Serving, serve } from 'layerdock/node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { errorRows } from '../../src/index.ts'
import {
  faults,
  image,
  index,
  sampleBytes,
  type TestRegistry,
  testRegistry,
} from '../../src/testing/index.ts'
import { chunkedBody, digestOf } from '../http/client.ts'

const layer = sampleBytes(300_000)
const blob = `/v2/app/blobs/${digestOf(layer)}`
const latest = '/v2/app/manifests/latest'

let registry: TestRegistry
let digest: string
beforeEach(async () => {
  registry = testRegistry()
  digest = (await registry.push({ 'app:latest': image({ layers: [layer] }) }))['app:latest']
})

const statuses = async (...asks: readonly (readonly [string, string])[]): Promise<number[]> => {
  const seen: number[] = []
  for (const [method, path] of asks) seen.push((await registry.fetch(path, { method })).status)
  return seen
}

describe('a rule', () => {
  test('without conditions hits the next request, once', async () => {
    const raised = registry.fault({ fault: faults.refuse(503) })
    expect(raised.struck).toBe(0)
    expect(await statuses(['GET', latest], ['GET', latest])).toEqual([503, 200])
    expect(raised.struck).toBe(1)
  })

  test('matches by method, by path and by pattern', async () => {
    const refuse = faults.refuse(503)
    registry.fault({ method: 'HEAD', path: latest, fault: refuse })
    registry.fault({ path: /\/tags\/list\?n=1$/g, times: 2, fault: refuse })
    expect(
      await statuses(
        ['GET', latest],
        ['HEAD', blob],
        ['HEAD', `${latest}?ns=docker.io`],
        ['HEAD', latest],
        ['GET', '/v2/app/tags/list'],
        ['GET', '/v2/app/tags/list?n=1'],
        ['GET', '/v2/app/tags/list?n=1'],
      ),
    ).toEqual([200, 200, 503, 200, 200, 503, 503])
  })

  test('skips as many requests as `after` says and hits as many as `times` says', async () => {
    registry.fault({ path: latest, after: 1, times: 2, fault: faults.refuse(500) })
    const ask = ['GET', latest] as const
    expect(await statuses(ask, ask, ask, ask)).toEqual([200, 500, 500, 200])
  })

  test('can be ended, and can be an option of testRegistry', async () => {
    const fault = faults.refuse(500)
    registry = testRegistry({ faults: [{ times: 1, fault }] })
    const raised = registry.fault({ times: Number.POSITIVE_INFINITY, fault })
    expect(await statuses(['GET', '/v2/'], ['GET', '/v2/'], ['GET', '/v2/'])).toEqual([
      500, 500, 500,
    ])
    raised.end()
    expect(await statuses(['GET', '/v2/'])).toEqual([200])
    expect(raised.struck).toBe(2)
  })

  test('takes any function, and records a request whose function threw as unanswered', async () => {
    let pass = (): void => {}
    const gate = new Promise<void>((resolve) => {
      pass = resolve
    })
    registry.fault({
      fault: async (_, proceed) => {
        await gate
        return proceed()
      },
    })
    registry.fault({
      fault: async () => {
        throw new TypeError('fetch failed')
      },
    })
    const held = registry.fetch(latest)
    await expect(registry.fetch(latest)).rejects.toThrow('fetch failed')
    const record = { method: 'GET', path: latest }
    expect(registry.requests).toEqual([
      { ...record, status: null },
      { ...record, status: null },
    ])
    pass()
    expect((await held).status).toBe(200)
    expect(registry.requests[0]).toEqual({ ...record, status: 200 })
  })
})

describe('the faults', () => {
  test('refuse: answers as the registry would, without asking it', async () => {
    registry.fault({ fault: faults.refuse(429, { retryAfter: 7 }) })
    registry.fault({ fault: faults.refuse(418, { code: 'DENIED' }) })
    const first = await registry.fetch('/v2/app/blobs/uploads/', { method: 'POST' })
    expect(first.headers.get('retry-after')).toBe('7')
    const { code, message } = errorRows.tooManyRequests
    expect(await first.json()).toEqual({ errors: [{ code, message }] })
    const second = await registry.fetch('/v2/')
    expect([second.status, second.headers.get('retry-after')]).toEqual([418, null])
    expect(await second.json()).toMatchObject({ errors: [{ code: 'DENIED' }] })
  })

  test('slow: answers after the given time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    try {
      registry.fault({ fault: faults.slow(5_000) })
      const answer = registry.fetch(latest)
      await vi.advanceTimersByTimeAsync(4_999)
      expect(registry.requests).toMatchObject([{ status: null }])
      await vi.advanceTimersByTimeAsync(1)
      expect((await answer).status).toBe(200)
    } finally {
      vi.useRealTimers()
    }
  })

  test.each([0, 1, 100_000, layer.byteLength - 1])(
    'cut: sends %i bytes and breaks',
    async (size) => {
      registry.fault({ fault: faults.cut(size) })
      const response = await registry.fetch(blob)
      expect([response.status, response.headers.get('content-length')]).toEqual([
        200,
        `${layer.byteLength}`,
      ])
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      let seen = 0
      const read = async (): Promise<void> => {
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          seen += next.value.byteLength
        }
      }
      await expect(read()).rejects.toThrow('terminated')
      expect(seen).toBe(size)
    },
  )

  test.each([
    [0, '', 'broken'],
    [3, 'abc', 'broken'],
    [5, 'abcde', 'broken'],
    [8, 'abcdefgh', 'broken'],
    [9, 'abcdefghi', 'whole'],
  ])('cut: counts %i bytes over several chunks', async (size, seen, end) => {
    const proceed = async (): Promise<Response> => new Response(chunkedBody('abc', 'def', 'ghi'))
    const response = await faults.cut(size)(new Request('http://registry.test/'), proceed)
    let text = ''
    const reading = response.body?.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(part) {
          text += part
        },
      }),
    )
    expect(await reading?.then(() => 'whole').catch(() => 'broken')).toBe(end)
    expect(text).toBe(seen)
  })

  test('cut: leaves a shorter body alone', async () => {
    registry.fault({ fault: faults.cut(layer.byteLength) })
    const response = await registry.fetch(blob)
    expect((await response.arrayBuffer()).byteLength).toBe(layer.byteLength)
  })

  test('corrupt: changes the answer, not the store', async () => {
    registry.fault({ fault: faults.corrupt() })
    const read = async (): Promise<Uint8Array> =>
      new Uint8Array(await (await registry.fetch(blob)).arrayBuffer())
    const bytes = await read()
    expect(bytes.byteLength).toBe(layer.byteLength)
    expect(bytes[0]).not.toBe(layer[0])
    expect(bytes.subarray(1)).toEqual(layer.subarray(1))
    expect(await read()).toEqual(layer)
  })

  test('wrongDigest: sends another valid digest', async () => {
    registry.fault({ times: 2, fault: faults.wrongDigest() })
    const response = await registry.fetch(latest)
    const said = response.headers.get('docker-content-digest')
    expect(said).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(said).not.toBe(digest)
    expect(digestOf(await response.text())).toBe(digest)
    expect((await registry.fetch('/v2/')).headers.has('docker-content-digest')).toBe(false)
  })

  test('loseLocation: does the work and leaves out Location', async () => {
    registry.fault({ fault: faults.loseLocation() })
    const response = await registry.fetch('/v2/app/blobs/uploads/', { method: 'POST' })
    expect([response.status, response.headers.get('location')]).toEqual([202, null])
    expect(response.headers.get('docker-upload-uuid')).not.toBeNull()
  })
})

describe('served on a port', () => {
  let serving: Serving
  beforeEach(async () => {
    serving = await serve(registry, { port: 0 })
  })
  afterEach(() => serving.close(0))

  test('it answers, and keeps its records', async () => {
    await registry.push({ 'multi:1': index({ 'linux/amd64': 'app:latest' }) })
    expect((await fetch(`${serving.url}/v2/multi/tags/list?n=1`)).status).toBe(200)
    expect((await fetch(`${serving.url}/v2/x/tags/list`, { method: 'HEAD' })).status).toBe(404)
    expect(registry.requests).toEqual([
      { method: 'GET', path: '/v2/multi/tags/list?n=1', status: 200 },
      { method: 'HEAD', path: '/v2/x/tags/list', status: 404 },
    ])
  })

  test('it takes pushes', async () => {
    const body = sampleBytes(200_000, 2)
    const path = `/v2/app/blobs/uploads/?digest=${digestOf(body)}`
    const pushed = await fetch(`${serving.url}${path}`, { method: 'POST', body: body as BodyInit })
    expect(pushed.status).toBe(201)
  })

  test('a cut is a connection that breaks', async () => {
    // The server under it reports the cut too.
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    registry.fault({ fault: faults.cut(1000) })
    const response = await fetch(`${serving.url}${blob}`)
    expect(response.headers.get('content-length')).toBe(`${layer.byteLength}`)
    await expect(response.arrayBuffer()).rejects.toThrow()
    expect(said.mock.calls.length).toBeLessThan(2)
    expect((await (await fetch(`${serving.url}${blob}`)).arrayBuffer()).byteLength).toBe(
      layer.byteLength,
    )
  })
})

describe('fetch', () => {
  test('takes a path, an address, a URL and a Request', async () => {
    for (const input of [
      '/v2/?a=b',
      'https://example.com/v2/?a=b',
      new URL('http://localhost:1/v2/?a=b'),
      new Request('http://registry.test/v2/?a=b'),
    ]) {
      expect((await registry.fetch(input)).status).toBe(200)
    }
    expect(new Set(registry.requests.map(({ path }) => path))).toEqual(new Set(['/v2/?a=b']))
  })

  test('can replace the global fetch', async () => {
    const underTest = async (fetcher: typeof fetch): Promise<number> =>
      (await fetcher('http://registry.test/v2/app/manifests/none', { method: 'HEAD' })).status
    expect(await underTest(registry.fetch)).toBe(404)
  })
})
