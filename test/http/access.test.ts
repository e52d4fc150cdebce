import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRegistry, type Registry } from '../../src/index.ts'
import type { Access, Action, Ask, Decision } from '../../src/ports/access.ts'
import {
  type Client,
  clientOf,
  descriptorOf,
  digestOf,
  expectError,
  headersOf,
  imageManifest,
  ociManifest,
  unknownDigest,
} from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const challenge = 'Bearer realm="https://auth.example/token",service="registry"'
const refusal = { 'www-authenticate': challenge }

/** What each user may do where; `*` is everywhere. */
type Rules = Readonly<Record<string, Readonly<Record<string, readonly Action[]>>>>

const everything: readonly Action[] = ['ping', 'pull', 'push', 'delete', 'catalog']
const rules: Rules = {
  admin: { '*': everything },
  alice: { '*': ['ping', 'catalog'], 'alice/app': ['pull', 'push', 'delete'], shared: ['pull'] },
  bob: { '*': ['ping', 'catalog'], 'bob/app': ['pull', 'push'], shared: ['pull'] },
  robot: { '*': ['ping'], shared: ['push'] },
  nobody: { shared: ['pull'] },
}

/** Users by `Authorization: User <name>`; remembers what it was asked. */
function access(asked: Ask[] = []): Access {
  return {
    async authenticate({ headers }) {
      const header = headers.get('authorization')
      if (header === null) return null
      const name = header.replace(/^User /, '')
      if (name in rules) return { id: name }
      return { rejected: true }
    },
    async authorize(who, asks) {
      asked.push(...asks)
      const own = rules[who?.id ?? 'nobody'] ?? {}
      return asks.map(({ action, repository }): Decision => {
        const granted = [...(own['*'] ?? []), ...(own[repository ?? '*'] ?? [])]
        if (granted.includes(action)) return 'allow'
        return who === null ? 'login' : 'deny'
      })
    },
    challenge: () => challenge,
  }
}

const content = 'secret'
const digest = digestOf(content)

describe.each(registries)('who may do what on $name', ({ make }) => {
  let made: MadeRegistry
  let asked: Ask[]
  const as = (user: string | null): Client =>
    clientOf(made.registry, user === null ? {} : { Authorization: `User ${user}` })
  let admin: Client
  let image: string
  beforeEach(async () => {
    asked = []
    made = await make({ access: access(asked), limits: { pageSize: 2 } })
    admin = as('admin')
    await admin.pushBlob('alice/app', content)
    image = (await admin.pushImage('alice/app', 'latest')).digest
    await admin.pushImage('shared', 'latest')
    await admin.pushImage('bob/app', 'latest')
  })
  afterEach(() => made.end())

  const allowed = (user: string | null, action: Action, repository: string): boolean => {
    const own = rules[user ?? 'nobody'] ?? {}
    return [...(own['*'] ?? []), ...(own[repository] ?? [])].includes(action)
  }

  const operations: ReadonlyArray<readonly [string, string, Action]> = [
    ['GET', `blobs/${digest}`, 'pull'],
    ['HEAD', `blobs/${digest}`, 'pull'],
    ['GET', 'manifests/latest', 'pull'],
    ['HEAD', 'manifests/latest', 'pull'],
    ['GET', `manifests/${unknownDigest}`, 'pull'],
    ['GET', 'manifests/-malformed', 'pull'],
    ['GET', `blobs/blake3:${'0'.repeat(64)}`, 'pull'],
    ['GET', 'blobs/malformed', 'pull'],
    ['GET', 'tags/list', 'pull'],
    ['HEAD', 'tags/list', 'pull'],
    ['GET', `referrers/${unknownDigest}`, 'pull'],
    ['GET', 'referrers/malformed', 'pull'],
    ['POST', 'blobs/uploads/', 'push'],
    ['POST', `blobs/uploads/?digest=${digest}`, 'push'],
    ['POST', `blobs/uploads/?mount=${digest}&from=shared`, 'push'],
    ['POST', `blobs/uploads/?mount=${digest}`, 'push'],
    ['PATCH', 'blobs/uploads/00000000-0000-4000-8000-000000000000', 'push'],
    ['PUT', `blobs/uploads/00000000-0000-4000-8000-000000000000?digest=${digest}`, 'push'],
    ['GET', 'blobs/uploads/00000000-0000-4000-8000-000000000000', 'push'],
    ['HEAD', 'blobs/uploads/00000000-0000-4000-8000-000000000000', 'push'],
    ['DELETE', 'blobs/uploads/00000000-0000-4000-8000-000000000000', 'push'],
    ['PUT', 'manifests/latest', 'push'],
    ['PUT', `manifests/${digest}?tag=x`, 'push'],
    ['DELETE', 'manifests/none', 'delete'],
    ['DELETE', `manifests/${unknownDigest}`, 'delete'],
    ['DELETE', `blobs/${unknownDigest}`, 'delete'],
  ]

  describe.each([null, 'alice', 'bob', 'robot', 'admin'])('user %s', (user) => {
    test.each(operations)('%s %s takes permission to %s', async (method, rest, action) => {
      for (const repository of ['alice/app', 'bob/app', 'shared', 'none']) {
        asked.length = 0
        const response = await as(user).send(method, `/v2/${repository}/${rest}`)
        expect(asked[0]).toMatchObject({ action, repository })
        if (allowed(user, action, repository)) {
          expect([401, 403]).not.toContain(response.status)
        } else if (method === 'HEAD') {
          expect([response.status, response.body]).toEqual([user === null ? 401 : 403, null])
        } else if (user === null) {
          await expectError(response, 401, 'UNAUTHORIZED', refusal)
        } else {
          await expectError(response, 403, 'DENIED')
        }
      }
    })

    test('the version check and the catalog', async () => {
      for (const [path, action] of [
        ['/v2/', 'ping'],
        ['/v2/_catalog', 'catalog'],
      ] as const) {
        asked.length = 0
        const response = await as(user).send('GET', path)
        expect(asked[0]).toEqual({ action, repository: null, reference: null })
        const refused = user === null ? 401 : 403
        expect(response.status).toBe(allowed(user, action, '*') ? 200 : refused)
      }
    })
  })

  test('wrong credentials are a 401 with a challenge, also where none are needed', async () => {
    const response = await as('mallory').send('GET', '/v2/shared/manifests/latest')
    const [error] = await expectError(response, 401, 'UNAUTHORIZED', refusal)
    expect(error?.message).toContain('wrong user name or password')
  })

  test('what is refused changes nothing', async () => {
    const bob = as('bob')
    await bob.send('DELETE', `/v2/alice/app/manifests/${image}`)
    await bob.send('PUT', '/v2/alice/app/manifests/latest', { body: imageManifest('other') })
    await bob.send('DELETE', `/v2/alice/app/blobs/${digest}`)
    expect((await admin.send('HEAD', `/v2/alice/app/blobs/${digest}`)).status).toBe(200)
    const latest = await admin.send('HEAD', '/v2/alice/app/manifests/latest')
    expect(latest.headers.get('docker-content-digest')).toBe(image)
  })

  describe('knowing a digest grants nothing', () => {
    test.each([
      ['from a repository one may not read', `?mount=${digest}&from=alice/app`],
      ['from anywhere', `?mount=${digest}`],
      ['from a repository that is not there', `?mount=${digest}&from=none`],
    ])('mount %s opens a session, whether the blob exists or not', async (_, query) => {
      const response = await as('bob').send('POST', `/v2/bob/app/blobs/uploads/${query}`)
      expect(response.status).toBe(202)
      expect((await as('bob').send('HEAD', `/v2/bob/app/blobs/${digest}`)).status).toBe(404)
      const unknown = query.replace(digest, unknownDigest)
      const other = await as('bob').send('POST', `/v2/bob/app/blobs/uploads/${unknown}`)
      expect(other.status).toBe(202)
      expect(Object.keys(headersOf(other))).toEqual(Object.keys(headersOf(response)))
    })

    test('mount from what one may read works, and asks for pull there', async () => {
      const shared = (await admin.pushBlob('shared', content)) && digest
      const reference = { kind: 'digest', digest }
      asked.length = 0
      const from = `/v2/bob/app/blobs/uploads/?mount=${shared}&from=shared`
      expect((await as('bob').send('POST', from)).status).toBe(201)
      expect(asked).toEqual([
        { action: 'push', repository: 'bob/app', reference, mountFrom: 'shared' },
        { action: 'pull', repository: 'shared', reference },
      ])
    })

    test('an anonymous mount finds the readable one among others', async () => {
      await admin.pushBlob('shared', content)
      const path = `/v2/bob/app/blobs/uploads/?mount=${digest}`
      expect((await as('bob').send('POST', path)).status).toBe(201)
      expect(await (await as('bob').send('GET', `/v2/bob/app/blobs/${digest}`)).text()).toBe(
        content,
      )
    })

    test('push without pull cannot mount out of a repository', async () => {
      const path = `/v2/shared/blobs/uploads/?mount=${digest}&from=alice/app`
      expect((await as('robot').send('POST', path)).status).toBe(202)
    })

    test('a manifest that names a blob of another repository is refused', async () => {
      await admin.pushBlob('bob/app', '{}')
      const manifest = imageManifest(content)
      const response = await as('bob').send('PUT', '/v2/bob/app/manifests/x', {
        headers: { 'Content-Type': ociManifest },
        body: manifest,
      })
      await expectError(response, 400, 'MANIFEST_BLOB_UNKNOWN')
    })

    test('deleted here, there, or never here: each repository for itself', async () => {
      await admin.pushBlob('shared', content)
      await as('alice').send('DELETE', `/v2/alice/app/blobs/${digest}`)
      expect((await as('alice').send('HEAD', `/v2/alice/app/blobs/${digest}`)).status).toBe(404)
      const read = await as('alice').send('GET', `/v2/shared/blobs/${digest}`, {
        headers: { Range: 'bytes=0-2' },
      })
      expect([read.status, await read.text()]).toEqual([206, 'sec'])
      for (const method of ['GET', 'HEAD']) {
        const again = await as('alice').send(method, `/v2/alice/app/blobs/${digest}`)
        expect(again.status).toBe(404)
      }
    })

    test('referrers of another repository are not told', async () => {
      const subject = descriptorOf('subject', ociManifest)
      await admin.pushImage('alice/app', 'ref', { subject })
      const response = await as('bob').send('GET', `/v2/bob/app/referrers/${digestOf('subject')}`)
      expect(await response.text()).toContain('"manifests":[]')
    })

    test('a session of another repository stays closed', async () => {
      const session = await as('alice').openUpload('alice/app')
      const elsewhere = session.replace('/alice/app/', '/bob/app/')
      expect((await as('bob').send('GET', session)).status).toBe(403)
      expect((await as('bob').send('GET', elsewhere)).status).toBe(404)
      expect((await as('bob').send('DELETE', elsewhere)).status).toBe(404)
      expect((await as('alice').send('GET', session)).status).toBe(204)
    })
  })

  describe('the catalog', () => {
    async function pages(user: string, path: string): Promise<{ all: string[][]; text: string }> {
      const all: string[][] = []
      let text = ''
      for (let next: string | null = path; next !== null; ) {
        expect(all.length).toBeLessThan(50)
        const response = await as(user).send('GET', next)
        const { repositories } = (await response.json()) as { repositories: string[] }
        const link = response.headers.get('link')
        text += JSON.stringify([...response.headers, repositories])
        all.push(repositories)
        next = /^<(.*)>; rel="next"$/.exec(link ?? '')?.[1] ?? null
      }
      return { all, text }
    }

    beforeEach(async () => {
      for (let number = 0; number < 30; number += 1) await admin.pushBlob(`hidden/${number}`, '{}')
    })

    test('shows each caller what it may read', async () => {
      expect((await pages('alice', '/v2/_catalog')).all.flat()).toEqual(['alice/app', 'shared'])
      expect((await pages('bob', '/v2/_catalog')).all.flat()).toEqual(['bob/app', 'shared'])
      expect((await pages('admin', '/v2/_catalog')).all.flat().length).toBe(33)
    })

    test.each([1, 2, 1000])('in pages of n=%d, each full but the last', async (n) => {
      const { all } = await pages('alice', `/v2/_catalog?n=${n}`)
      expect(all.flat()).toEqual(['alice/app', 'shared'])
      for (const items of all.slice(0, -1)) expect(items.length).toBe(Math.min(n, 2))
    })

    test('names nothing else, not even in Link', async () => {
      for (const path of ['/v2/_catalog', '/v2/_catalog?n=1', '/v2/_catalog?n=1&last=b']) {
        expect((await pages('alice', path)).text).not.toMatch(/hidden|bob/)
      }
    })
  })

  test('answers behind access are kept by no shared cache', async () => {
    const expected = [
      ['/v2/alice/app/manifests/latest', 'private, no-cache, no-transform'],
      [`/v2/alice/app/manifests/${image}`, 'private, max-age=31536000, immutable, no-transform'],
      [`/v2/alice/app/blobs/${digest}`, 'private, max-age=31536000, immutable, no-transform'],
      ['/v2/alice/app/tags/list', 'private, no-cache'],
      [`/v2/alice/app/referrers/${image}`, 'private, no-cache'],
      ['/v2/_catalog', 'private, no-cache'],
    ] as const
    for (const [path, cacheControl] of expected) {
      for (const method of ['GET', 'HEAD']) {
        const response = await as('alice').send(method, path)
        expect([path, response.headers.get('cache-control')]).toEqual([path, cacheControl])
      }
      if (!path.includes('sha256')) continue
      const headers = { 'If-None-Match': '*' }
      const cached = await as('alice').send('GET', path, { headers })
      const is = cached.headers.get('cache-control')
      expect([cached.status, is?.startsWith('private')]).toEqual([
        path.includes('referrers') ? 200 : 304,
        true,
      ])
    }
  })

  test('sessions are counted by the name of their principal', async () => {
    const capped = await make({ access: access(), limits: { uploadSessionsPerOwner: 1 } })
    const open = async (user: string, repository: string): Promise<number> => {
      const client = clientOf(capped.registry, { Authorization: `User ${user}` })
      const opened = await client.send('POST', `/v2/${repository}/blobs/uploads/`)
      if (opened.status !== 202) return opened.status
      return (await client.send('PATCH', opened.headers.get('location') ?? '', { body: 'x' }))
        .status
    }
    expect(await open('alice', 'alice/app')).toBe(202)
    expect(await open('alice', 'alice/app')).toBe(429)
    expect(await open('bob', 'bob/app')).toBe(202)
    await capped.end()
  })
})

test.each([[], ['other'], [null], [undefined], [{ kind: 'allow' }]])(
  'an Access that answers %j gives no permission',
  async (...decisions) => {
    const [kind] = registries
    if (kind === undefined) return
    const made = await kind.make({
      access: {
        authenticate: async () => ({ id: 'x' }),
        authorize: async () => decisions as unknown as readonly Decision[],
        challenge: () => challenge,
      },
    })
    const client = clientOf(made.registry)
    await expectError(await client.send('GET', '/v2/'), 403, 'DENIED')
    await expectError(await client.send('GET', '/v2/a/tags/list'), 403, 'DENIED')
    await made.end()
  },
)

describe('an Access whose answers are no promises', () => {
  const made = (decision: Decision, isKnown = true): Registry =>
    createRegistry({
      access: {
        authenticate: () => (isKnown ? { id: 'alice' } : { rejected: true }),
        authorize: (_, asks) => asks.map(() => decision),
        challenge: () => challenge,
      },
    })

  test.each([
    ['allow', true, 200],
    ['deny', true, 403],
    ['login', true, 401],
    ['allow', false, 401],
  ] as const)('decides as others do: %s, %s: %i', async (decision, isKnown, status) => {
    const registry = made(decision, isKnown)
    const answer = await registry.fetch(new Request('http://registry.example/v2/'))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? challenge : null)
  })

  test('is a 500 where it throws', async () => {
    const registry = createRegistry({
      access: {
        authenticate: () => {
          throw new Error('broken')
        },
        authorize: () => [],
        challenge: () => challenge,
      },
    })
    const answer = await registry.fetch(new Request('http://registry.example/v2/'))
    expect(answer.status).toBe(500)
  })
})
