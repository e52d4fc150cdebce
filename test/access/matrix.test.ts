import { describe, expect, test } from 'vitest'
import { type Login, type Policy, registryAccess } from '../../src/access/index.ts'
import { routes } from '../../src/http/routes.ts'
import { type Action, callContext, createRegistry, type Registry } from '../../src/index.ts'
import { type Client, clientOf, digestOf, imageManifest, ociManifest } from '../http/client.ts'

// Every cell of route × method × kind of reference × kind of caller. The rows come from the route table, so a
// new route without its requests fails.

type Rights = readonly Action[] | 'anonymous' | 'refused'

/** Kinds of callers, and what each may do in the repository. */
const callers: ReadonlyMap<string, Rights> = new Map<string, Rights>([
  ['anonymous', 'anonymous'],
  ['wrong password', 'refused'],
  ['expired', 'refused'],
  ['no rights', []],
  ['pull', ['pull']],
  ['push', ['pull', 'push']],
  ['push alone', ['push']],
  ['delete', ['delete']],
  ['catalog', ['catalog']],
  ['admin', ['pull', 'push', 'delete', 'catalog', 'admin']],
])

const users: Login = {
  name: 'users',
  async password(user) {
    if (user === 'wrong password') return { rejected: true }
    if (user === 'expired') return { rejected: true, message: 'the token has expired' }
    return { principal: { id: user, details: { login: 'users' } } }
  },
}

const policy: Policy = {
  isPublic: false,
  decide(principal, { action }) {
    const actions = callers.get(principal?.id ?? 'anonymous')
    if (actions === 'anonymous') return { decision: 'login' }
    return { decision: actions?.includes(action) === true ? 'allow' : 'deny' }
  },
  catalog: () => 'all',
}

/** What a cell needs to be made. */
interface Content {
  readonly text: string
  readonly digest: string
  readonly config: string
  readonly layer: string
  /** A layer of `team/source`. */
  readonly elsewhere: string
  /** The path of an open session of the caller's. */
  readonly session: string
}

/** One request to a route. */
interface Sample {
  readonly kind: string
  readonly method: string
  readonly path: (content: Content) => string
  readonly body?: (content: Content) => string
  /** What it takes; nothing for the version check, which only asks for a caller that is known. */
  readonly needs: readonly Action[]
  /** Its status where it is allowed. */
  readonly status: number
}

const base = '/v2/team/app'
const other = imageManifest('other layer')
const manifestPut = { method: 'PUT', needs: ['push'], status: 201 } as const

/** The requests of each row of the route table: `METHOD path`. */
const samples: Readonly<Record<string, readonly Sample[]>> = {
  'GET /v2': reads('version', () => '/v2/', [], 200),
  'OPTIONS /v2': [
    { kind: 'version', method: 'OPTIONS', path: () => '/v2/', needs: [], status: 200 },
  ],
  'GET /v2/_catalog': reads('catalog', () => '/v2/_catalog', ['catalog'], 200),
  'DELETE /v2/_layerdock/repositories/<name>': [
    {
      kind: 'repository',
      method: 'DELETE',
      path: () => '/v2/_layerdock/repositories/team/app',
      needs: ['delete'],
      status: 202,
    },
  ],
  'POST /v2/<name>/blobs/uploads': [
    start('session', () => '', 202),
    start(
      'blob',
      () => `?digest=${digestOf('hello')}`,
      201,
      () => 'hello',
    ),
    start('mount', ({ elsewhere }) => `?mount=${elsewhere}&from=team/source`, 201),
    start('mount from anywhere', ({ elsewhere }) => `?mount=${elsewhere}`, 201),
  ],
  'PATCH /v2/<name>/blobs/uploads/<id>': [session('PATCH', '', 202, 'hello')],
  'PUT /v2/<name>/blobs/uploads/<id>': [
    session('PUT', `?digest=${digestOf('hello')}`, 201, 'hello'),
  ],
  'GET /v2/<name>/blobs/uploads/<id>': [session('GET', '', 204), session('HEAD', '', 204)],
  'DELETE /v2/<name>/blobs/uploads/<id>': [session('DELETE', '', 204)],
  'GET /v2/<name>/blobs/<digest>': [
    ...reads('digest', ({ layer }) => `${base}/blobs/${layer}`, ['pull'], 200),
    ...reads('unknown digest', () => `${base}/blobs/${digestOf('?')}`, ['pull'], 404),
    ...reads('no digest', () => `${base}/blobs/latest`, ['pull'], 400),
  ],
  'DELETE /v2/<name>/blobs/<digest>': [
    {
      kind: 'digest',
      method: 'DELETE',
      path: ({ layer }) => `${base}/blobs/${layer}`,
      needs: ['delete'],
      status: 202,
    },
  ],
  'GET /v2/<name>/manifests/<reference>': [
    ...reads('tag', () => `${base}/manifests/v1`, ['pull'], 200),
    ...reads('digest', ({ digest }) => `${base}/manifests/${digest}`, ['pull'], 200),
    ...reads('unknown tag', () => `${base}/manifests/v2`, ['pull'], 404),
  ],
  'PUT /v2/<name>/manifests/<reference>': [
    {
      ...manifestPut,
      kind: 'new tag',
      path: () => `${base}/manifests/v2`,
      body: ({ text }) => text,
    },
    { ...manifestPut, kind: 'moved tag', path: () => `${base}/manifests/v1`, body: () => other },
    {
      ...manifestPut,
      kind: 'digest',
      path: () => `${base}/manifests/${digestOf(other)}`,
      body: () => other,
    },
    {
      ...manifestPut,
      kind: 'digest with tags',
      path: () => `${base}/manifests/${digestOf(other)}?tag=a&tag=v1`,
      body: () => other,
    },
  ],
  'DELETE /v2/<name>/manifests/<reference>': [
    remove('tag', () => `${base}/manifests/v1`),
    remove('digest', ({ digest }) => `${base}/manifests/${digest}`),
  ],
  'GET /v2/<name>/tags/list': reads('tags', () => `${base}/tags/list`, ['pull'], 200),
  'GET /v2/<name>/referrers/<digest>': reads(
    'digest',
    ({ digest }) => `${base}/referrers/${digest}`,
    ['pull'],
    200,
  ),
}

/** Finds out by itself who calls: test/access has tests of its own for it. */
const ownAccess: readonly string[] = ['GET /v2/_layerdock/token', 'POST /v2/_layerdock/token']

function reads(
  kind: string,
  path: Sample['path'],
  needs: readonly Action[],
  status: number,
): readonly Sample[] {
  return ['GET', 'HEAD'].map((method) => ({ kind, method, path, needs, status }))
}

function start(
  kind: string,
  query: Sample['path'],
  status: number,
  body: Sample['body'] = () => '',
): Sample {
  const path = (content: Content): string => `${base}/blobs/uploads/${query(content)}`
  return { kind, method: 'POST', path, body, needs: ['push'], status }
}

function session(method: string, query: string, status: number, body?: string): Sample {
  return {
    kind: 'session',
    method,
    path: (content) => `${content.session}${query}`,
    ...(body === undefined ? {} : { body: () => body }),
    needs: ['push'],
    status,
  }
}

function remove(kind: string, path: Sample['path']): Sample {
  return { kind, method: 'DELETE', path, needs: ['delete'], status: 202 }
}

function clientFor(registry: Registry, caller: string): Client {
  if (caller === 'anonymous') return clientOf(registry)
  return clientOf(registry, { Authorization: `Basic ${btoa(`${caller}:secret`)}` })
}

/** A registry with an image in two repositories and an open session of the caller's. */
async function seeded(caller: string): Promise<{ registry: Registry; content: Content }> {
  const registry = createRegistry({ access: registryAccess({ logins: [users], policy }) })
  const admin = clientFor(registry, 'admin')
  const { text, digest, config, layer } = await admin.pushImage('team/app', 'v1')
  const source = await admin.pushImage('team/source', 'v1')
  await admin.pushBlob('team/app', 'other layer')
  const mayOpen = callers.get(caller)?.includes('push' as never) === true
  const opened = await clientFor(registry, mayOpen ? caller : 'admin').openUpload('team/app')
  return {
    registry,
    content: { text, digest, config, layer, elsewhere: source.layer, session: opened },
  }
}

/** What a change could change: tags, manifests and blobs of the repository. */
async function stateOf({ service }: Registry): Promise<string> {
  const call = callContext()
  const name = 'team/app' as never
  const page = { limit: 100 }
  return JSON.stringify([
    await service.listTagRecords(call, name, page),
    await service.listManifests(call, name, page),
    await service.listBlobs(call, name, page),
  ])
}

test('every route has its requests', () => {
  const known = routes.map(({ method, label }) => `${method} ${label}`)
  expect([...Object.keys(samples), ...ownAccess].sort()).toEqual(known.sort())
})

describe.each([...callers])('a caller with %s', (caller, rights) => {
  describe.each(Object.entries(samples))('%s', (_, requests) => {
    test.each(requests)('$method by $kind', async ({ method, path, body, needs, status }) => {
      const { registry, content } = await seeded(caller)
      const before = await stateOf(registry)
      const response = await clientFor(registry, caller).send(method, path(content), {
        headers: { 'Content-Type': ociManifest },
        ...(body === undefined ? {} : { body: body(content) }),
      })
      const answer = await response.text()
      if (typeof rights === 'string') {
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm="Layerdock"$/)
      } else if (needs.every((action) => rights.includes(action))) {
        expect(response.status).toBe(expectedStatus(status, path(content), rights))
        return
      } else {
        expect(response.status).toBe(403)
      }
      expect(await stateOf(registry)).toBe(before)
      // A refusal tells nothing of what is there.
      for (const secret of [content.digest, content.layer, content.config]) {
        expect(answer).not.toContain(secret)
        for (const [name, value] of response.headers)
          expect(`${name}: ${value}`).not.toContain(secret)
      }
    })
  })
})

/** A mount asks for `pull` of the source as well, and without it opens a session instead. */
function expectedStatus(status: number, path: string, rights: readonly Action[]): number {
  return path.includes('mount=') && !rights.includes('pull') ? 202 : status
}

test('methods that no row has are 405 for everybody, and change nothing', async () => {
  const { registry, content } = await seeded('admin')
  const before = await stateOf(registry)
  for (const caller of callers.keys()) {
    for (const method of ['PUT', 'PATCH', 'POST']) {
      const path = `${base}/tags/list`
      expect((await clientFor(registry, caller).send(method, path)).status).toBe(405)
    }
    const blob = `${base}/blobs/${content.layer}`
    expect((await clientFor(registry, caller).send('PUT', blob, { body: 'x' })).status).toBe(405)
  }
  expect(await stateOf(registry)).toBe(before)
})
