import { createServer } from 'node:http'
import type express from 'express'
import { createListener } from 'layerdock/node'
import { describe, expect, test } from 'vitest'
import type { Notice } from '../../src/index.ts'
import { createRegistry, type Registry } from '../../src/registry.ts'
import { type Hosting, listen, listenExpress, listenH3, listenHono } from './hosts.ts'

interface Mistake {
  readonly name: string
  readonly options?: { readonly prefix?: string; readonly stripped?: string }
  /** The paths of requests that should have reached a route. */
  readonly paths: readonly string[]
  readonly hint: string
  start(registry: Registry): Promise<Hosting>
}

const use = (path: string) => (registry: Registry) =>
  listenExpress((app: express.Express) => app.use(path, createListener(registry)))
const below = ['/', '/app/manifests/latest', '/a/b/blobs/uploads/', '/_catalog']
const atV2 = ['/v2', ...below.map((path) => `/v2${path}`)]
const atRegistry = atV2.map((path) => `/registry${path}`)

const mistakes: readonly Mistake[] = [
  {
    name: 'Express use at /v2, nothing given',
    paths: atV2,
    start: use('/v2'),
    hint: 'the host application cut "/v2" off the path: the registry needs { stripped: "/v2" }',
  },
  {
    name: 'Express use at /registry/v2, nothing given',
    paths: atRegistry,
    start: use('/registry/v2'),
    hint: 'the host application cut "/registry/v2" off the path: the registry needs { prefix: "/registry", stripped: "/registry/v2" }',
  },
  {
    name: 'Express use at /registry, no stripped',
    options: { prefix: '/registry' },
    paths: atRegistry,
    start: use('/registry'),
    hint: 'the host application cut "/registry" off the path: the registry needs { prefix: "/registry", stripped: "/registry" }',
  },
  {
    name: 'Express use at /registry/v2, too short a stripped',
    options: { prefix: '/registry', stripped: '/registry' },
    paths: atRegistry,
    start: use('/registry/v2'),
    hint: 'the host application cut "/registry/v2" off the path: the registry needs { prefix: "/registry", stripped: "/registry/v2" }',
  },
  {
    name: 'Hono mount at /v2, nothing given',
    paths: atV2,
    start: (registry) => listenHono((app) => app.mount('/v2', registry.fetch)),
    hint: 'the host application cut "/v2" off the path: the registry needs { stripped: "/v2" }',
  },
  {
    name: 'h3 mount at /v2, nothing given',
    paths: atV2,
    start: (registry) =>
      listenH3((app) => app.mount('/v2', (request: Request) => registry.fetch(request))),
    hint: 'the host application cut "/v2" off the path: the registry needs { stripped: "/v2" }',
  },
]

/** The answers and the events of the registry for GET requests of `paths`. */
async function answersTo(
  start: Mistake['start'],
  options: Mistake['options'],
  paths: readonly string[],
): Promise<{ answers: string[]; notices: Notice[] }> {
  const notices: Notice[] = []
  const hosting = await start(
    createRegistry({ ...options, onNotice: (notice) => notices.push(notice) }),
  )
  const answers: string[] = []
  try {
    for (const path of paths) {
      const answer = await fetch(`${hosting.origin}${path}`)
      answers.push(`${answer.status} ${await answer.text()}`)
    }
  } finally {
    await hosting.close()
  }
  return { answers, notices }
}

describe.each(mistakes)('$name', ({ start, options, paths, hint }) => {
  test('gets a hint in each answer and in one notice', async () => {
    const { answers, notices } = await answersTo(start, options, paths)
    for (const [index, answer] of answers.entries()) {
      expect(answer, paths[index]).toMatch(/^404 /)
      expect(JSON.parse(answer.slice(4)).errors[0].message, paths[index]).toContain(hint)
    }
    expect(notices).toEqual([{ kind: 'mount-mismatch', detail: hint }])
  })
})

describe.each([
  { name: 'node:http', start: (r: Registry) => listen(createServer(createListener(r))) },
  { name: 'Express use at /v2', options: { stripped: '/v2' }, start: use('/v2') },
  {
    name: 'Express use at /registry',
    options: { prefix: '/registry', stripped: '/registry' },
    start: use('/registry'),
  },
])('$name, mounted with the right options', ({ start, options }) => {
  test('gets no hint for an unknown path', async () => {
    const base = options?.prefix ?? ''
    const paths = ['app', 'v2/app', 'app/manifests/a/b/c?x=/v2/', 'registry/v2'].map(
      (path) => `${base}/v2/${path}`,
    )
    if (base !== '') paths.push(`${base}${base}/v2/`, `${base}/`)
    const { answers, notices } = await answersTo(start, options, paths)
    for (const answer of answers) expect(answer).not.toContain('needs')
    expect(notices).toEqual([])
  })
})

test('a path outside the API gets no hint', async () => {
  const start: Mistake['start'] = (registry) => listen(createServer(createListener(registry)))
  const { answers, notices } = await answersTo(start, {}, [
    '/',
    '/app/manifests/latest',
    '/favicon.ico',
  ])
  for (const answer of answers) expect(answer).toMatch(/^404 .*there is no such endpoint/)
  expect(notices).toEqual([])
})
