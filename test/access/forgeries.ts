import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import { audience, type IssuerKey, issuerKey, type LocalIssuer, part } from './local-issuer.ts'
import { claimsOf } from './token-registry.ts'

/** A token, and a part of what the client is told about it. */
export type Forgery = readonly [name: string, token: () => Promise<string>, reason: string | RegExp]

const hour = 3_600

/**
 * Tokens that are not as they have to be, for an issuer with a key for RS256 (`rsa-1`) and one for ES256 (`ec-1`).
 */
export function forgeriesOf(of: () => LocalIssuer): readonly Forgery[] {
  let other: Promise<IssuerKey> | null = null
  /** A key of the attacker, under the name of one of the issuer. */
  function foreign(): Promise<IssuerKey> {
    other ??= issuerKey('RS256', 'rsa-1')
    return other
  }

  const now = (): number => Math.floor(Date.now() / 1000)

  /** A token whose text was changed behind its signature. */
  async function changed(change: (parts: [string, string, string]) => string[]): Promise<string> {
    return change((await of().token()).split('.') as [string, string, string]).join('.')
  }

  async function publicPem(): Promise<string> {
    const jwk = { ...of().keys[0]?.publicJwk, ext: true }
    return exportSPKI((await importJWK(jwk, 'RS256', { extractable: true })) as never)
  }

  function hmac(header: object, secret: string | Buffer): string {
    const claims = {
      iss: of().url,
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
    return of().token({}, { ...header, jwk: header.jwk === true ? own.publicJwk : undefined }, own)
  }

  return [
    [
      'forged: signed with another key under a known kid',
      async () => of().token({}, {}, await foreign()),
      'signature',
    ],
    [
      'forged: other claims behind the signature',
      () =>
        changed(([head, , signature]) => [
          head,
          part({ iss: of().url, aud: audience, sub: 'root', exp: now() + 300 }),
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
    ['expired', () => of().token({ exp: now() - 61 }), 'has expired'],
    [
      'expired hours ago, as of a clock that is off',
      () => of().token({ iat: now() - 9 * hour, nbf: now() - 9 * hour, exp: now() - 8 * hour }),
      /it ended at \d{4}-.*, and here it is \d{4}-/,
    ],
    ['without exp', () => of().token({ exp: undefined }), 'has no exp'],
    ['with an exp that is text', () => of().token({ exp: '9999999999' }), 'exp'],
    ['of a wrong issuer', () => of().token({ iss: 'https://evil.example' }), 'not valid'],
    ['of an issuer with a slash more', () => of().token({ iss: `${of().url}/` }), 'not valid'],
    ['without an issuer', () => of().token({ iss: undefined }), 'not valid'],
    ['with a list of issuers', () => of().token({ iss: [of().url] }), 'not valid'],
    ['for a wrong audience', () => of().token({ aud: 'other.example' }), `one for ${audience}`],
    [
      'for an audience that only begins like ours',
      () => of().token({ aud: `${audience}.evil.example` }),
      `one for ${audience}`,
    ],
    ['for no audience', () => of().token({ aud: undefined }), 'has no aud'],
    ['for an empty list of audiences', () => of().token({ aud: [] }), `one for ${audience}`],
    [
      'with the algorithm none',
      async () => `${part({ alg: 'none' })}.${part(claimsOf(await of().token()))}.`,
      'is signed with \\"none\\"',
    ],
    [
      'with the algorithm None',
      async () => `${part({ alg: 'None' })}.${part(claimsOf(await of().token()))}.`,
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
      () => of().token({}, { kid: 'rsa-1' }, of().keys[1]),
      'does not list',
    ],
    [
      'with a confused algorithm: RS256 under the kid of the EC key',
      () => of().token({}, { kid: 'ec-1' }, of().keys[0]),
      'does not list',
    ],
    [
      'with a confused algorithm: PS256 by a key for RS256',
      async () => {
        const key = await issuerKey('PS256', 'rsa-1')
        return of().token({}, {}, key)
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
    ['with a jku', () => bringing({ jku: `${of().url}/evil` }), 'does not list'],
    ['with an x5u', () => bringing({ x5u: `${of().url}/evil` }), 'does not list'],
    ['with an x5c', () => bringing({ x5c: ['MIIB'], kid: 'rsa-1' }), 'signature'],
    ['with an unknown kid', () => of().token({}, { kid: 'rsa-2' }), 'does not list'],
    [
      'with a kid that is a path',
      () => of().token({}, { kid: '../../etc/passwd' }),
      'does not list',
    ],
    ['with a kid that is no text', () => of().token({}, { kid: 1 }), 'kid'],
    ['with a future nbf', () => of().token({ nbf: now() + 120 }), 'one of the clocks is wrong'],
    [
      'with a future iat',
      () => of().token({ iat: now() + 8 * hour }),
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
        const [key] = of().keys
        const header = { alg: 'RS256', kid: 'rsa-1', crit: ['http://example.com/x'] }
        const claims = claimsOf(await of().token())
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
    ['truncated', async () => (await of().token()).slice(0, -20), /signature|not valid/],
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
    ['that is huge', () => of().token({ filler: 'x'.repeat(20_000) }), 'not valid'],
    [
      'with duplicate claims',
      async () => {
        const claims = JSON.stringify(claimsOf(await of().token()))
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
    ['without a sub', () => of().token({ sub: undefined }), 'does not name its caller'],
    ['with a sub that is a number', () => of().token({ sub: 1 }), 'does not name its caller'],
    [
      'with control characters in its sub',
      () => of().token({ sub: 'a\nb' }),
      'does not name its caller',
    ],
    [
      'with a sub that is too long',
      () => of().token({ sub: 'x'.repeat(300) }),
      'does not name its caller',
    ],
    ['of another type', () => of().token({}, { typ: 'logout+jwt' }), 'for something else'],
  ]
}
