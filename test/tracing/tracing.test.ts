import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node'
import { tracing } from 'layerdock/tracing'
import { afterEach, describe, expect, test } from 'vitest'
import {
  callContext,
  createRegistry,
  type RegistryEvent,
  type RegistryOptions,
  type RepositoryName,
  type RequestReport,
  serviceApp,
} from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { parseTraceparent } from '../../src/tracing/remote-parent.ts'
import { clientOf, digestOf } from '../http/client.ts'
import { type RecordingSdk, recordingSdk, registered } from './recorded.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const traceparent = `00-${traceId}-${spanId}-01`

let unregister = (): void => {}
afterEach(() => {
  unregister()
  unregister = () => {}
})

/** An SDK that is the process's own until the test ends. */
function ownSdk(...given: Parameters<typeof recordingSdk>): RecordingSdk {
  const sdk = recordingSdk(...given)
  unregister = registered(sdk)
  return sdk
}

function tracedRegistry(options: RegistryOptions = {}) {
  return createRegistry({ ...options, tracing: tracing() })
}

test('without an SDK there is nothing that traces', () => {
  expect(tracing()).toBeUndefined()
})

test('a request is a span of the client, with spans for the service and its stores below it', async () => {
  const sdk = ownSdk()
  const client = clientOf(tracedRegistry())
  const body = 'hello'
  const target = `/v2/team/app/blobs/uploads/?digest=${digestOf(body)}`
  await client.send('POST', target, { body, headers: { traceparent, 'User-Agent': 'crane/1' } })
  expect(sdk.tree(spanId)).toEqual({
    'POST /v2/<name>/blobs/uploads': {
      'service.pushBlob': expect.objectContaining({
        'blobs.stage': {},
        'blobs.commit': {},
        'metadata.linkBlob': {},
      }),
    },
  })
  const spans = sdk.spans()
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]))
  const { span } = spans.find(({ parent }) => parent === spanId) ?? {}
  expect(span?.kind).toBe(1)
  expect(span?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/v2/<name>/blobs/uploads',
    'http.response.status_code': 201,
    'http.request.body.size': 5,
    'url.path': '/v2/team/app/blobs/uploads/',
    'url.scheme': 'http',
    'user_agent.original': 'crane/1',
    'layerdock.repository': 'team/app',
    'layerdock.digest': digestOf(body),
  })
})

test('a push of an image under the trace of its client is one trace', async () => {
  const sdk = ownSdk()
  const { fetch } = tracedRegistry()
  const client = clientOf({
    fetch: (request: Request) => {
      request.headers.set('traceparent', traceparent)
      return fetch(request)
    },
  })
  await client.pushImage('team/app', 'v1')
  const spans = sdk.spans()
  const requests = spans.filter(({ parent }) => parent === spanId)
  expect(requests.length).toBeGreaterThan(2)
  expect(requests.at(-1)).toMatchObject({ name: 'PUT /v2/<name>/manifests/<reference>' })
  expect(requests.at(-1)?.span.attributes).toMatchObject({ 'layerdock.tag': 'v1' })
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]))
})

describe('a traceparent', () => {
  test('that says no to recording is obeyed, and its trace is still told', async () => {
    const sdk = ownSdk()
    const reports: RequestReport[] = []
    const client = clientOf(tracedRegistry({ observe: (report) => reports.push(report) }))
    const unsampled = `00-${traceId}-${spanId}-00`
    await client.send('GET', '/v2/', { headers: { traceparent: unsampled } })
    expect(sdk.spans()).toEqual([])
    expect(reports).toMatchObject([{ trace: { traceId, isSampled: false } }])
  })

  test.each([
    'nonsense',
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `${traceparent},${traceparent}`,
  ])('%s is ignored', async (bad) => {
    expect(parseTraceparent(bad)).toBeNull()
    const sdk = ownSdk()
    await clientOf(tracedRegistry()).send('GET', '/v2/', { headers: { traceparent: bad } })
    const [first] = sdk.spans().filter(({ name }) => name.startsWith('GET'))
    expect(first).toMatchObject({ name: 'GET /v2', parent: undefined })
    expect(first?.traceId).not.toBe(traceId)
  })

  test('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(`01-${traceId}-${spanId}-03-more`)).toEqual({
      ...{ traceId, spanId, traceFlags: 1 },
    })
  })

  test('is honoured by a provider that is registered nowhere', async () => {
    const sdk = recordingSdk()
    const made = createRegistry({ tracing: tracing({ provider: sdk.provider }) })
    const headers = { traceparent, tracestate: 'a=b' }
    await clientOf(made).send('GET', '/v2/team/app/tags/list', { headers })
    // Without a context manager, calls of the service are found by their context, and those of stores are not.
    expect(sdk.tree(spanId)).toEqual({ 'GET /v2/<name>/tags/list': { 'service.listTags': {} } })
    expect(sdk.spans()[0]?.span.spanContext().traceState?.serialize()).toBe('a=b')
  })
})

test('the sampler of the SDK decides about the others', async () => {
  const sdk = ownSdk(new AlwaysOffSampler())
  const client = clientOf(tracedRegistry())
  await client.pushImage('team/app', 'v1')
  expect(sdk.spans()).toEqual([])
  await client.send('GET', '/v2/', { headers: { traceparent } })
  expect(sdk.spans()).toMatchObject([{ name: 'GET /v2', traceId }])
})

describe('a share of the requests', () => {
  function sampled(sample: number, options: RegistryOptions = {}) {
    return createRegistry({ ...options, tracing: tracing({ sample }) })
  }

  test('that is none has no spans and no trace but those of clients and programs', async () => {
    const sdk = ownSdk()
    const reports: RequestReport[] = []
    const registry = sampled(0, { observe: (report) => reports.push(report) })
    const client = clientOf(registry)
    await client.pushImage('team/app', 'v1')
    expect(sdk.spans()).toEqual([])
    expect(reports.length).toBeGreaterThan(2)
    expect(new Set(reports.map((report) => report.trace))).toEqual(new Set([null]))
    await client.send('GET', '/v2/team/app/manifests/v1', { headers: { traceparent } })
    expect(sdk.tree(spanId)).toEqual({
      'GET /v2/<name>/manifests/<reference>': {
        'service.getManifest': expect.objectContaining({ 'metadata.resolveTag': {} }),
      },
    })
    expect(reports.at(-1)).toMatchObject({ trace: { traceId, isSampled: true } })
    await client.send('GET', '/v2/', { headers: { traceparent: `00-${traceId}-${spanId}-00` } })
    expect(reports.at(-1)).toMatchObject({ trace: { traceId, isSampled: false } })
    const before = sdk.spans().length
    await registry.service.listTags(callContext(), 'team/app' as RepositoryName, { limit: 1 })
    expect(sdk.spans().slice(before)).toMatchObject([
      { name: 'metadata.listTags' },
      { name: 'service.listTags', parent: undefined },
    ])
  })

  test('leaves out a request whose program has values of its own around it', async () => {
    const sdk = ownSdk()
    const client = clientOf(sampled(0))
    const around = ROOT_CONTEXT.setValue(createContextKey('tenant'), 'one')
    await context.with(around, () => client.send('GET', '/v2/team/app/tags/list'))
    expect(sdk.spans()).toEqual([])
  })

  test('leaves out what begins where a traced request is still under way', async () => {
    const sdk = ownSdk()
    const inner = clientOf(sampled(0))
    const outer = sampled(0, {
      wrap: (service) => ({
        ...service,
        async listTags(...words) {
          await inner.send('GET', '/v2/team/app/tags/list')
          return service.listTags(...words)
        },
      }),
    })
    await clientOf(outer).send('GET', '/v2/team/app/tags/list', { headers: { traceparent } })
    expect(sdk.spans().map(({ name }) => name)).toEqual([
      'metadata.listTags',
      'service.listTags',
      'GET /v2/<name>/tags/list',
    ])
  })

  test('is from 0 to 1', () => {
    ownSdk()
    for (const sample of [-0.1, 1.1, Number.NaN]) {
      expect(() => tracing({ sample })).toThrow(TypeError)
    }
  })
})

test('what a client did wrong is no error of a span, and what failed here is', async () => {
  const sdk = ownSdk()
  const stores = memoryStores()
  const broken = async (): Promise<never> => {
    throw Object.assign(new Error('postgres://me:canary@host'), { code: 'ECONNRESET' })
  }
  const traced = createRegistry({
    stores: { ...stores, metadata: Object.assign(stores.metadata, { resolveTag: broken }) },
    tracing: tracing(),
  })
  const client = clientOf(traced)
  await client.send('GET', '/v2/team/app/tags/list')
  await client.send('GET', '/v2/team/app/manifests/v1')
  const named = new Map(sdk.spans().map(({ name, span }) => [name, span]))
  expect(named.get('GET /v2/<name>/tags/list')?.status.code).toBe(0)
  expect(named.get('service.listTags')).toMatchObject({
    status: { code: 0 },
    attributes: { 'error.type': 'nameUnknown', 'layerdock.repository': 'team/app' },
  })
  const failed = { status: { code: 2 }, attributes: { 'error.type': 'ECONNRESET' } }
  expect(named.get('metadata.resolveTag')).toMatchObject(failed)
  expect(named.get('GET /v2/<name>/manifests/<reference>')).toMatchObject({
    status: { code: 2 },
    attributes: { 'error.type': '500', 'http.response.status_code': 500 },
  })
  expect(JSON.stringify([...named.values()].map(told))).not.toContain('canary')
})

/** What an exporter would send of a span. */
function told({
  name,
  attributes,
  events,
  status,
}: { [K in 'name' | 'attributes' | 'events' | 'status']: unknown }): unknown {
  return { name, attributes, events, status }
}

test('no secret of a client reaches a span', async () => {
  const sdk = ownSdk()
  const client = clientOf(tracedRegistry())
  const jwt = 'eyJhbGciOiJub25lIn0.canary.canary'
  const headers = {
    Authorization: 'Basic canary',
    Cookie: 'session=canary',
    'User-Agent': `x token=canary ${jwt}`,
    baggage: 'token=canary',
  }
  for (const path of [
    '/v2/?token=canary',
    `/v2/team/app/manifests/${jwt}`,
    `/elsewhere/${jwt}`,
    '/elsewhere/%3Ftoken=canary',
    '/token?account=a&password=canary',
    '/v2/team/app/blobs/uploads/x?_state=canary',
  ]) {
    await client.send('GET', path, { headers })
  }
  const spans = sdk.spans()
  expect(spans.length).toBeGreaterThan(5)
  expect(JSON.stringify(spans.map(({ span }) => told(span)))).not.toContain('canary')
})

test('a path without a route has no name of its own, and an unknown method neither', async () => {
  const sdk = ownSdk()
  const client = clientOf(tracedRegistry())
  await client.send('GET', '/elsewhere/1')
  await client.send('BREW', '/v2/')
  expect(sdk.spans().map(({ name }) => name)).toEqual(['GET', 'HTTP /v2'])
  expect(sdk.spans().at(-1)?.span.attributes).toMatchObject({
    'http.request.method': '_OTHER',
    'http.request.method_original': 'BREW',
    'http.response.status_code': 405,
  })
})

test('events and reports name the span of their request', async () => {
  ownSdk()
  const events: RegistryEvent[] = []
  const reports: RequestReport[] = []
  const client = clientOf(
    tracedRegistry({
      onEvent: (event) => void events.push(event),
      observe: (report) => reports.push(report),
    }),
  )
  await client.pushBlob('team/app', 'hello')
  const place = { traceId: expect.stringMatching(/^[0-9a-f]{32}$/), isSampled: true }
  expect(events).toMatchObject([{ kind: 'blob-pushed', trace: place }])
  expect(events[0]?.trace).toEqual(reports.at(-1)?.trace)
})

test('calls of a program have spans below its own', async () => {
  const sdk = ownSdk()
  const { service } = tracedRegistry()
  const tracer = trace.getTracer('program')
  await tracer.startActiveSpan('job', async (job) => {
    await service.listRepositories(callContext(), { limit: 1 })
    job.end()
    expect(sdk.tree(job.spanContext().spanId)).toEqual({
      'service.listRepositories': { 'metadata.listRepositories': {} },
    })
  })
  await service.listRepositories(callContext(), { limit: 1 })
  expect(sdk.spans().at(-1)).toMatchObject({ name: 'service.listRepositories', parent: undefined })
})

test('a call of another server is a span of what makes it', async () => {
  const sdk = ownSdk()
  const made = tracing()
  const registry = createRegistry({
    ...(made === undefined ? {} : { tracing: made }),
    wrap: (service) => ({
      ...service,
      async listTags(call, ...words) {
        await Promise.resolve()
        made?.called('s3.GetObject', 0.25, true)
        return service.listTags(call, ...words)
      },
    }),
  })
  await clientOf(registry).send('GET', '/v2/team/app/tags/list')
  made?.called('s3.GetObject', 0.25, false)
  const spans = sdk.spans()
  const calls = spans.filter(({ name }) => name === 's3.GetObject')
  const service = spans.find(({ name }) => name === 'service.listTags')
  expect(calls).toMatchObject([{ parent: service?.spanId, span: { kind: 2, status: { code: 2 } } }])
  const [seconds = 0, nanoseconds = 0] = calls[0]?.span.duration ?? []
  expect(seconds + nanoseconds / 1e9).toBeCloseTo(0.25, 3)
})

test('what a request leaves behind is no part of its trace', async () => {
  const sdk = ownSdk()
  const stores = memoryStores()
  let later = async (): Promise<void> => {}
  const inherited = createRegistry({
    stores,
    tracing: tracing(),
    wrap: (service, traced) => ({
      ...service,
      async listTags(call, ...words) {
        // As a timer does, which keeps the context that it was set in.
        const { AsyncResource } = await import('node:async_hooks')
        later = AsyncResource.bind(async () => {
          await traced.metadata.listRepositories({ limit: 1 })
          await clientOf(inherited).send('GET', '/v2/')
        })
        return service.listTags(call, ...words)
      },
    }),
  })
  await clientOf(inherited).send('GET', '/v2/team/app/tags/list', { headers: { traceparent } })
  const before = sdk.spans().length
  await later()
  expect(sdk.spans().slice(before)).toMatchObject([{ name: 'GET /v2', parent: undefined }])
})

test('a service that is served alone has spans too', async () => {
  const sdk = ownSdk()
  const app = serviceApp(createRegistry().service, { tracing: tracing() })
  await clientOf(app).send('GET', '/v2/team/app/tags/list', { headers: { traceparent } })
  expect(sdk.tree(spanId)).toEqual({ 'GET /v2/<name>/tags/list': { 'service.listTags': {} } })
})

test('a tracer that throws harms nothing', async () => {
  const failing = {
    getTracer: () => ({
      startSpan: () => {
        throw new Error('no')
      },
      startActiveSpan: () => undefined as never,
    }),
  }
  const kinds: string[] = []
  const client = clientOf(
    createRegistry({
      tracing: tracing({ provider: failing }),
      onNotice: ({ kind }) => kinds.push(kind),
    }),
  )
  expect((await client.send('GET', '/v2/')).status).toBe(200)
  expect(kinds).toEqual(['callback-failure'])
})

test('the traced service and stores have what the others have', () => {
  ownSdk()
  const made = tracing()
  const stores = memoryStores()
  const { service } = createRegistry({ stores })
  expect(Object.keys(made?.service(service) ?? {})).toEqual(Object.keys(service))
  expect(made?.metadata(stores.metadata)).toMatchObject({
    countsBytes: stores.metadata.countsBytes,
    keepsTrash: stores.metadata.keepsTrash,
  })
})
