import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  accessPolicy,
  jwtBearer,
  type Login,
  oidcLogin,
  type PolicyDocument,
  parsePolicy,
  registryAccess,
  signingKeys,
  type TrustedIssuer,
  tokenService,
  trustedIssuers,
} from '../../src/access/index.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import { audience, jobClaims, type LocalIssuer, localIssuer } from './local-issuer.ts'
import {
  base,
  basic,
  claimsOf,
  endpoint,
  getToken,
  postForm,
  service,
  type TokenBody,
  usersLogin,
  withToken,
} from './token-registry.ts'

let issuer: LocalIssuer
let now = 0
const clock = (): number => now

beforeAll(async () => {
  issuer = await localIssuer()
})
afterAll(() => issuer.close())
beforeEach(() => {
  now = Date.now()
})

function github(more: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return { name: 'github', issuer: issuer.url, audiences: [audience], ...more }
}

const document: PolicyDocument = {
  rules: [
    {
      who: { issuer: 'github', claims: { repository_owner: 'acme', ref: 'refs/heads/*' } },
      repositories: '{claim.repository:path}',
      allow: ['pull', 'push'],
    },
    { who: 'user:ann', repositories: '**', allow: ['pull', 'push', 'delete'] },
    { who: 'anonymous', repositories: 'public/**', allow: 'pull' },
  ],
}

function registryOf(
  logins: readonly Login[] = [oidcLogin([github()], { clock })],
  policy: PolicyDocument = { ...document, issuers: [{ ...named() }] },
): Registry {
  return createRegistry({
    access: registryAccess({
      logins: [...logins, usersLogin(new Map([['ann', 'secret']]))],
      policy: accessPolicy(policy),
      tokens: tokenService({ service, clock, keys: signingKeys({ clock }) }),
      clock,
      keepMs: 0,
    }),
  })
}

function named(): { name: string; issuer: string; audiences: string[] } {
  return { name: 'github', issuer: issuer.url, audiences: [audience] }
}

const scope = 'scope=repository:acme/app:pull,push&scope=repository:acme/other:pull,push'

describe('a token of a CI job as the password', () => {
  test('gets a token for what the rules of its claims allow', async () => {
    const registry = registryOf()
    const job = await issuer.token()
    for (const user of ['oidc', 'anything', 'ann']) {
      const body = await getToken(registry, scope, basic(user, job))
      expect(body.scope).toBe('repository:acme/app:pull,push')
      expect(claimsOf(body.token)).toMatchObject({ sub: `github:${jobClaims.sub}` })
      const pushed = await withToken(registry, body.token, '/v2/acme/app/blobs/uploads/', {
        method: 'POST',
      })
      expect(pushed.status).toBe(202)
      const elsewhere = await withToken(registry, body.token, '/v2/acme/other/tags/list')
      expect(elsewhere.status).toBe(403)
    }
  })

  test('works with Basic and as a bearer token too', async () => {
    const registry = registryOf()
    const job = await issuer.token()
    for (const headers of [basic('oidc', job), { Authorization: `Bearer ${job}` }]) {
      const answer = await registry.fetch(new Request(`${base}/v2/acme/app/tags/list`, { headers }))
      expect(answer.status).toBe(404)
    }
  })

  test('of another owner gets nothing, and of a fork no push', async () => {
    const registry = registryOf()
    for (const claims of [
      { repository_owner: 'evil', repository: 'evil/app' },
      { ref: 'refs/pull/7/merge' },
    ]) {
      const body = await getToken(registry, scope, basic('oidc', await issuer.token(claims)))
      expect(body.scope).toBe('')
    }
  })

  test.each([
    ['expired', { exp: 1 }, 'has expired'],
    ['for another service', { aud: 'sigstore' }, `ask github for one for ${audience}`],
    [
      'of an issuer that is not trusted',
      { iss: 'https://evil.example' },
      'does not trust the issuer',
    ],
  ])('that is %s is a 401 that says so', async (_, claims, reason) => {
    const registry = registryOf()
    const token = await issuer.token(claims)
    const answers = [
      await registry.fetch(new Request(endpoint, { headers: basic('oidc', token) })),
      await postForm(registry, { grant_type: 'password', username: 'oidc', password: token }),
      await registry.fetch(new Request(`${base}/v2/`, { headers: basic('oidc', token) })),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(401)
      expect(await answer.text()).toContain(reason)
    }
  })

  test('leaves users and their passwords alone', async () => {
    const registry = registryOf()
    const body = await getToken(registry, scope, basic('ann', 'secret'))
    expect(claimsOf(body.token).sub).toBe('ann')
    const wrong = await registry.fetch(new Request(endpoint, { headers: basic('ann', 'wrong') }))
    expect(wrong.status).toBe(401)
  })

  test('is refused where the issuer is for bearer tokens alone', async () => {
    const registry = registryOf([oidcLogin([github({ exchange: false })], { clock })])
    const token = await issuer.token()
    const answer = await registry.fetch(new Request(endpoint, { headers: basic('oidc', token) }))
    expect(answer.status).toBe(401)
    expect((await withToken(registry, token, '/v2/')).status).toBe(200)
  })

  test('is refused where its claims are not accepted', async () => {
    const isAccepted: TrustedIssuer['isAccepted'] = ({ runner_environment: runner }) =>
      runner === 'self-hosted'
    const registry = registryOf([oidcLogin([github({ isAccepted })], { clock })])
    const token = await issuer.token()
    expect((await withToken(registry, token, '/v2/')).status).toBe(401)
    const own = await issuer.token({ runner_environment: 'self-hosted' })
    expect((await withToken(registry, own, '/v2/')).status).toBe(200)
  })
})

describe('the session of a CI job', () => {
  const offline = { grant_type: 'password', username: 'oidc', access_type: 'offline' }

  test('lasts for 15 minutes, although its own token ends before', async () => {
    const registry = registryOf()
    const job = await issuer.token()
    const body = (await (
      await postForm(registry, { ...offline, password: job })
    ).json()) as TokenBody
    expect(body.expires_in).toBe(900)
    now += 10 * 60_000
    const headers = basic('oidc', job)
    expect((await registry.fetch(new Request(endpoint, { headers }))).status).toBe(401)
    expect((await withToken(registry, body.token, '/v2/')).status).toBe(200)
    const form = {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token ?? '',
      scope: 'repository:acme/app:push repository:acme/other:push',
    }
    const again = (await (await postForm(registry, form)).json()) as TokenBody
    expect(again.scope).toBe('repository:acme/app:push')
    expect(again.expires_in).toBeLessThanOrEqual(300)
    now += 6 * 60_000
    expect((await postForm(registry, form)).status).toBe(401)
    expect((await withToken(registry, body.token, '/v2/')).status).toBe(401)
  })

  test('ends when the issuer is trusted no more, or its claims are not accepted any more', async () => {
    let isTrusted = true
    const login = oidcLogin([github({ isAccepted: () => isTrusted })], { clock })
    const registry = registryOf([login])
    const password = await issuer.token()
    const body = (await (await postForm(registry, { ...offline, password })).json()) as TokenBody
    const form = { grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' }
    expect((await postForm(registry, form)).status).toBe(200)
    isTrusted = false
    expect((await postForm(registry, form)).status).toBe(401)
  })

  test('is not opened for claims that no token has space for', async () => {
    const token = await issuer.token({ filler: 'x'.repeat(6_000) })
    const answer = await registryOf().fetch(
      new Request(endpoint, { headers: basic('oidc', token) }),
    )
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('too many for a token')
  })
})

describe('claims', () => {
  test('are groups, and another name than sub, where the issuer is set so', async () => {
    const login = jwtBearer({ ...github({ user: 'actor', groups: 'roles' }), clock })
    const registry = registryOf([login], {
      issuers: [{ ...named(), user: 'actor', groups: 'roles' }],
      rules: [
        { who: 'group:release', repositories: 'a/**', allow: 'pull' },
        { who: 'user:github:ann', repositories: 'b/**', allow: 'pull' },
      ],
    })
    const token = await issuer.token({ roles: ['dev', 'release', 7] })
    expect((await withToken(registry, token, '/v2/a/x/tags/list')).status).toBe(404)
    expect((await withToken(registry, token, '/v2/b/x/tags/list')).status).toBe(404)
    expect((await withToken(registry, token, '/v2/c/x/tags/list')).status).toBe(403)
    const single = await issuer.token({ roles: 'release' })
    expect((await withToken(registry, single, '/v2/a/x/tags/list')).status).toBe(404)
    for (const roles of [undefined, {}, 'dev', ['dev']]) {
      const other = await issuer.token({ roles })
      expect((await withToken(registry, other, '/v2/a/x/tags/list')).status).toBe(403)
    }
  })

  test("of Docker's access narrow what the policy allows, where the issuer is set so", async () => {
    const registry = registryOf([jwtBearer({ ...github({ dockerAccess: true }), clock })], {
      issuers: [named()],
      rules: [
        { who: '*', repositories: 'team/**', allow: ['pull', 'push'] },
        { who: '*', allow: 'catalog' },
      ],
    })
    const access = [
      { type: 'repository', name: 'team/a', actions: ['pull'] },
      { type: 'repository', name: 'other/a', actions: ['*'] },
      { type: 'repository', name: '**', actions: ['*'] },
      { type: 'repository(plugin)', name: 'team/plugin', actions: ['push', 'pull'] },
      null,
      { type: 'repository', name: 'team/b' },
    ]
    const token = await issuer.token({ access })
    const upload = { method: 'POST' }
    const status = async (path: string, init: RequestInit = {}): Promise<number> =>
      (await withToken(registry, token, path, init)).status
    expect(await status('/v2/team/a/tags/list')).toBe(404)
    expect(await status('/v2/team/a/blobs/uploads/', upload)).toBe(403)
    expect(await status('/v2/team/plugin/blobs/uploads/', upload)).toBe(202)
    expect(await status('/v2/other/a/tags/list')).toBe(403)
    expect(await status('/v2/team/b/tags/list')).toBe(403)
    expect(await status('/v2/team/c/tags/list')).toBe(403)
    expect(await status('/v2/_catalog')).toBe(403)
    const listing = await issuer.token({
      access: [...access, { type: 'registry', name: 'catalog', actions: ['*'] }],
    })
    const answer = await withToken(registry, listing, '/v2/_catalog')
    expect(await answer.json()).toEqual({ repositories: [] })
    const nothing = await issuer.token()
    expect((await withToken(registry, nothing, '/v2/team/a/tags/list')).status).toBe(403)
  })
})

describe('a secret that an issuer shares with the registry', () => {
  const secret = new TextEncoder().encode('0123456789abcdef0123456789abcdef')

  test('verifies tokens of the algorithms that are named', async () => {
    const { SignJWT } = await import('jose')
    const registry = registryOf([
      jwtBearer({ ...github({ keys: { secret }, algorithms: ['HS256'] }), clock }),
    ])
    const signed = (alg: string, by: Uint8Array): Promise<string> =>
      new SignJWT({ iss: issuer.url, aud: audience, sub: 'x', exp: Math.floor(now / 1000) + 60 })
        .setProtectedHeader({ alg })
        .sign(by)
    expect((await withToken(registry, await signed('HS256', secret), '/v2/')).status).toBe(200)
    const long = new Uint8Array(64)
    for (const token of [
      await signed('HS256', long),
      await signed('HS512', long),
      await issuer.token(),
    ]) {
      expect((await withToken(registry, token, '/v2/')).status).toBe(401)
    }
  })

  test.each([
    [{ keys: { secret } }, 'algorithms have to be named'],
    [{ keys: { secret }, algorithms: ['RS256'] }, 'may not have RS256'],
    [{ keys: { secret: secret.slice(1) }, algorithms: ['HS256'] }, 'short secret'],
    [{ algorithms: ['HS256'] }, 'may not have HS256'],
    [{ algorithms: ['none'] }, 'may not have none'],
    [{ algorithms: [] }, 'algorithms have to be named'],
    [{ name: 'a:b' }, 'name'],
    [{ audiences: [] }, 'audiences have to be named'],
    [{ issuer: 'http://issuer.example' }, 'is not https'],
    [{ issuer: 'issuer' }, 'is not a URL'],
    [{ keys: { url: 'ftp://issuer.example/keys' } }, 'is not https'],
    [{ keys: { url: 'https://user:word@issuer.example/keys' } }, 'no credentials'],
    [{ clockSkewSeconds: 3_600 }, 'clockSkewSeconds'],
    [{ sessionMs: 0 }, 'sessionMs'],
  ])('and other settings that open a door are an error: %j', (more, message) => {
    expect(() => oidcLogin([github(more as Partial<TrustedIssuer>)])).toThrow(message)
  })

  test('two issuers of one address are an error', () => {
    expect(() => oidcLogin([github(), github({ name: 'other' })])).toThrow('another one')
  })
})

describe('a token for a repository with rules for tags', () => {
  test('has what is allowed for some tag, and each tag is asked about when it is used', async () => {
    const registry = registryOf([], {
      rules: [
        { who: 'user:ann', repositories: 'app', deny: 'delete', tags: 'v*' },
        { who: 'user:ann', repositories: 'app', allow: ['push', 'delete'], tags: ['v*', 'dev-*'] },
        { who: 'user:ann', repositories: 'app', allow: 'pull' },
      ],
      immutable: [{ repositories: 'app', tags: 'semver' }],
    })
    const query = 'scope=repository:app:pull,push,delete'
    const { token, scope } = await getToken(registry, query, basic('ann', 'secret'))
    expect(scope).toBe('repository:app:pull,push,delete')
    const status = async (tag: string): Promise<number> =>
      (await withToken(registry, token, `/v2/app/manifests/${tag}`, { method: 'DELETE' })).status
    expect(await status('dev-1')).toBe(404)
    expect(await status('v1')).toBe(403)
    expect(await status('latest')).toBe(403)
  })
})

describe('the issuers of a policy', () => {
  const policyText = (issuers: readonly object[]): string =>
    JSON.stringify({
      issuers,
      rules: [{ who: { issuer: 'github' }, repositories: '**', allow: 'pull' }],
    })

  async function loginOf(more: object, file = ''): Promise<Login> {
    const { policy, problems } = parsePolicy(policyText([{ ...named(), ...more }]))
    expect(problems).toEqual([])
    return oidcLogin(await trustedIssuers(policy?.issuers ?? [], async () => file), { clock })
  }

  test('are trusted as they are written', async () => {
    const jwks = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) })
    for (const keys of [
      {},
      { keys: { url: `${issuer.url}/keys` } },
      { keys: { file: 'k.json' } },
    ]) {
      const registry = registryOf([await loginOf({ ...keys, claims: { actor: 'a*' } }, jwks)])
      expect((await withToken(registry, await issuer.token(), '/v2/')).status).toBe(200)
      const other = await issuer.token({ actor: 'bob' })
      expect((await withToken(registry, other, '/v2/')).status).toBe(401)
    }
    const later = JSON.stringify({
      keys: [null, 'key', { kty: 'later' }, ...JSON.parse(jwks).keys],
    })
    const more = registryOf([await loginOf({ keys: { file: 'k.json' } }, later)])
    expect((await withToken(more, await issuer.token(), '/v2/')).status).toBe(200)
    const brief = registryOf([await loginOf({ sessionSeconds: 120 })])
    expect((await getToken(brief, '', basic('oidc', await issuer.token()))).expires_in).toBe(120)
  })

  test.each([
    '',
    '{}',
    '[]',
    '{"keys":[{"kty":"EC","d":"AA"}]}',
    '{"keys":[]}',
    '{"keys":[null, "key", {"kty":"EC","crv":"P-256","x":"zz","y":"zz"}]}',
    '{"keys":[{"kty":"later","alg":"later"}]}',
  ])('with the file %j of keys are an error that names it', async (text) => {
    await expect(loginOf({ keys: { file: 'k.json' } }, text)).rejects.toThrow(
      /issuer github: k\.json: .*has to be a JWKS/,
    )
  })
})
