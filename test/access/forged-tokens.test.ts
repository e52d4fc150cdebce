import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jwtBearer, oidcLogin, signingKeys } from '../../src/access/index.ts'
import type { Registry } from '../../src/index.ts'
import {
  audience,
  type IssuerKey,
  issuerKey,
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

/** A token, and a part of what the client is told about it. */
type Forgery = readonly [name: string, token: () => Promise<string>, reason: string | RegExp]

const hour = 3_600

describe('a token of another issuer', () => {
  let issuer: LocalIssuer
  let registry: Registry
  let foreign: IssuerKey

  beforeAll(async () => {
    issuer = await localIssuer()
    issuer.keys.push(await issuerKey('ES256', 'ec-1'))
    foreign = await issuerKey('RS256', 'rsa-1')
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

  const now = (): number => Math.floor(Date.now() / 1000)

  /** A token whose text was changed behind its signature. */
  async function changed(change: (parts: [string, string, string]) => string[]): Promise<string> {
    return change((await issuer.token()).split('.') as [string, string, string]).join('.')
  }

  async function publicPem(): Promise<string> {
    const jwk = { ...issuer.keys[0]?.publicJwk, ext: true }
    return exportSPKI((await importJWK(jwk, 'RS256', { extractable: true })) as never)
  }

  function hmac(header: object, secret: string | Buffer): string {
    const claims = {
      iss: issuer.url,
      aud: audience,
      sub: 'repo:acme/app:ref:refs/heads/main',
      exp: now() + 300,
    }
    const text = `${part(header)}.${part(claims)}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }

  /** A token with a key of the attacker in its header. */
  async function bringing(header: Record<string, unknown>): Promise<string> {
    const own = await issuerKey('RS256', 'mine')
    return issuer.token(
      {},
      { ...header, jwk: header.jwk === true ? own.publicJwk : undefined },
      own,
    )
  }

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

  const forgeries: readonly Forgery[] = [
    [
      'forged: signed with another key under a known kid',
      () => issuer.token({}, {}, foreign),
      'signature',
    ],
    [
      'forged: other claims behind the signature',
      () =>
        changed(([head, , signature]) => [
          head,
          part({ iss: issuer.url, aud: audience, sub: 'root', exp: now() + 300 }),
          signature,
        ]),
      'signature',
    ],
    [
      'forged: a signature that is empty',
      () => changed(([head, body]) => [head, body, '']),
      /signature|not valid/,
    ],
    [
      'forged: a bit of the signature flipped',
      () =>
        changed(([head, body, signature]) => [
          head,
          body,
          `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`,
        ]),
      'signature',
    ],
    ['expired', () => issuer.token({ exp: now() - 61 }), 'has expired'],
    [
      'expired hours ago, as of a clock that is off',
      () => issuer.token({ iat: now() - 9 * hour, nbf: now() - 9 * hour, exp: now() - 8 * hour }),
      /it ended at \d{4}-.*, and here it is \d{4}-/,
    ],
    ['without exp', () => issuer.token({ exp: undefined }), 'has no exp'],
    ['with an exp that is text', () => issuer.token({ exp: '9999999999' }), 'exp'],
    ['of a wrong issuer', () => issuer.token({ iss: 'https://evil.example' }), 'not valid'],
    ['of an issuer with a slash more', () => issuer.token({ iss: `${issuer.url}/` }), 'not valid'],
    ['without an issuer', () => issuer.token({ iss: undefined }), 'not valid'],
    ['with a list of issuers', () => issuer.token({ iss: [issuer.url] }), 'not valid'],
    ['for a wrong audience', () => issuer.token({ aud: 'other.example' }), `one for ${audience}`],
    [
      'for an audience that only begins like ours',
      () => issuer.token({ aud: `${audience}.evil.example` }),
      `one for ${audience}`,
    ],
    ['for no audience', () => issuer.token({ aud: undefined }), 'has no aud'],
    ['for an empty list of audiences', () => issuer.token({ aud: [] }), `one for ${audience}`],
    [
      'with the algorithm none',
      async () => `${part({ alg: 'none' })}.${part(claimsOf(await issuer.token()))}.`,
      'is signed with \\"none\\"',
    ],
    [
      'with the algorithm None',
      async () => `${part({ alg: 'None' })}.${part(claimsOf(await issuer.token()))}.`,
      'is signed with',
    ],
    [
      'with the algorithm none and a signature',
      () => changed(([, body, signature]) => [part({ alg: 'none', typ: 'JWT' }), body, signature]),
      'is signed with',
    ],
    [
      'with a confused algorithm: the RSA key as the secret of HS256',
      async () => hmac({ alg: 'HS256', kid: 'rsa-1' }, await publicPem()),
      'is signed with \\"HS256\\"',
    ],
    [
      'with a confused algorithm: HS256 with an empty secret',
      async () => hmac({ alg: 'HS256' }, ''),
      'is signed with',
    ],
    [
      'with a confused algorithm: ES256 under the kid of the RSA key',
      () => issuer.token({}, { kid: 'rsa-1' }, issuer.keys[1]),
      'does not list',
    ],
    [
      'with a confused algorithm: RS256 under the kid of the EC key',
      () => issuer.token({}, { kid: 'ec-1' }, issuer.keys[0]),
      'does not list',
    ],
    [
      'with a confused algorithm: PS256 by a key for RS256',
      async () => {
        const key = await issuerKey('PS256', 'rsa-1')
        return issuer.token({}, {}, key)
      },
      'is signed with',
    ],
    [
      'without an algorithm',
      () => changed(([, body, signature]) => [part({ typ: 'JWT' }), body, signature]),
      'is signed with null',
    ],
    ['with an embedded jwk', () => bringing({ jwk: true }), 'does not list'],
    [
      'with an embedded jwk under a known kid',
      () => bringing({ jwk: true, kid: 'rsa-1' }),
      'signature',
    ],
    ['with a jku', () => bringing({ jku: `${issuer.url}/evil` }), 'does not list'],
    ['with an x5u', () => bringing({ x5u: `${issuer.url}/evil` }), 'does not list'],
    ['with an x5c', () => bringing({ x5c: ['MIIB'], kid: 'rsa-1' }), 'signature'],
    ['with an unknown kid', () => issuer.token({}, { kid: 'rsa-2' }), 'does not list'],
    [
      'with a kid that is a path',
      () => issuer.token({}, { kid: '../../etc/passwd' }),
      'does not list',
    ],
    ['with a kid that is no text', () => issuer.token({}, { kid: 1 }), 'kid'],
    ['with a future nbf', () => issuer.token({ nbf: now() + 120 }), 'one of the clocks is wrong'],
    [
      'with a future iat',
      () => issuer.token({ iat: now() + 8 * hour }),
      'one of the clocks is wrong',
    ],
    [
      'with crit',
      () =>
        changed(([, body, signature]) => [
          part({ alg: 'RS256', kid: 'rsa-1', crit: ['exp'], exp: 1 }),
          body,
          signature,
        ]),
      'not valid',
    ],
    [
      'signed with a crit that is not known',
      async () => {
        const [key] = issuer.keys
        const header = { alg: 'RS256', kid: 'rsa-1', crit: ['http://example.com/x'] }
        const claims = claimsOf(await issuer.token())
        return new SignJWT(claims)
          .setProtectedHeader({ ...header, 'http://example.com/x': true })
          .sign(key?.privateKey as never, { crit: { 'http://example.com/x': true } })
      },
      'not valid',
    ],
    [
      'with crit and b64',
      () =>
        changed(([, body, signature]) => [
          part({ alg: 'RS256', kid: 'rsa-1', crit: ['b64'], b64: false }),
          body,
          signature,
        ]),
      'signature',
    ],
    ['truncated', async () => (await issuer.token()).slice(0, -20), /signature|not valid/],
    [
      'truncated in its claims',
      () => changed(([head, body, signature]) => [head, body.slice(0, -7), signature]),
      'not valid',
    ],
    ['of two parts', () => changed(([head, body]) => [head, body]), 'not valid'],
    ['of four parts', () => changed((parts) => [...parts, 'AA']), 'not valid'],
    [
      'of five parts, as if encrypted',
      () => changed((parts) => [...parts, 'AA', 'AA']),
      'not valid',
    ],
    ['of dots alone', async () => '..', 'not valid'],
    [
      'of an empty header',
      () => changed(([, body, signature]) => ['', body, signature]),
      'not valid',
    ],
    [
      'whose header is a list',
      () => changed(([, body, signature]) => [part([]), body, signature]),
      'not valid',
    ],
    [
      'whose claims are text',
      () => changed(([head, , signature]) => [head, part('"a"'), signature]),
      'not valid',
    ],
    [
      'whose claims are no JSON',
      () => changed(([head, , signature]) => [head, part('{'), signature]),
      'not valid',
    ],
    [
      'whose claims are no UTF-8',
      () =>
        changed(([head, , signature]) => [
          head,
          Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url'),
          signature,
        ]),
      'not valid',
    ],
    ['that is huge', () => issuer.token({ filler: 'x'.repeat(20_000) }), 'not valid'],
    [
      'with duplicate claims',
      async () => {
        const claims = JSON.stringify(claimsOf(await issuer.token()))
        return changed(([head, , signature]) => [
          head,
          part(claims.replace('{', '{"sub":"root",')),
          signature,
        ])
      },
      'not valid',
    ],
    [
      'with duplicate headers',
      () =>
        changed(([, body, signature]) => [
          part('{"alg":"none","alg":"RS256","kid":"rsa-1"}'),
          body,
          signature,
        ]),
      'not valid',
    ],
    ['without a sub', () => issuer.token({ sub: undefined }), 'does not name its caller'],
    ['with a sub that is a number', () => issuer.token({ sub: 1 }), 'does not name its caller'],
    [
      'with control characters in its sub',
      () => issuer.token({ sub: 'a\nb' }),
      'does not name its caller',
    ],
    [
      'with a sub that is too long',
      () => issuer.token({ sub: 'x'.repeat(300) }),
      'does not name its caller',
    ],
    ['of another type', () => issuer.token({}, { typ: 'logout+jwt' }), 'for something else'],
  ]

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
