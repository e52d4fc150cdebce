import { createHmac } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jwtBearer, oidcLogin, signingKeys } from '../../src/access/index.ts'
import type { Registry } from '../../src/index.ts'
import { type Forgery, forgeriesOf } from './forgeries.ts'
import {
  audience,
  issuerKey,
  jobClaims,
  type LocalIssuer,
  localIssuer,
  part,
} from './local-issuer.ts'
import {
  base,
  basic,
  claimsOf,
  endpoint,
  getToken,
  postForm,
  service,
  tokenRegistry,
  withToken,
} from './token-registry.ts'

const hour = 3_600

describe('a token of another issuer', () => {
  let issuer: LocalIssuer
  let registry: Registry

  beforeAll(async () => {
    issuer = await localIssuer()
    issuer.keys.push(await issuerKey('ES256', 'ec-1'))
    registry = tokenRegistry({
      logins: [
        jwtBearer({
          name: 'idp',
          issuer: issuer.url,
          audiences: [audience],
          algorithms: ['RS256', 'ES256'],
        }),
      ],
      allows: (who) => who === 'idp:repo:acme/app:ref:refs/heads/main',
    })
  })
  afterAll(() => issuer.close())

  test('is believed when it is right', async () => {
    for (const key of issuer.keys) {
      const token = await issuer.token({}, {}, key)
      expect((await withToken(registry, token, '/v2/any/tags/list')).status).toBe(404)
    }
    const several = await issuer.token({ aud: ['other.example', audience] })
    expect((await withToken(registry, several, '/v2/')).status).toBe(200)
    expect(
      (await withToken(registry, await issuer.token({}, { typ: undefined }), '/v2/')).status,
    ).toBe(200)
  })

  const forgeries = forgeriesOf(() => issuer)

  test.each(forgeries)('%s is a 401', async (_, make, reason) => {
    const answer = await withToken(registry, await make(), '/v2/any/tags/list')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"$/)
    const body = await answer.text()
    if (typeof reason === 'string') expect(body).toContain(reason)
    else expect(body).toMatch(reason)
  })

  test.each(forgeries)('%s is a 401 as the password too', async (_, make) => {
    const token = await make()
    const byPassword = tokenRegistry({
      logins: [oidcLogin([{ name: 'idp', issuer: issuer.url, audiences: [audience] }])],
      allows: () => true,
    })
    const headers = basic('oidc', token)
    const form = { grant_type: 'password', username: 'oidc', password: token }
    for (const answer of [
      await byPassword.fetch(new Request(endpoint, { headers })),
      await postForm(byPassword, form),
      await byPassword.fetch(new Request(`${base}/v2/any/tags/list`, { headers })),
    ]) {
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] })
    }
  })

  // A short token is remembered as it is and found by its end; a long one is remembered as a hash.
  test.each([
    ['short', 0],
    ['long', 1500],
  ])('with the signature of a %s one that was just believed is a 401', async (_, length) => {
    const registry = tokenRegistry({
      logins: [jwtBearer({ name: 'idp', issuer: issuer.url, audiences: [audience] })],
      allows: (who) => who === 'idp:me',
      keepMs: 60_000,
    })
    const less = Object.fromEntries(Object.keys(jobClaims).map((name) => [name, undefined]))
    for (const key of issuer.keys) {
      const claimed = { ...less, sub: 'me', padding: 'x'.repeat(length) }
      const token = await issuer.token(claimed, {}, key)
      expect(token.length < 1000).toBe(length === 0)
      const statusOf = async (sent: string): Promise<number> =>
        (await withToken(registry, sent, '/v2/any/tags/list')).status
      expect(await statusOf(token)).toBe(404)
      const [header = '', claims = '', signature = ''] = token.split('.')
      const told = JSON.parse(Buffer.from(claims, 'base64url').toString())
      const { alg, kid } = key
      const forged = [
        [header, part({ ...told, sub: 'you' })],
        [header, part({ ...told, exp: told.exp + 60 })],
        [part({ typ: 'JWT', alg: 'none' }), claims],
        [part({ typ: 'JWT', alg: 'HS256', kid }), claims],
        [part({ typ: 'JWT', alg, kid: 'other' }), claims],
        [part({ typ: 'other', alg, kid }), claims],
      ]
      for (const parts of forged) expect(await statusOf([...parts, signature].join('.'))).toBe(401)
      const start = signature.startsWith('A') ? 'B' : 'A'
      expect(await statusOf([header, claims, `${start}${signature.slice(1)}`].join('.'))).toBe(401)
      // None of them has put the one that is right out.
      expect(await statusOf(token)).toBe(404)
    }
  })

  test('with unicode in its claims is read as it is', async () => {
    const unicode = tokenRegistry({
      logins: [jwtBearer({ name: 'idp', issuer: issuer.url, audiences: [audience] })],
      allows: (who) => who === 'idp:ünï-ƒ-😀',
    })
    const token = await issuer.token({ sub: 'ünï-ƒ-😀' })
    expect((await withToken(unicode, token, '/v2/any/tags/list')).status).toBe(404)
  })

  test('never makes the registry ask for what its header names', () => {
    expect(issuer.requests.filter((path) => !path.startsWith('/.well-known/'))).toEqual([])
  })
})

describe('a token of ours', () => {
  const ann = basic('ann', 'secret')
  const keys = signingKeys()
  const registry = tokenRegistry({ keys })

  async function signed(claims: object, header: object = {}, by = keys): Promise<string> {
    const key = await by.current()
    const now = Math.floor(Date.now() / 1000)
    const access = [{ type: 'repository', name: 'team/a', actions: ['pull'] }]
    const ctx = { login: 'users' }
    const times = { iat: now, nbf: now, exp: now + 300, jti: 'x' }
    return new SignJWT({ iss: service, aud: service, sub: 'ann', access, ctx, ...times, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'layerdock-access+jwt', kid: key.kid, ...header })
      .sign(key.privateKey)
  }

  test('is believed when it is right', async () => {
    expect((await withToken(registry, await signed({}), '/v2/team/a/tags/list')).status).toBe(404)
  })

  const forgeries: readonly Forgery[] = [
    ['of the key of another registry', () => signed({}, {}, signingKeys()), 'not known'],
    [
      'of another key under our kid',
      async () => signed({}, { kid: (await keys.current()).kid }, signingKeys()),
      'not valid',
    ],
    ['for another service', () => signed({ aud: 'other.example' }), 'not valid'],
    ['of another issuer', () => signed({ iss: 'other.example' }), 'not valid'],
    ['expired', () => signed({ exp: 1 }), 'expired'],
    [
      'with a future nbf',
      () => signed({ nbf: Math.floor(Date.now() / 1000) + hour }),
      'made by a clock that is ahead',
    ],
    ['without exp', () => signed({ exp: undefined }), 'not valid'],
    ['for the token endpoint', () => signed({ aud: `${service} (token endpoint)` }), 'not valid'],
    [
      'of the type of refresh tokens',
      () => signed({}, { typ: 'layerdock-refresh+jwt' }),
      'not valid',
    ],
    [
      'with the algorithm none',
      async () =>
        `${part({ alg: 'none', typ: 'layerdock-access+jwt' })}.${part(claimsOf(await signed({})))}.`,
      'not valid',
    ],
    [
      'with the public key as the secret of HS256',
      async () => {
        const { kid, publicKey } = await keys.current()
        const secret = Buffer.from(
          await crypto.subtle.exportKey('raw', publicKey).catch(() => new ArrayBuffer(65)),
        )
        const text = `${part({ alg: 'HS256', typ: 'layerdock-access+jwt', kid })}.${part(claimsOf(await signed({})))}`
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
      },
      'not valid',
    ],
    [
      'with an embedded jwk',
      async () => {
        const own = await issuerKey('ES256', 'mine')
        const claims = claimsOf(await signed({}))
        return new SignJWT(claims)
          .setProtectedHeader({
            alg: 'ES256',
            typ: 'layerdock-access+jwt',
            jwk: own.publicJwk as never,
          })
          .sign(own.privateKey)
      },
      'not known',
    ],
    [
      'with more access behind the signature',
      async () => {
        const [head, , signature] = (await signed({})).split('.')
        const claims = claimsOf(await signed({}))
        return [head, part({ ...claims, sub: 'root' }), signature].join('.')
      },
      'not valid',
    ],
    [
      'with a type that is written otherwise',
      () => signed({}, { typ: 'Layerdock-Access+JWT' }),
      'not valid',
    ],
  ]

  test.each(forgeries)('%s is a 401', async (_, make, reason) => {
    const answer = await withToken(registry, await make(), '/v2/team/a/tags/list')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await answer.text()).toContain(reason)
  })

  test('of a clock that was hours ahead is refused once that is put right', async () => {
    let now = Date.now() + 5 * hour * 1000
    const skewed = tokenRegistry({ clock: () => now })
    const { token } = await getToken(skewed, 'scope=repository:team/a:pull', ann)
    now -= 5 * hour * 1000
    expect((await withToken(skewed, token, '/v2/team/a/tags/list')).status).toBe(401)
  })
})
