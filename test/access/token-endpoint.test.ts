import { describe, expect, test } from 'vitest'
import { registryAccess, tokenService } from '../../src/access/index.ts'
import { createRegistry, type RequestReport } from '../../src/index.ts'
import {
  base,
  basic,
  claimsOf,
  endpoint,
  getToken,
  policyOf,
  postForm,
  service,
  type TokenBody,
  tokenRegistry,
  usersLogin,
  withToken,
} from './token-registry.ts'

const ann = basic('ann', 'secret')
const bob = basic('bob', 'word')
const password = { grant_type: 'password', username: 'ann', password: 'secret', service }

describe('a GET of the token endpoint', () => {
  test('gives a token for what was asked and is allowed', async () => {
    const now = Date.parse('2026-11-27T10:00:00.500Z')
    const registry = tokenRegistry({ clock: () => now })
    const body = await getToken(
      registry,
      `service=${service}&scope=repository:team/app:pull,push`,
      ann,
    )
    expect(body.access_token).toBe(body.token)
    expect(body).toMatchObject({ expires_in: 300, issued_at: '2026-11-27T10:00:00.500Z' })
    expect(body.refresh_token).toBeUndefined()
    expect(claimsOf(body.token)).toMatchObject({
      iss: service,
      aud: service,
      sub: 'ann',
      exp: Math.floor(now / 1000) + 300,
      access: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }],
    })
    expect((await withToken(registry, body.token, '/v2/')).status).toBe(200)
    expect((await withToken(registry, body.token, '/v2/team/app/tags/list')).status).toBe(404)
  })

  test.each([
    ['scope=repository:team/app:pull,push', 'repository:team/app:pull'],
    ['scope=repository:team/app:*', 'repository:team/app:pull'],
    ['scope=repository:other/app:pull', ''],
    ['scope=registry:catalog:*', ''],
    ['scope=', ''],
    ['account=bob&client_id=docker', ''],
  ])('grants what Bob may do of %s', async (query, scope) => {
    expect((await getToken(tokenRegistry(), query, bob)).scope).toBe(scope)
  })

  test.each([
    [
      'scope=repository:team/a:pull&scope=repository:team/b:push,pull',
      'repository:team/a:pull repository:team/b:pull,push',
    ],
    [
      'scope=repository:team/a:pull%20repository:team/b:pull',
      'repository:team/a:pull repository:team/b:pull',
    ],
    ['scope=repository:team/a:pull+repository:team/a:push', 'repository:team/a:pull,push'],
    ['scope=repository(plugin):team/a:pull', 'repository:team/a:pull'],
    ['scope=repository:team/a:delete', 'repository:team/a:delete'],
    ['scope=repository:team/a:*', 'repository:team/a:pull,push,delete'],
    ['scope=registry:catalog:*', 'registry:catalog:*'],
    ['scope=repository:host:5000/team/a:pull', ''],
    ['scope=repository:team/a', ''],
    ['scope=repository:team/a:', ''],
    ['scope=repository:TEAM/a:pull', ''],
    ['scope=repository:../team/a:pull', ''],
    ['scope=unknown:team/a:pull+repository:team/a:fly,pull', 'repository:team/a:pull'],
    ['scope=:::&scope=%00&scope=repository::pull', ''],
  ])('grants what Ann may do of %s', async (query, scope) => {
    expect((await getToken(tokenRegistry(), query, ann)).scope).toBe(scope)
  })

  test('looks at a hundred scopes, and grants as many as the token has space for', async () => {
    const registry = tokenRegistry()
    const many = Array.from({ length: 500 }, (_, index) => `scope=repository:team/a${index}:pull`)
    const body = await getToken(registry, many.join('&'), ann)
    expect(body.scope.split(' ')).toHaveLength(100)
    for (const length of [2, 20, 100, 240]) {
      const names = Array.from({ length: 120 }, (_, index) => `team/${'x'.repeat(length)}${index}`)
      const scopes = names.map((name) => `repository:${name}:pull,push,delete`)
      const answer = await postForm(registry, { ...password, scope: scopes.join(' ') })
      const { token, scope } = (await answer.json()) as TokenBody
      expect(scope.split(' ').length).toBeGreaterThan(20)
      expect(token.length).toBeLessThan(13 * 1024)
      const last = scope.split(' ').at(-1)?.split(':')[1] ?? ''
      expect((await withToken(registry, token, `/v2/${last}/tags/list`)).status).toBe(404)
    }
  })

  test('gives an anonymous token for what anonymous callers may do', async () => {
    const registry = tokenRegistry()
    const query = 'scope=repository:public/app:pull,push&scope=repository:team/app:pull'
    const { token, scope } = await getToken(registry, `${query}&offline_token=true`)
    expect(scope).toBe('repository:public/app:pull')
    expect(claimsOf(token).sub).toBeUndefined()
    expect((await withToken(registry, token, '/v2/')).status).toBe(200)
    expect((await withToken(registry, token, '/v2/public/app/tags/list')).status).toBe(404)
    expect((await withToken(registry, token, '/v2/team/app/tags/list')).status).toBe(401)
  })

  test.each([
    ['a wrong password', basic('ann', 'wrong')],
    ['an unknown user', basic('eve', 'secret')],
    ['a header that cannot be read', { Authorization: 'Basic !' }],
    ['a bearer token', { Authorization: 'Bearer abc' }],
  ])('refuses %s with a challenge', async (_, headers) => {
    const reports: RequestReport[] = []
    const answer = await tokenRegistry({ observe: (report) => reports.push(report) }).fetch(
      new Request(endpoint, { headers }),
    )
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe(`Basic realm="${service}"`)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] })
    expect(reports).toMatchObject([{ errorCode: 'UNAUTHORIZED', principal: null }])
  })

  test('is for this registry alone', async () => {
    const answer = await tokenRegistry().fetch(
      new Request(`${endpoint}?service=other.example`, { headers: ann }),
    )
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain(`this is the token endpoint of ${service}`)
  })

  test('answers HEAD without a body', async () => {
    const answer = await tokenRegistry().fetch(new Request(endpoint, { method: 'HEAD' }))
    expect(answer.status).toBe(200)
    expect(answer.body).toBeNull()
  })

  test('is not kept by caches', async () => {
    const answer = await tokenRegistry().fetch(new Request(endpoint))
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('a POST of the token endpoint', () => {
  test.each([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-8',
    'application/x-www-form-urlencoded;charset=UTF-8',
    'Application/X-WWW-Form-URLEncoded; charset="utf-8"',
  ])('takes a form of type %s', async (type) => {
    const answer = await tokenRegistry().fetch(
      new Request(endpoint, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: `${new URLSearchParams({ ...password, scope: 'repository:team/app:pull,push,delete repository:other/app:pull' })}`,
      }),
    )
    expect(answer.status).toBe(200)
    const body = (await answer.json()) as TokenBody
    expect(body.scope).toBe('repository:team/app:pull,push,delete')
    expect(body.refresh_token).toBeUndefined()
  })

  test.each([
    [{ ...password, password: 'wrong' }, 401, 'invalid_grant'],
    [{ grant_type: 'refresh_token', refresh_token: 'abc' }, 401, 'invalid_grant'],
    [{ grant_type: 'refresh_token' }, 400, 'invalid_request'],
    [{ grant_type: 'password', username: 'ann' }, 400, 'invalid_request'],
    [{ username: 'ann', password: 'secret' }, 400, 'invalid_request'],
    [{ grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
    [{ ...password, service: 'other.example' }, 400, 'invalid_request'],
  ])('refuses %j with %i %s', async (form, status, error) => {
    const answer = await postForm(tokenRegistry(), form as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ error, errors: [{}] })
  })

  test('refuses a form of more than 64 KiB', async () => {
    const answer = await postForm(tokenRegistry(), { ...password, client_id: 'x'.repeat(70_000) })
    expect(answer.status).toBe(413)
    expect(await answer.text()).toContain('the form is larger than this registry takes')
  })

  test('refuses a form whose user is there twice', async () => {
    const body = 'grant_type=password&username=ann&username=bob&password=secret'
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const answer = await tokenRegistry().fetch(
      new Request(endpoint, { method: 'POST', headers, body }),
    )
    expect(answer.status).toBe(400)
  })

  test('refuses a body that is not a form', async () => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded; charset=utf-16']) {
      const answer = await tokenRegistry().fetch(
        new Request(endpoint, { method: 'POST', headers: { 'Content-Type': type }, body: '{}' }),
      )
      expect(answer.status).toBe(415)
    }
  })

  test('reads no more of a body without a length than it may have', async () => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1
        controller.enqueue(new Uint8Array(16 * 1024))
      },
    })
    const answer = await tokenRegistry().fetch(
      new Request(endpoint, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body,
        duplex: 'half',
      } as RequestInit),
    )
    expect(answer.status).toBe(413)
    expect(sent).toBeLessThan(10)
  })
})

describe('a refresh token', () => {
  const offline = { ...password, access_type: 'offline' }

  async function refreshToken(registry = tokenRegistry()): Promise<string> {
    const body = (await (await postForm(registry, offline)).json()) as TokenBody
    return body.refresh_token ?? ''
  }

  test('is given by GET and POST when it is asked for, and gets other access tokens', async () => {
    const registry = tokenRegistry()
    const byGet = (await getToken(registry, 'offline_token=true', ann)).refresh_token ?? ''
    for (const refresh_token of [byGet, await refreshToken(registry)]) {
      const form = { grant_type: 'refresh_token', refresh_token, service }
      const answer = await postForm(registry, { ...form, scope: 'repository:team/app:push' })
      expect(answer.status).toBe(200)
      const body = (await answer.json()) as TokenBody
      expect(body.scope).toBe('repository:team/app:push')
      expect(body.refresh_token).toBeUndefined()
      expect(claimsOf(body.token).sub).toBe('ann')
      const again = await postForm(registry, { ...form, access_type: 'offline' })
      expect(((await again.json()) as TokenBody).refresh_token).toBe(refresh_token)
    }
  })

  test('ends when the password changes, or the user is gone', async () => {
    const users = new Map([['ann', 'secret']])
    const registry = tokenRegistry({ users })
    const form = { grant_type: 'refresh_token', refresh_token: await refreshToken(registry) }
    users.set('ann', 'changed')
    expect((await postForm(registry, form)).status).toBe(401)
    users.set('ann', 'secret')
    expect((await postForm(registry, form)).status).toBe(200)
    users.delete('ann')
    const answer = await postForm(registry, form)
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain('log in again')
  })

  test('ends after 30 days', async () => {
    let now = Date.now()
    const registry = tokenRegistry({ clock: () => now })
    const form = { grant_type: 'refresh_token', refresh_token: await refreshToken(registry) }
    now += 29 * 86_400_000
    expect((await postForm(registry, form)).status).toBe(200)
    now += 2 * 86_400_000
    expect((await postForm(registry, form)).status).toBe(401)
  })

  test('is not given by default where the keys end with the process', async () => {
    const access = registryAccess({
      logins: [usersLogin(new Map([['ann', 'secret']]))],
      policy: policyOf(() => true),
      tokens: tokenService({ service }),
    })
    const registry = createRegistry({ access })
    expect((await getToken(registry, 'offline_token=true', ann)).refresh_token).toBeUndefined()
  })

  test('is not given to anonymous callers, nor by a login without stamps', async () => {
    expect((await getToken(tokenRegistry(), 'offline_token=true')).refresh_token).toBeUndefined()
    const { password: check } = usersLogin(new Map([['ann', 'secret']]))
    const unstamped = tokenRegistry({
      logins: [
        {
          name: 'users',
          async password(user, word, request) {
            const found = await check?.(user, word, request)
            return found != null && 'principal' in found ? { principal: found.principal } : null
          },
        },
      ],
    })
    expect((await getToken(unstamped, 'offline_token=true', ann)).refresh_token).toBeUndefined()
  })

  test('is no access token, and an access token no refresh token', async () => {
    const registry = tokenRegistry()
    const refresh = await refreshToken(registry)
    expect((await withToken(registry, refresh, '/v2/')).status).toBe(401)
    const { token } = await getToken(registry, '', ann)
    const form = { grant_type: 'refresh_token', refresh_token: token }
    const answer = await postForm(registry, form)
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain('not a refresh token')
  })
})

describe('an access token', () => {
  test('for one repository used on another is a 401 with the scope of the other', async () => {
    const registry = tokenRegistry()
    const { token } = await getToken(registry, 'scope=repository:team/a:pull', ann)
    const answer = await withToken(registry, token, '/v2/team/b/tags/list')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${endpoint}",service="${service}",scope="repository:team/b:pull",error="insufficient_scope"`,
    )
  })

  test('is a 403 where the policy refuses, since another token would not help', async () => {
    const registry = tokenRegistry()
    const { token } = await getToken(registry, 'scope=repository:team/a:pull,push', bob)
    const init = { method: 'POST' }
    const answer = await withToken(registry, token, '/v2/team/a/blobs/uploads/', init)
    expect(answer.status).toBe(403)
  })

  test('stops working when the policy changes', async () => {
    let isOpen = true
    const registry = tokenRegistry({ allows: () => isOpen })
    const { token } = await getToken(registry, 'scope=repository:team/a:pull', ann)
    expect((await withToken(registry, token, '/v2/team/a/tags/list')).status).toBe(404)
    isOpen = false
    expect((await withToken(registry, token, '/v2/team/a/tags/list')).status).toBe(403)
  })

  test.each([
    ['the password changes', (users: Map<string, string>) => users.set('ann', 'changed')],
    ['the user is gone', (users: Map<string, string>) => users.delete('ann')],
  ])('ends when %s', async (_, change) => {
    const users = new Map([['ann', 'secret']])
    const registry = tokenRegistry({ users })
    const { token } = await getToken(registry, 'scope=repository:team/a:pull', ann)
    const use = (): Promise<Response> => withToken(registry, token, '/v2/team/a/tags/list')
    expect((await use()).status).toBe(404)
    change(users)
    const answer = await use()
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain('the login behind the token is over')
  })

  test('that has expired says so in the challenge, so that clients get another', async () => {
    let now = Date.now()
    const registry = tokenRegistry({ clock: () => now })
    const { token } = await getToken(registry, 'scope=repository:team/a:pull', ann)
    now += 301_000
    const answer = await withToken(registry, token, '/v2/team/a/tags/list')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await answer.text()).toContain('expired')
  })

  test('for the catalog lists what its bearer may pull', async () => {
    const hidden = new Set<string>()
    const registry = tokenRegistry({ allows: (_, { repository }) => !hidden.has(repository ?? '') })
    for (const name of ['a', 'b', 'c']) {
      const path = `/v2/${name}/blobs/uploads/?digest=${emptyDigest}`
      await registry.fetch(new Request(base + path, { method: 'POST', headers: ann }))
    }
    hidden.add('b')
    const { token } = await getToken(registry, 'scope=registry:catalog:*', ann)
    const answer = await withToken(registry, token, '/v2/_catalog')
    expect(await answer.json()).toEqual({ repositories: ['a', 'c'] })
    const { token: other } = await getToken(registry, 'scope=repository:a:pull', ann)
    const refused = await withToken(registry, other, '/v2/_catalog')
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('scope="registry:catalog:*"')
  })
})

test('the catalog asks every caller for a token, since it has more for those with a name', async () => {
  const registry = tokenRegistry({
    allows: (who, { repository }) => who === 'ann' || repository !== 'own',
  })
  for (const name of ['own', 'shared']) {
    const path = `/v2/${name}/blobs/uploads/?digest=${emptyDigest}`
    await registry.fetch(new Request(base + path, { method: 'POST', headers: ann }))
  }
  const unasked = await registry.fetch(new Request(`${base}/v2/_catalog`))
  expect(unasked.status).toBe(401)
  expect(unasked.headers.get('www-authenticate')).toContain('scope="registry:catalog:*"')
  const listed = async (headers: Record<string, string>): Promise<unknown> => {
    const { token } = await getToken(registry, 'scope=registry:catalog:*', headers)
    return (await withToken(registry, token, '/v2/_catalog')).json()
  }
  expect(await listed({})).toEqual({ repositories: ['shared'] })
  expect(await listed(ann)).toEqual({ repositories: ['own', 'shared'] })
})

const emptyDigest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
