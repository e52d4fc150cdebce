import { describe, expect, it } from 'vitest'
import { createRoutes } from '../../src/http/app.ts'
import { BodyBudget } from '../../src/http/body-budget.ts'
import { type Route, routes } from '../../src/http/routes.ts'
import { sealedCursors } from '../../src/http/sealed-cursor.ts'
import {
  type Access,
  type Ask,
  createRegistry,
  type Decision,
  defaultLimits,
  type RegistryService,
} from '../../src/index.ts'
import { clientOf, codesOf, digestOf } from './client.ts'

/** CVE-2026-31801, CVE-2026-41888, CVE-2022-31667: a route without an access check. */

const digest = digestOf('x')
const id = '11111111-1111-4111-8111-111111111111'

/** All operations. A route that is not in this list fails the first test below. */
const operations: ReadonlyArray<readonly [operation: string, asks: Route['action']]> = [
  ['GET /v2', 'ping'],
  ['OPTIONS /v2', 'ping'],
  ['GET /v2/_catalog', 'catalog'],
  ['DELETE /v2/_layerdock/repositories/:name{.+}', 'delete'],
  ['GET /v2/_layerdock/token', 'token'],
  ['POST /v2/_layerdock/token', 'token'],
  ['POST /v2/:name{.+}/blobs/uploads', 'push'],
  ['PATCH /v2/:name{.+}/blobs/uploads/:id', 'push'],
  ['PUT /v2/:name{.+}/blobs/uploads/:id', 'push'],
  ['GET /v2/:name{.+}/blobs/uploads/:id', 'push'],
  ['DELETE /v2/:name{.+}/blobs/uploads/:id', 'push'],
  ['GET /v2/:name{.+}/blobs/:digest', 'pull'],
  ['DELETE /v2/:name{.+}/blobs/:digest', 'delete'],
  ['GET /v2/:name{.+}/manifests/:reference', 'pull'],
  ['PUT /v2/:name{.+}/manifests/:reference', 'push'],
  ['DELETE /v2/:name{.+}/manifests/:reference', 'delete'],
  ['GET /v2/:name{.+}/tags/list', 'pull'],
  ['GET /v2/:name{.+}/referrers/:digest', 'pull'],
]

/** Values for the last segment of a path: the forms that other registries forgot to check. */
const references = [
  'latest',
  digest,
  digestOf('x', 'sha512'),
  'sha256:no',
  '-not-a-tag',
  'blake3:0a',
]

/** A service that fails the test when it is called. */
const unreachable: RegistryService = new Proxy({} as RegistryService, {
  get(_, method) {
    throw new Error(`${String(method)} was reached without permission`)
  },
})

const header = 'Basic realm="registry"'

function deciding(decide: (asks: readonly Ask[]) => unknown, seen: Ask[] = []): Access {
  return {
    authenticate: async () => null,
    async authorize(_, asks) {
      seen.push(...asks)
      return decide(asks) as readonly Decision[]
    },
    challenge: () => header,
  }
}

function guarded(access: Access): ReturnType<typeof clientOf> {
  const deps = {
    service: unreachable,
    limits: defaultLimits,
    access,
    redirect: 'off' as const,
    cursors: sealedCursors(),
    cors: null,
    observe: null,
    tracing: null,
    bodies: new BodyBudget(0),
    onNotice: () => {},
    prefix: '',
  }
  return clientOf(createRoutes(deps, '/v2'))
}

/** Requests of a route: each of its methods, with every kind of reference. */
function requestsOf(route: Route): ReadonlyArray<readonly [method: string, path: string]> {
  const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
  const paths = references.map((reference) =>
    route.path
      .replace(':name{.+}', 'team/app')
      .replace(':id', id)
      .replace(/:digest|:reference/, reference),
  )
  return methods.flatMap((method) => [...new Set(paths)].map((path) => [method, path] as const))
}

/** The token endpoint finds out by itself who calls; without one that an `Access` has, there is none. */
const cells = routes
  .filter(({ action }) => action !== 'token')
  .flatMap((route) => requestsOf(route).map(([method, path]) => ({ method, path, route })))

describe('one choke point for permission (CVE-2026-31801, CVE-2026-41888, CVE-2022-31667)', () => {
  it('lists every route with the action that it asks for', () => {
    expect(routes.map(({ method, path, action }) => [`${method} ${path}`, action])).toEqual(
      operations,
    )
    expect(cells.length).toBeGreaterThan(50)
  })

  it.each(cells)(
    'refuses $method $path when permission is refused',
    async ({ method, path, route }) => {
      const seen: Ask[] = []
      const denying = guarded(deciding((asks) => asks.map(() => 'deny'), seen))
      const answer = await denying.send(method, path)
      expect(answer.status).toBe(403)
      const repository = route.path.includes(':name') ? 'team/app' : null
      expect(seen).toMatchObject([{ action: route.action, repository }])
      if (method !== 'HEAD') expect(await codesOf(answer)).toEqual(['DENIED'])
    },
  )

  it.each(cells)('challenges $method $path where it would depend', async ({ method, path }) => {
    const client = guarded(deciding((asks) => asks.map(() => 'login')))
    const answer = await client.send(method, path)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe(header)
  })

  it.each([
    ['no decision', []],
    ['a decision it does not know', ['perhaps']],
    ['a decision for nothing', [undefined]],
  ])('treats %s as a refusal', async (_, decisions) => {
    const client = guarded(deciding(() => decisions))
    for (const { method, path } of cells) {
      expect((await client.send(method, path)).status, `${method} ${path}`).toBe(403)
    }
  })

  it('answers every other method with 405, without calling the service', async () => {
    const client = guarded(deciding((asks) => asks.map(() => ({ kind: 'allow' }))))
    const paths = new Set(cells.map(({ path }) => path))
    for (const path of paths) {
      const known = new Set(cells.filter((cell) => cell.path === path).map(({ method }) => method))
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE']) {
        if (known.has(method)) continue
        expect((await client.send(method, path)).status, `${method} ${path}`).toBe(405)
      }
    }
  })

  it('asks for pull on the source of a mount as well', async () => {
    const seen: Ask[] = []
    let closed: string | null = null
    const access = deciding(
      (asks) => asks.map(({ repository }) => (repository === closed ? 'deny' : 'allow')),
      seen,
    )
    const client = clientOf(createRegistry({ access }))
    await client.pushBlob('secret', 'x')
    closed = 'secret'
    const reference = { kind: 'digest', digest }
    seen.length = 0
    const answer = await client.send('POST', `/v2/mine/blobs/uploads/?mount=${digest}&from=secret`)
    expect(answer.status).toBe(202)
    expect(seen).toEqual([
      { action: 'push', repository: 'mine', reference, mountFrom: 'secret' },
      { action: 'pull', repository: 'secret', reference },
    ])
  })
})
