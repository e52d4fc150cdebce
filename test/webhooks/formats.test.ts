import { describe, expect, test } from 'vitest'
import type { RegistryEvent } from '../../src/index.ts'
import { formats } from '../../src/webhooks/formats/formats.ts'
import { type FormatName, parseWebhookEvent, parseWebhooks } from '../../src/webhooks/index.ts'
import { messagesOf } from '../../src/webhooks/messages.ts'
import { outgoingRequest } from '../../src/webhooks/outgoing-request.ts'
import { digest, events, pushOf } from './events.ts'
import {
  type Arrived,
  argoImageUpdater,
  fluxHarbor,
  fluxHmac,
  kargo,
  keelHarbor,
  keelRegistry,
} from './receivers/receivers.ts'

const token = 'a-token-of-sixteen-characters'

function endpointOf(
  format: FormatName,
  more: object = {},
): NonNullable<ReturnType<typeof parseWebhooks>['webhooks']> {
  const { webhooks, problems } = parseWebhooks({
    registry: 'registry.example.com',
    endpoints: [{ name: 'one', url: 'https://receiver.example.com/hook', format, ...more }],
  })
  expect(problems).toEqual([])
  if (webhooks === null) throw new Error('no webhooks')
  return webhooks
}

async function requestsOf(
  format: FormatName,
  event: RegistryEvent,
  more: object = {},
): Promise<readonly Arrived[]> {
  const { registry, endpoints } = endpointOf(format, { events: [event.kind], ...more })
  const [endpoint] = endpoints
  if (endpoint === undefined) throw new Error('no endpoint')
  const kept = messagesOf(endpoints, event).map(({ text }) => parseWebhookEvent(text))
  return await Promise.all(
    kept.map(async (each) => {
      if (each === null) throw new Error('not an event')
      const { headers, body } = await outgoingRequest(endpoint, each, {
        registry,
        now: 1_700_000_001_000,
      })
      const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
      return { method: 'POST', headers: Object.fromEntries(lower), body }
    }),
  )
}

async function bodyOf(format: FormatName, event: RegistryEvent): Promise<unknown> {
  const [request] = await requestsOf(format, event)
  return JSON.parse(request?.body ?? 'null')
}

const id: unknown = expect.stringMatching(/^[0-9a-f-]{36}$/)

describe('the format of Harbor', () => {
  test('writes a push as Harbor does', async () => {
    expect(await bodyOf('harbor', pushOf('1.2.3'))).toEqual({
      type: 'PUSH_ARTIFACT',
      occur_at: 1_700_000_000,
      operator: 'ci',
      event_data: {
        resources: [{ digest, tag: '1.2.3', resource_url: 'registry.example.com/team/app:1.2.3' }],
        repository: {
          name: 'app',
          namespace: 'team',
          repo_full_name: 'team/app',
          repo_type: 'private',
        },
      },
    })
  })

  test('names the digest where there is no tag', async () => {
    expect(await bodyOf('harbor', pushOf())).toMatchObject({
      event_data: {
        resources: [
          { digest, tag: digest, resource_url: `registry.example.com/team/app@${digest}` },
        ],
      },
    })
  })

  test.each([
    ['manifest-pulled', 'PULL_ARTIFACT'],
    ['manifest-deleted', 'DELETE_ARTIFACT'],
    ['tag-deleted', 'DELETE_TAG'],
    ['repository-deleted', 'DELETE_REPOSITORY'],
    ['manifest-restored', 'PUSH_ARTIFACT'],
    ['tag-restored', 'PUSH_ARTIFACT'],
  ] as const)('calls %s %s', async (kind, type) => {
    expect(await bodyOf('harbor', events[kind])).toMatchObject({ type })
  })
})

describe('the envelope of distribution', () => {
  test('has the fields that distribution writes, in their order', async () => {
    const [request] = await requestsOf('distribution', pushOf('1.2.3'))
    expect(request?.headers['content-type']).toBe(
      'application/vnd.docker.distribution.events.v1+json',
    )
    const event = {
      id,
      timestamp: '2023-11-14T22:13:20.123Z',
      action: 'push',
      target: {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest,
        size: 708,
        length: 708,
        repository: 'team/app',
        url: `https://registry.example.com/v2/team/app/manifests/${digest}`,
        tag: '1.2.3',
      },
      request: {
        id: 'request-1',
        addr: '192.0.2.7',
        host: 'registry.example.com',
        method: 'PUT',
        useragent: '',
      },
      actor: { name: 'ci' },
      source: { addr: 'registry.example.com' },
    }
    const body = JSON.parse(request?.body ?? 'null')
    expect(body).toEqual({ events: [event] })
    expect(Object.keys(body.events[0])).toEqual(Object.keys(event))
  })

  test('says of a deletion what is gone, and no more', async () => {
    const target = async (event: RegistryEvent): Promise<unknown> => {
      const { events: told } = (await bodyOf('distribution', event)) as {
        events: { target: unknown }[]
      }
      return told[0]?.target
    }
    expect(await target(events['manifest-deleted'])).toEqual({ digest, repository: 'team/app' })
    expect(await target(events['blob-deleted'])).toEqual({ digest, repository: 'team/app' })
    expect(await target(events['tag-deleted'])).toEqual({ repository: 'team/app', tag: '1.2.3' })
    expect(await target(events['repository-deleted'])).toEqual({ repository: 'team/app' })
  })

  test('says where a blob was mounted from', async () => {
    expect(await bodyOf('distribution', events['blob-mounted'])).toMatchObject({
      events: [{ action: 'mount', target: { fromRepository: 'team/base', size: 9, length: 9 } }],
    })
  })

  test('has the media type of distribution 3 under a name of its own', async () => {
    const [request] = await requestsOf('distribution-v2', pushOf('1.2.3'))
    expect(request?.headers['content-type']).toBe(
      'application/vnd.docker.distribution.events.v2+json',
    )
  })
})

describe('CloudEvents', () => {
  test('are whole, and the same id comes in the header', async () => {
    const [request] = await requestsOf('cloudevents', pushOf('1.2.3'))
    expect(request?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8')
    const body = JSON.parse(request?.body ?? 'null')
    expect(body).toEqual({
      specversion: '1.0',
      id,
      source: 'oci://registry.example.com/team/app',
      type: 'dev.layerdock.manifest.pushed.v1',
      subject: 'team/app:1.2.3',
      time: '2023-11-14T22:13:20.123Z',
      datacontenttype: 'application/json',
      data: {
        registry: 'registry.example.com',
        repository: 'team/app',
        tag: '1.2.3',
        digest,
        size: 708,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        contentSize: 4096,
        created: true,
        by: 'ci',
        request: 'request-1',
      },
    })
    expect(request?.headers['webhook-id']).toBe(body.id)
  })

  test('names the span of the request, where that was traced', async () => {
    const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
    const named = async (isSampled: boolean) =>
      bodyOf('cloudevents', { ...pushOf('1'), trace: { ...ids, isSampled } })
    const traceparent = `00-${ids.traceId}-${ids.spanId}`
    expect(await named(true)).toMatchObject({ traceparent: `${traceparent}-01` })
    const unsampled = await named(false)
    expect(unsampled).toMatchObject({ traceparent: `${traceparent}-00` })
    expect(unsampled).toHaveProperty(
      'data',
      expect.not.objectContaining({ traceparent: expect.anything() }),
    )
  })

  test.each(Object.values(events))('has a type and a subject for $kind', async (event) => {
    expect(await bodyOf('cloudevents', event)).toMatchObject({
      type: `dev.layerdock.${event.kind.replace('-', '.')}.v1`,
      subject: expect.stringMatching(/^team\/app/),
    })
  })
})

describe('each format', () => {
  const told = Object.entries(formats).flatMap(([name, { tells }]) =>
    [...tells].map((kind) => [name as FormatName, kind] as const),
  )

  test.each(told)('%s writes %s', async (name, kind) => {
    const [request] = await requestsOf(name, events[kind])
    // A key without a value would be an unknown word.
    expect(request?.body).not.toMatch(/undefined|null,"type"/)
    expect(Object.keys(JSON.parse(request?.body ?? '{}')).length).toBeGreaterThan(0)
  })

  test('makes an event of each tag of a push, in their order', async () => {
    const requests = await requestsOf('harbor', pushOf('1', '1.2', '1.2.3'))
    const tags = requests.map(({ body }) => JSON.parse(body).event_data.resources[0].tag)
    expect(tags).toEqual(['1', '1.2', '1.2.3'])
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  })

  test('has no more of a principal than its id', async () => {
    for (const name of Object.keys(formats) as FormatName[]) {
      const [request] = await requestsOf(name, pushOf('1.2.3'))
      expect(request?.body).not.toContain('builders')
    }
  })
})

describe('receivers', () => {
  const image = 'registry.example.com/team/app:1.2.3'
  const authorized = { headers: { Authorization: token } }

  test.each([
    ['Flux (harbor)', 'harbor', fluxHarbor, '*', authorized],
    ['Flux (generic-hmac)', 'cloudevents', fluxHmac, '*', { secret: token }],
    ['Keel (harbor)', 'harbor', keelHarbor, image, {}],
    ['Keel (registry)', 'distribution', keelRegistry, image, {}],
    ['Kargo', 'harbor', kargo, image, authorized],
    ['Argo CD Image Updater', 'harbor', argoImageUpdater, image, authorized],
  ] as const)('%s takes a push', async (_, format, receive, expected, more) => {
    const [request] = await requestsOf(format, pushOf('1.2.3'), more)
    expect(request && receive(request, token)).toEqual({ status: 200, image: expected })
    // An image of several platforms is pushed by digest first.
    const [untagged] = await requestsOf(format, pushOf(), more)
    expect(untagged && receive(untagged, token).status).toBe(200)
  })

  test.each([fluxHarbor, fluxHmac, kargo, argoImageUpdater])(
    'a wrong token is refused, so that each test above proves something',
    async (receive) => {
      const [request] = await requestsOf('harbor', pushOf('1.2.3'), {
        ...authorized,
        secret: token,
      })
      expect(request && receive(request, 'another-token')?.status).toBeGreaterThanOrEqual(400)
    },
  )

  test('Kargo and Argo CD Image Updater refuse what is no push, as docs/webhooks.md says', async () => {
    const [request] = await requestsOf('harbor', events['tag-deleted'], authorized)
    expect(request && kargo(request, token).status).toBe(400)
    expect(request && argoImageUpdater(request, token).status).toBe(400)
    expect(request && keelHarbor(request, token).status).toBe(200)
  })
})
