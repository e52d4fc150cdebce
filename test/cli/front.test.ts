import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { describe, expect, test, vi } from 'vitest'
import { createFront, type Front } from '../../adapters/cli/front.ts'
import { allPlanes, type Planes, planesLooker } from '../../adapters/cli/health.ts'
import { BufferBudget } from '../../adapters/disk/buffers.ts'
import { createRegistry } from '../../src/index.ts'
import type { Ui } from '../../src/ui/index.ts'

const allOk = async (): Promise<Planes> => allPlanes('ok')
const states = { metadata: 'ok', blobs: 'ok', uploads: 'ok' }

function front(): Front {
  return createFront('1.2.3', new BufferBudget(0))
}

function ask(to: Front, target: string): Response | Promise<Response> {
  const incoming = { url: target } as IncomingMessage
  const context: HttpBindings = { incoming, outgoing: {} as ServerResponse }
  return to.fetch(new Request(`http://h${target}`), context)
}

async function said(to: Front, target: string): Promise<readonly [number, unknown]> {
  const response = await ask(to, target)
  return [response.status, await response.json()]
}

const expectedHealth = (status: string, planes: unknown, reasons?: unknown): unknown => ({
  status,
  version: '1.2.3',
  uptimeSeconds: expect.any(Number),
  planes,
  ...(reasons === undefined ? {} : { reasons }),
})

describe('health', () => {
  test('while starting: alive, not ready', async () => {
    const starting = front()
    const planes = { metadata: 'starting', blobs: 'starting', uploads: 'starting' } as const
    expect(await said(starting, '/live')).toEqual([200, { status: 'ok' }])
    expect(await said(starting, '/ready')).toEqual([503, { status: 'starting' }])
    expect(await said(starting, '/healthz')).toEqual([503, expectedHealth('starting', planes)])
  })

  test('while serving', async () => {
    const serving = front()
    serving.open(createRegistry(), allOk)
    expect(await said(serving, '/live')).toEqual([200, { status: 'ok' }])
    expect(await said(serving, '/ready?x')).toEqual([200, { status: 'ok' }])
    expect(await said(serving, '/healthz')).toEqual([200, expectedHealth('ok', states)])
  })

  test('after a storage error: alive, not ready, and it says which part and why', async () => {
    const broken = front()
    const plane = { state: 'unavailable', reason: 'files of the store are gone' } as const
    broken.open(createRegistry(), async () => ({ ...allPlanes('ok'), blobs: plane }))
    const reasons = { blobs: plane.reason }
    const health = expectedHealth('degraded', { ...states, blobs: 'unavailable' }, reasons)
    expect(await said(broken, '/live')).toEqual([200, { status: 'ok' }])
    expect(await said(broken, '/ready')).toEqual([503, { status: 'degraded', reasons }])
    expect(await said(broken, '/healthz')).toEqual([503, health])
  })

  test('with a full disk: ready for pulls, and not ok', async () => {
    const full = front()
    const plane = { state: 'full', reason: 'there is no room left' } as const
    full.open(createRegistry(), async () => ({ ...allPlanes('ok'), blobs: plane }))
    const reasons = { blobs: plane.reason }
    const health = expectedHealth('degraded', { ...states, blobs: 'full' }, reasons)
    expect(await said(full, '/ready')).toEqual([200, { status: 'degraded', reasons }])
    expect(await said(full, '/healthz')).toEqual([503, health])
  })

  test('looks at the storage once for many probes', async () => {
    let looks = 0
    const look = planesLooker(async () => {
      looks++
      return allPlanes('ok')
    })
    await Promise.all([look(), look(), look()])
    expect(looks).toBe(1)
  })

  test('does not wait for storage that never answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const hung = planesLooker(() => new Promise(() => {}))()
    vi.advanceTimersByTime(5_000)
    vi.useRealTimers()
    expect(await hung).toEqual(allPlanes('unavailable', 'the storage does not answer'))
  })

  test('while draining: alive, not ready, and every request hears that it came too late', async () => {
    const draining = front()
    draining.open(createRegistry(), allOk)
    draining.drain()
    expect(await said(draining, '/live')).toEqual([200, { status: 'ok' }])
    expect(await said(draining, '/ready')).toEqual([503, { status: 'draining' }])
    expect(await said(draining, '/healthz')).toEqual([503, expectedHealth('draining', states)])
    const late = await ask(draining, '/v2/')
    expect(late.status).toBe(503)
    expect(late.headers.get('retry-after')).toBe('5')
    expect(late.headers.get('connection')).toBe('close')
    expect(await late.json()).toEqual({
      errors: [{ code: 'UNAVAILABLE', message: expect.stringContaining('try again later') }],
    })
  })
})

describe('the page at /', () => {
  const get = (to: Front, host: string, method = 'GET'): Response | Promise<Response> => {
    const request = new Request('http://h/', { method, headers: { Host: host } })
    return to.fetch(request, { incoming: { url: '/' }, outgoing: {} } as HttpBindings)
  }

  test('says how to push to the host that was asked', async () => {
    const starting = front()
    for (const host of ['localhost:5000', 'registry.example', '[::1]:5000']) {
      const response = await get(starting, host)
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        'text/plain; charset=utf-8',
      ])
      const text = await response.text()
      expect(text).toContain(`docker push ${host}/alpine\n`)
      expect(response.headers.get('content-length')).toBe(String(text.length))
    }
  })

  test("is there for OPTIONS, HAProxy's health check", async () => {
    expect((await get(front(), 'h', 'OPTIONS')).status).toBe(200)
  })

  test.each(['<script>', 'a b', 'h"', "h'", 'h/x', 'h:x', ''])(
    'repeats no host such as %j',
    async (host) => {
      const text = await (await get(front(), host)).text()
      expect(text).toContain('docker push HOST:PORT/alpine\n')
      expect(text).not.toMatch(/[<>"]/)
    },
  )

  test('is told to HEAD without its text, and is nothing to write to', async () => {
    const serving = front()
    serving.open(createRegistry(), allOk)
    const head = await get(serving, 'h', 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100)
    expect((await get(serving, 'h', 'POST')).status).toBe(404)
  })
})

describe('the web page', () => {
  const html = { Accept: 'text/html,*/*;q=0.8' }
  const request = (path: string, headers: Record<string, string> = html): Request =>
    new Request(`http://h${path}`, { headers })
  const withPage = (): Front => createFront('1.2.3', new BufferBudget(0), { hasPage: true })

  /** A page of one text, which counts how often it is made and closed. */
  function pageOf(text: string): { made: number; closed: number; open(): Promise<Ui> } {
    return {
      made: 0,
      closed: 0,
      async open() {
        this.made += 1
        const close = (): void => {
          this.closed += 1
        }
        return { observed: false, fetch: () => new Response(text), close }
      },
    }
  }

  test('is at / for browsers, and below /_layerdock for all', async () => {
    const serving = withPage()
    const page = pageOf('the page')
    serving.open(createRegistry(), allOk, () => page.open())
    const textOf = async (asked: Request): Promise<string> => (await serving.fetch(asked)).text()
    for (const path of ['/', '/?q=a', '/_layerdock', '/_layerdock/login']) {
      expect(await textOf(request(path))).toBe('the page')
    }
    expect(await textOf(request('/', { Accept: 'application/json' }))).toBe('the page')
    expect(await textOf(request('/?format=json', {}))).toBe('the page')
    expect(await textOf(request('/', { Accept: '*/*' }))).toContain('docker push')
    expect(await textOf(request('/_layerdockx'))).toContain('errors')
    expect(await textOf(request('/v2/_layerdock/'))).toContain('errors')
  })

  test('is made when it is asked for, once', async () => {
    const serving = withPage()
    const page = pageOf('the page')
    serving.open(createRegistry(), allOk, () => page.open())
    await serving.fetch(request('/', {}))
    expect(page.made).toBe(0)
    await Promise.all([serving.fetch(request('/')), serving.fetch(request('/'))])
    expect(page.made).toBe(1)
  })

  test('that cannot be made now is made for the next request', async () => {
    const serving = withPage()
    const page = pageOf('the page')
    let isAway = true
    serving.open(createRegistry(), allOk, async () => {
      if (isAway) throw new Error('the database is away')
      return page.open()
    })
    expect((await serving.fetch(request('/'))).status).toBe(503)
    isAway = false
    expect((await serving.fetch(request('/'))).status).toBe(200)
  })

  test('waits for the registry, and is closed when the server drains', async () => {
    const serving = withPage()
    const waiting = serving.fetch(request('/'))
    const page = pageOf('the page')
    serving.open(createRegistry(), allOk, () => page.open())
    expect(await (await waiting).text()).toBe('the page')
    expect(page.closed).toBe(0)
    serving.drain()
    expect(page.closed).toBe(1)
    const late = await serving.fetch(request('/'))
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await late.text()).toContain('stopping')
  })

  test('is told how the server does, and why', async () => {
    const serving = withPage()
    expect(await serving.condition()).toEqual({ health: 'starting', reasons: [] })
    const plane = { state: 'full', reason: 'there is no room left' } as const
    serving.open(createRegistry(), async () => ({ ...allPlanes('ok'), blobs: plane }))
    expect(await serving.condition()).toEqual({
      health: 'degraded',
      reasons: ['there is no room left'],
    })
  })
})

describe('requests', () => {
  test('that come while the registry is being opened wait for it', async () => {
    const starting = front()
    const waiting = ask(starting, '/v2/')
    starting.open(createRegistry(), allOk)
    expect((await waiting).status).toBe(200)
  })

  test('are the registry’s, whatever their path', async () => {
    const serving = front()
    serving.open(createRegistry(), allOk)
    expect((await ask(serving, '/nowhere')).status).toBe(404)
    expect((await ask(serving, '/v2/healthz')).status).toBe(404)
  })
})
