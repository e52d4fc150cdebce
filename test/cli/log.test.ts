import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createLogger } from '../../adapters/cli/log.ts'
import { logEvents } from '../../adapters/cli/log-events.ts'
import { logNotices } from '../../adapters/cli/log-notices.ts'
import { asText } from '../../adapters/cli/log-text.ts'
import { loggedTarget, plain, withoutSecrets } from '../../adapters/cli/plain-text.ts'
import { type RegistryEvent, repositoryName, tagName } from '../../src/index.ts'
import { sampleDigest } from '../../src/testing/index.ts'
import { runs } from '../sample.ts'

describe('a request target in a log', () => {
  test.each([
    ['/v2/', '/v2/'],
    ['/v2/a/tags/list?n=5&last=b', '/v2/a/tags/list?n=5&last=b'],
    ['/v2/a/blobs/uploads/?mount=sha256:1&from=b', '/v2/a/blobs/uploads/?mount=sha256:1&from=b'],
    ['/v2/a?_state=secret&digest=sha256:1', '/v2/a?_state=…&digest=sha256:1'],
    ['/token?account=me&password=secret', '/token?account=…&password=…'],
    ['/v2/?secret', '/v2/?…'],
    ['/v2/?token=a?b=secret', '/v2/?token=…'],
    ['http://me:secret@h/v2/?n=1', 'http://h/v2/?n=1'],
    ['//me:secret@h/v2/', '//h/v2/'],
    ['me:secret@h:443', 'h:443'],
    ['/v2/http://me:secret@h/', '/v2/http://…@h/'],
    ['/v2/?n=1;token=secret', '/v2/?n=…'],
    ['/v2/?n=1%26token=secret', '/v2/?n=…'],
    ['/v2/?last=Bearer+secret-1', '/v2/?last=Bearer+…'],
    ['/v2/#token=secret', '/v2/#…'],
    ['/v2/;token=secret?n=1', '/v2/;…'],
    ['/v2/%3Ftoken=secret', '/v2/%3F…'],
    ['/v2/a/referrers/x?artifactType=a%2Fb%2Bc.d', '/v2/a/referrers/x?artifactType=a%2Fb%2Bc.d'],
  ])('%s', (target, expected) => {
    expect(loggedTarget(target)).toBe(expected)
    expect(loggedTarget(target)).not.toContain('secret')
  })

  test('is one line of bounded length that no terminal obeys', () => {
    expect(loggedTarget('/a\u001b[2J\r\n\u009b\u007f\u2028b')).toBe(
      '/a\\x1b[2J\\x0d\\x0a\\x9b\\x7f\\x2028b',
    )
    expect(plain('x'.repeat(5000), 256)).toHaveLength(257)
  })
})

test.each([
  ['curl/8 (x; token=secret)', 'curl/8 (x; token=…'],
  ['a Authorization: Basic c2VjcmV0OnNlY3JldA==', 'a Authorization: Basic …'],
  ['BEARER  secret-1', 'BEARER  …'],
  ['--public-url https://me:secret@h/', '--public-url https://…@h/'],
  ['--htpasswd a:$2y$10$secretsecretsecret', '--htpasswd a:…'],
  ['x ldk_secretsecret', 'x …'],
  ['/v2/eyJhbGciOiJ.secret.secret/', '/v2/…/'],
  ['"-----BEGIN PRIVATE KEY-----\\nsecret\\"" and more', '"-----BEGIN PRIVATE KEY-----…" and more'],
  ['{"a":"token=secret\\"b"}', '{"a":"token=…\\"b"}'],
])('the secret of %s is left out', (text, expected) => {
  expect(withoutSecrets(text)).toBe(expected)
})

test.each([
  'docker/27.1.1 go/go1.22 git-commit/cc13f95 os/linux UpstreamClient(Docker-Client/27.1 \\(linux\\))',
  'LAYERDOCK_PASSWORD: no such setting; did you mean --htpasswd FILE?',
  'Bearer realm="http://h/v2/_layerdock/token",service="layerdock"',
  'the token has no bearer credentials, and basic authentication is off',
  '{"token":"deploy","password":null}',
  'at file:///a/node_modules/@x/y@1.2.3/index.js:1:2',
])('%s stays as it is', (text) => {
  expect(withoutSecrets(text)).toBe(text)
})

test('a line of JSON stays one without its secrets', () => {
  const shapes = [
    ...[
      'eyJ',
      'eyJhbGciOiJ',
      'ldk_',
      '$2y$10$',
      '-----BEGIN PRIVATE KEY-----',
      '://',
      '@',
      '%2f%2f',
    ],
    ...[
      'Bearer ',
      'basic+',
      'token=',
      'password%3d',
      '"',
      '\\',
      '\n',
      '…',
      ':',
      '/',
      '1',
      'abcdefgh',
    ],
  ]
  const text = fc.array(fc.oneof(fc.constantFrom(...shapes), fc.string()), { maxLength: 12 })
  fc.assert(
    fc.property(text, text, (first, second) => {
      const line = JSON.stringify({ a: first.join(''), b: { c: [second.join('')] }, d: 1 })
      expect(JSON.parse(withoutSecrets(line))).toMatchObject({
        b: { c: [expect.any(String)] },
        d: 1,
      })
    }),
    { seed: 1, numRuns: runs(3000) },
  )
})

describe('an entry as text', () => {
  const text = (fields: Record<string, unknown>): string =>
    asText(JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05.678Z', ...fields }))
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
  const id = '01234567-89ab-cdef-0123-456789abcdef'
  const request = { msg: 'request', requestId: 'x', method: 'GET', path: '/v2/', status: 200 }

  test.each([
    [{ bytes: 2, ms: 0.4, client: '192.0.2.7' }, '200 GET /v2/ 2 B out, 0.4 ms, 192.0.2.7, id x'],
    [
      { method: 'PUT', path: '/v2/a/manifests/1', status: 201, received: 1234, bytes: 0, ms: 12.4 },
      '201 PUT /v2/a/manifests/1 1.23 kB in, 12 ms, id x',
    ],
    [
      { method: 'PATCH', path: `/v2/a/blobs/uploads/${id}`, status: 202, received: 52_428_800 },
      '202 PATCH /v2/a/blobs/uploads/01234567… 52.4 MB in, id x',
    ],
    [
      { path: `/v2/a/blobs/${digest}`, bytes: 999_600, ms: 61_000, userAgent: 'docker/27.1 go/x' },
      '200 GET /v2/a/blobs/sha256:0123456789ab… 1 MB out, 61 s, docker/27.1, id x',
    ],
    [
      { status: undefined, aborted: true, ms: 1, client: '::1', userAgent: 'x' },
      '--- GET /v2/ 1 ms, cut off, x at ::1, id x',
    ],
    [
      { path: '/v2/a/manifests/1', digest, principal: 'ci', traceId: 'f'.repeat(32) },
      `200 GET /v2/a/manifests/1 sha256:0123456789ab…, ci, id x, trace ${'f'.repeat(32)}`,
    ],
    [{ path: `/v2/a/blobs/${digest}`, digest }, '200 GET /v2/a/blobs/sha256:0123456789ab… id x'],
  ])('of a request %#', (fields, expected) => {
    expect(text({ ...request, ...fields })).toBe(`03:04:05 info  ${expected}\n`)
  })

  test('of a request has about 120 columns, whatever it is of', () => {
    const path = `/v2/${'a/'.repeat(100)}blobs/uploads/${id}?digest=${digest}&mount=${digest}`
    const agent = `${'x'.repeat(200)}/1`
    const line = text({
      ...request,
      method: 'OPTIONS',
      path,
      received: 123_456_789_012,
      bytes: 123_456_789_012,
      ms: 123_456,
      client: '2001:db8:1234:5678:9abc:def0:1234:5678',
      userAgent: agent,
    })
    expect(line.length).toBeLessThanOrEqual(130)
    expect(text({ ...request, path, ms: 3, client: '192.0.2.7' })).toHaveLength(121)
  })

  test('of anything else has its fields and the trace of its error', () => {
    const err = { stack: 'Error: no\n    at here' }
    expect(text({ level: 'error', msg: 'it failed', task: 'a b', id: 1, err })).toBe(
      '03:04:05 error it failed task="a b" id=1\n  Error: no\n      at here\n',
    )
  })
})

describe('an event in the log', () => {
  const digest = sampleDigest(1)
  const origin = {
    time: 0,
    repository: repositoryName('team/app'),
    principal: { id: 'ci' },
    requestId: 'x',
    peer: { address: '192.0.2.7' },
  }
  const logged = (level: string, event: RegistryEvent): readonly string[] => {
    const lines: string[] = []
    const formatters = { level: (label: string) => ({ level: label }) }
    const timestamp = (): string => ',"time":"2026-01-02T03:04:05.678Z"'
    const log = pino(
      { base: null, level, formatters, timestamp },
      { write: (line) => lines.push(asText(line)) },
    )
    logEvents(log)(event)
    return lines
  }
  const short = `${digest.slice(0, 'sha256:'.length + 12)}…`
  const facts = { digest, size: 1_000, mediaType: 'application/vnd.oci.image.manifest.v1+json' }
  const tags = ['1', '2'].map((text) => tagName(text))

  test.each<readonly [string, RegistryEvent, string]>([
    [
      'info',
      { ...origin, ...facts, kind: 'manifest-pushed', tags, contentSize: 42e6, created: true },
      `pushed team/app:1 and 1 more ${short} 42 MB by ci`,
    ],
    [
      'info',
      { ...origin, ...facts, kind: 'manifest-deleted', tags: [], tagCount: 0, principal: null },
      `deleted team/app ${short} by 192.0.2.7`,
    ],
    [
      'info',
      { ...origin, kind: 'repository-deleted', manifests: 2, tags: 3 },
      'repository deleted team/app with 2 manifests and 3 tags by ci',
    ],
    [
      'debug',
      { ...origin, kind: 'blob-mounted', digest, size: 5, from: repositoryName('a') },
      `blob mounted team/app ${short} from a 5 B by ci`,
    ],
  ])('at %s %#', (level, event, expected) => {
    expect(logged(level, event)).toEqual([`03:04:05 ${level.padEnd(5)} ${expected}\n`])
    if (level === 'debug') expect(logged('info', event)).toEqual([])
  })
})

test('a task that failed is said to be tried again only where it will be', () => {
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line).msg) })
  const onNotice = logNotices(() => log)
  const failed = {
    kind: 'background-failure',
    task: 'x',
    retried: false,
    error: new Error('no'),
  } as const
  onNotice(failed)
  onNotice({ ...failed, retried: true })
  expect(lines).toEqual(['a task failed', 'a task failed and will be tried again'])
})

test('a condition of the storage is an error when it is bad, and said to be over', () => {
  const lines: unknown[] = []
  const log = pino(
    { base: null, timestamp: false },
    { write: (line) => lines.push(JSON.parse(line)) },
  )
  const onNotice = logNotices(() => log)
  const part = 'blobs' as const
  const kind = 'store-condition' as const
  onNotice({
    kind,
    part,
    state: 'full',
    reason: 'there is no room left',
    error: new Error('ENOSPC'),
  })
  onNotice({ kind, part, state: 'ok', reason: null, error: null })
  onNotice({ kind, part, state: 'read-only', reason: 'why', error: new Error('EROFS') })
  expect(lines).toMatchObject([
    { level: 50, part, msg: 'no room left: free space', err: { message: 'ENOSPC' } },
    { level: 30, part, msg: 'the storage works again' },
    { level: 50, part, state: 'read-only', reason: 'why', msg: 'the storage failed' },
  ])
})

test('a collection is a line where it freed something', () => {
  const lines: unknown[] = []
  const log = pino(
    { base: null, timestamp: false },
    { write: (line) => lines.push(JSON.parse(line)) },
  )
  const onNotice = logNotices(() => log)
  const kind = 'garbage-collected'
  onNotice({ kind, blobs: 0, bytes: 0, repositories: 0, ms: 1, isComplete: true })
  onNotice({ kind, blobs: 2, bytes: 30, repositories: 1, ms: 4, isComplete: true })
  expect(lines).toEqual([
    {
      ...{ level: 30, blobs: 2, bytes: 30, repositories: 1, ms: 4, isComplete: true },
      msg: 'garbage was collected',
    },
  ])
})

describe('an entry', () => {
  test('is a line with its level, time, fields and message', () => {
    const lines: string[] = []
    const log = createLogger('info', { write: (line) => lines.push(line) })
    log.info({ a: 1, b: undefined, c: 'x\n' }, 'said')
    log.debug('below the level')
    expect(lines).toHaveLength(1)
    const [line = ''] = lines
    expect(line.indexOf('\n')).toBe(line.length - 1)
    const { time, ...others } = JSON.parse(line)
    expect(others).toEqual({ level: 'info', a: 1, c: 'x\n', msg: 'said' })
    expect(new Date(time).toISOString()).toBe(time)
  })

  test('has what an error says, what caused it, and its code', () => {
    const errors: unknown[] = []
    const log = createLogger('info', { write: (line) => errors.push(JSON.parse(line).err) })
    const cause = new Error('no room')
    log.error({ err: Object.assign(new TypeError('not written', { cause }), { code: 'ENOSPC' }) })
    expect(errors).toMatchObject([
      { type: 'TypeError', message: 'not written: no room', code: 'ENOSPC' },
    ])
    expect(errors).toMatchObject([{ stack: expect.stringContaining(`${cause.stack}`) }])
  })
})
