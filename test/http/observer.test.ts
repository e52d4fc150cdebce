import { describe, expect, test } from 'vitest'
import { createRegistry, type Notice, type RequestReport } from '../../src/index.ts'
import { beginExchange, nativeBlob, setExchange } from '../../src/kit.ts'
import { clientOf, digestOf } from './client.ts'

/** A report without what differs from run to run. */
function stable({ requestId, milliseconds, ...rest }: RequestReport): object {
  expect(requestId).toMatch(/^[\w.-]{1,64}$/)
  expect(milliseconds).toBeGreaterThanOrEqual(0)
  return rest
}

const digest = digestOf('hello')
const base = {
  repository: 'team/app',
  reference: null,
  principal: null,
  rule: null,
  digest: null,
  trace: null,
  peer: {},
  userAgent: null,
  errorCode: null,
  bytesIn: 0,
  cutShort: null,
}

describe('the request observer', () => {
  test('reports each request once, with what the registry learnt of it', async () => {
    const reports: RequestReport[] = []
    const registry = createRegistry({
      observe: (report) => reports.push(report),
      access: {
        authenticate: async () => ({ id: 'ann' }),
        authorize: async (_, asks) => asks.map(() => 'allow'),
        challenge: () => 'Basic',
      },
    })
    const client = clientOf(registry)
    const push = `/v2/team/app/blobs/uploads/?digest=${digest}`
    await client.send('POST', push, { body: 'hello', headers: { 'User-Agent': 'crane/1' } })
    const pull = await client.send('GET', `/v2/team/app/blobs/${digest}`)
    expect(reports.length).toBe(1)
    expect(await pull.text()).toBe('hello')
    await client.send('HEAD', '/v2/team/app/manifests/latest')
    await (await client.send('GET', '/elsewhere')).text()

    const own = { ...base, principal: { id: 'ann' } }
    const blob = { kind: 'digest', digest }
    expect(reports.map(stable)).toEqual([
      {
        ...own,
        method: 'POST',
        target: push,
        digest,
        route: '/v2/<name>/blobs/uploads',
        userAgent: 'crane/1',
        status: 201,
        bytesIn: 5,
        bytesOut: 0,
      },
      {
        ...own,
        method: 'GET',
        target: `/v2/team/app/blobs/${digest}`,
        route: '/v2/<name>/blobs/<digest>',
        reference: blob,
        digest,
        status: 200,
        bytesOut: 5,
        cutShort: false,
      },
      {
        ...own,
        method: 'HEAD',
        target: '/v2/team/app/manifests/latest',
        route: '/v2/<name>/manifests/<reference>',
        reference: { kind: 'tag', tag: 'latest' },
        status: 404,
        errorCode: 'MANIFEST_UNKNOWN',
        bytesOut: 0,
      },
      {
        ...base,
        repository: null,
        method: 'GET',
        target: '/elsewhere',
        route: null,
        status: 404,
        errorCode: 'UNSUPPORTED',
        bytesOut: expect.toSatisfy((bytes) => bytes === null || bytes > 0),
      },
    ])
  })

  test('knows that a pull was cut short, and how many bytes went', async () => {
    const reports: RequestReport[] = []
    const registry = createRegistry({ observe: (report) => reports.push(report) })
    const client = clientOf(registry)
    await client.pushBlob('app', 'hello')
    reports.length = 0
    const pull = await client.send('GET', `/v2/app/blobs/${digest}`)
    await pull.body?.cancel()
    expect(reports).toMatchObject([{ status: 200, bytesOut: 0, cutShort: true }])
  })

  test('an adapter that sends a blob in its own way ends the report, once', async () => {
    const reports: RequestReport[] = []
    const registry = createRegistry({ observe: (report) => reports.push(report) })
    await clientOf(registry).pushBlob('app', 'hello')
    reports.length = 0
    const response = await registry.fetch(
      new Request(`http://registry.test/v2/app/blobs/${digest}`),
    )
    const native = nativeBlob(response)
    native?.ended?.(3, true)
    await response.body?.cancel()
    expect(reports).toMatchObject([{ status: 200, bytesOut: 3, cutShort: true }])
  })

  test('an adapter that observes by itself ends it, for the registry as well', async () => {
    const reports: RequestReport[] = []
    const adapters: RequestReport[] = []
    const registry = createRegistry({ observe: (report) => reports.push(report) })
    const request = new Request('http://registry.test/v2/')
    const described = {
      requestId: 'one',
      method: 'GET',
      target: '/v2/',
      peer: { address: '192.0.2.1' },
      userAgent: null,
    }
    const exchange = beginExchange(() => described, described.method)
    setExchange(request, exchange)
    exchange.add((report) => adapters.push(report))
    await registry.fetch(request)
    expect(reports).toEqual([])
    exchange.end({ status: 200, bytesOut: 2, cutShort: false })
    expect(reports).toEqual(adapters)
    const rest = { route: '/v2', status: 200, bytesOut: 2, cutShort: false }
    expect(reports).toMatchObject([{ ...described, ...rest }])
  })

  test('an observer that throws harms nothing', async () => {
    const notices: Notice[] = []
    const failure = new Error('the program is broken')
    const registry = createRegistry({
      observe() {
        throw failure
      },
      onNotice: (notice) => notices.push(notice),
    })
    const response = await registry.fetch(new Request('http://registry.test/v2/'))
    expect(response.status).toBe(200)
    expect(notices).toEqual([{ kind: 'callback-failure', callback: 'observe', error: failure }])
  })
})
