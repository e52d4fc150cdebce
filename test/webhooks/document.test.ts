import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseWebhooks, type WebhookSettings } from '../../src/webhooks/index.ts'
import { messagesOf } from '../../src/webhooks/messages.ts'
import { runs } from '../sample.ts'
import { events, pushOf } from './events.ts'

const secret = 'hunter2-hunter2-hunter2'
const base = { name: 'one', url: 'https://receiver.example.com/hook/s3cret-path', format: 'harbor' }

function documentOf(more: object): object {
  return { registry: 'registry.example.com', endpoints: [{ ...base, ...more }] }
}

function settingsOf(more: object): WebhookSettings {
  const { webhooks, problems } = parseWebhooks(documentOf(more))
  expect(problems).toEqual([])
  if (webhooks === null) throw new Error('no webhooks')
  return webhooks
}

describe('a document of webhooks', () => {
  test('has defaults', () => {
    const [endpoint] = settingsOf({}).endpoints
    expect(endpoint).toMatchObject({
      name: 'one',
      origin: 'https://receiver.example.com',
      timeoutMs: 10_000,
      concurrency: 4,
      allowPrivate: false,
      tags: null,
      ca: null,
    })
    expect([...(endpoint?.events ?? [])]).toEqual(['manifest-pushed'])
  })

  test.each([
    [{ url: 'ftp://receiver.example.com' }, 'endpoints[0].url', /neither https:\/\/ nor http:\/\//],
    [{ url: 'https://user:pass@receiver.example.com' }, 'endpoints[0].url', /belong in "headers"/],
    [{ url: 'http://10.0.0.1/' }, 'endpoints[0].url', /which "allowPrivate" would allow/],
    [{ url: 'http://localhost:9000/' }, 'endpoints[0].url', /which "allowPrivate" would allow/],
    [{ url: 'http://2852039166/', allowPrivate: true }, 'endpoints[0].url', /never sent to/],
    [{ url: 'receiver' }, 'endpoints[0].url', /is not a URL/],
    [{ format: 'habor' }, 'endpoints[0].format', /did you mean "harbor"/],
    [{ events: 'pushes' }, 'endpoints[0].events', /did you mean "push"/],
    [{ events: 'blob-pushed' }, 'endpoints[0].events', /format "harbor" has no word/],
    [{ events: [] }, 'endpoints[0].events', /is empty/],
    [{ repositories: 'Team/**' }, 'endpoints[0].repositories', /lower case/],
    [{ repositories: '{user}/**' }, 'endpoints[0].repositories', /nothing stands for the caller/],
    [{ tags: 'v[12]' }, 'endpoints[0].tags', /no tag has "\["/],
    [{ secret: 'short' }, 'endpoints[0].secret', /less than 16 characters/],
    [{ secret: 'whsec_***************' }, 'endpoints[0].secret', /not base64/],
    [{ headers: { Host: 'a.example' } }, 'endpoints[0].headers.Host', /not set here/],
    [{ headers: { 'X-A': 'a\nb' } }, 'endpoints[0].headers["X-A"]', /line break/],
    [{ headers: { 'a b': 'c' } }, 'endpoints[0].headers["a b"]', /not the name of a header/],
    [{ timeout: '2m' }, 'endpoints[0].timeout', /from 100ms to 60s/],
    [{ timeout: 10 }, 'endpoints[0].timeout', /such as 10s/],
    [{ concurrency: 0 }, 'endpoints[0].concurrency', /from 1 to 32/],
    [{ allowPrivate: 'yes' }, 'endpoints[0].allowPrivate', /neither true nor false/],
    [{ ca: 'nothing' }, 'endpoints[0].ca', /holds no certificate/],
    [{ name: 'Über' }, 'endpoints[0].name', /lower-case letters/],
    [{ colour: 'red' }, 'endpoints[0].colour', /is not known here/],
    [{ url: { file: '/run/url' } }, 'endpoints[0].url.file', /read by layerdock serve alone/],
  ])('says what is wrong with %j', (more, path, message) => {
    const { webhooks, problems } = parseWebhooks(documentOf(more))
    expect(webhooks).toBeNull()
    expect(problems).toEqual([{ path, message: expect.stringMatching(message) }])
  })

  test.each([
    undefined,
    'https://registry.example.com',
    'registry.example.com/v2',
    'a b',
    'REGISTRY',
  ])('refuses the registry %j', (registry) => {
    expect(parseWebhooks({ registry, endpoints: [base] }).problems).toHaveLength(1)
  })

  test('takes the registry of the server where it names none', () => {
    const { webhooks } = parseWebhooks(
      { endpoints: [base] },
      { registry: 'registry.example.com:5000' },
    )
    expect(webhooks?.registry).toBe('registry.example.com:5000')
  })

  test('refuses a name that stands twice, and more than 1,000 endpoints', () => {
    const registry = 'registry.example.com'
    expect(parseWebhooks({ registry, endpoints: [base, base] }).problems).toEqual([
      { path: 'endpoints', message: 'two have the name "one"' },
    ])
    const many = Array.from({ length: 1001 }, (_, index) => ({ ...base, name: `n${index}` }))
    expect(parseWebhooks({ registry, endpoints: many }).problems[0]?.message).toContain(
      'may have 1000',
    )
  })

  test('reads secrets where they are, without the line break at the end', () => {
    const { webhooks } = parseWebhooks(
      documentOf({
        secret: [{ file: '/run/new' }, { env: 'OLD' }],
        headers: { Authorization: { env: 'A' } },
      }),
      {
        readSecret: (source) => ({
          text: `${'file' in source ? source.file : source.env}-${secret}\n`,
        }),
      },
    )
    const [endpoint] = webhooks?.endpoints ?? []
    expect(endpoint?.secrets.map((each) => each.reveal())).toEqual([
      `/run/new-${secret}`,
      `OLD-${secret}`,
    ])
    expect(endpoint?.headers.get('Authorization')?.reveal()).toBe(`A-${secret}`)
  })

  test('keeps no secret as text in a file', () => {
    const named = { 'X-Api-Key': secret, 'x-gitlab-token': secret, 'Proxy-Authorization': secret }
    const more = { secret, headers: { Authorization: secret, ...named, 'X-Stage': 'production' } }
    const { problems } = parseWebhooks(documentOf(more), { secretsInText: false })
    expect(problems.map(({ path }) => path)).toEqual([
      'endpoints[0].secret',
      'endpoints[0].headers.Authorization',
      'endpoints[0].headers["X-Api-Key"]',
      'endpoints[0].headers["x-gitlab-token"]',
      'endpoints[0].headers["Proxy-Authorization"]',
    ])
  })

  test('shows no secret, however it is printed', () => {
    const more = { secret, headers: { Authorization: secret } }
    const settings = settingsOf(more)
    const [endpoint] = settings.endpoints
    for (const text of [
      JSON.stringify(settings),
      `${endpoint?.secrets}`,
      `${[...(endpoint?.headers ?? [])]}`,
    ]) {
      expect(text).not.toContain('hunter2')
      expect(text).not.toContain('s3cret-path')
    }
    for (const wrong of [{ url: `ht!tp://${secret}` }, { secret: `${secret}\n\n${secret}` }]) {
      expect(JSON.stringify(parseWebhooks(documentOf({ ...more, ...wrong })))).not.toContain(
        'hunter2',
      )
    }
  })

  test('warns of credentials that go unencrypted', () => {
    const { warnings } = parseWebhooks(documentOf({ url: 'http://receiver.example.com', secret }))
    expect(warnings).toMatchObject([{ path: 'endpoints[0].url' }])
  })
})

describe('filters', () => {
  const toldOf = (more: object, event: Parameters<typeof messagesOf>[1]): number =>
    messagesOf(settingsOf(more).endpoints, event).length

  test('an endpoint hears of its repositories alone', () => {
    expect(toldOf({ repositories: 'team/**' }, pushOf('1'))).toBe(1)
    expect(toldOf({ repositories: ['other/**', '*/app'] }, pushOf('1'))).toBe(1)
    expect(toldOf({ repositories: 'other/**' }, pushOf('1'))).toBe(0)
    expect(toldOf({ exceptRepositories: 'team/*' }, pushOf('1'))).toBe(0)
  })

  test('an endpoint hears of its events alone', () => {
    expect(toldOf({}, events['manifest-deleted'])).toBe(0)
    expect(toldOf({ events: 'delete' }, events['manifest-deleted'])).toBe(1)
    expect(toldOf({ events: ['delete', 'push'] }, pushOf('1'))).toBe(1)
    expect(toldOf({ events: 'pull' }, pushOf('1'))).toBe(0)
  })

  test('an endpoint hears of its tags alone', () => {
    expect(toldOf({ tags: 'semver' }, pushOf('1.2.3', 'latest'))).toBe(1)
    expect(toldOf({ tags: ['latest', 'v*'] }, pushOf('1.2.3'))).toBe(0)
    expect(toldOf({ tags: '*' }, pushOf())).toBe(0)
    expect(toldOf({}, pushOf())).toBe(1)
    expect(toldOf({ tags: '1.*', events: 'delete' }, events['manifest-deleted'])).toBe(1)
  })

  test('one message is for all endpoints that hear of it', () => {
    const endpoints = ['a', 'b', 'c'].map((name) => ({
      ...base,
      name,
      ...(name === 'b' ? { tags: 'latest' } : {}),
    }))
    const { webhooks } = parseWebhooks({ registry: 'registry.example.com', endpoints })
    const messages = messagesOf(webhooks?.endpoints ?? [], pushOf('1.2.3', 'latest'))
    expect(messages.map((message) => message.endpoints)).toEqual([
      ['a', 'c'],
      ['a', 'b', 'c'],
    ])
  })
})

test('anything at all is read without an exception', () => {
  const keys = fc.constantFrom(
    'registry',
    'endpoints',
    'name',
    'url',
    'format',
    'events',
    'tags',
    'secret',
    'headers',
    'file',
    'env',
    'timeout',
    'ca',
  )
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('harbor', 'push', 'https://a.example', '10s', '**'),
      fc.anything(),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(keys, tie('any'), { maxKeys: 5 }),
    ),
  })).any
  fc.assert(
    fc.property(value, (document) => {
      const { webhooks, problems } = parseWebhooks(document)
      expect(webhooks === null).toBe(problems.length > 0)
    }),
    { numRuns: runs(2000) },
  )
})
