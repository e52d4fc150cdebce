import type { IncomingHttpHeaders } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { oidcLogin, type TrustedIssuer } from '../../src/access/index.ts'
import type { Registry } from '../../src/index.ts'
import { audience, issuerKey, type LocalIssuer, localIssuer, part } from './local-issuer.ts'
import { basic, endpoint, tokenRegistry, usersLogin, withToken } from './token-registry.ts'

let issuer: LocalIssuer
let other: LocalIssuer
let now = 0
let problems: string[] = []
const clock = (): number => now

beforeAll(async () => {
  issuer = await localIssuer()
  other = await localIssuer()
})
afterAll(() => Promise.all([issuer.close(), other.close()]))
beforeEach(() => {
  now = Date.now()
  problems = []
})
afterEach(() => {
  issuer.instead = () => false
  issuer.requests.length = 0
  issuer.keys.length = 1
})

function github(more: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return {
    name: 'github',
    issuer: issuer.url,
    audiences: [audience],
    clockSkewSeconds: 600,
    ...more,
  }
}

function registryOf(...issuers: TrustedIssuer[]): Registry {
  const login = oidcLogin(issuers.length === 0 ? [github()] : issuers, {
    clock,
    onProblem: (message) => problems.push(message),
  })
  return tokenRegistry({
    logins: [login, usersLogin(new Map([['ann', 'secret']]))],
    allows: () => true,
    clock,
  })
}

async function statusOf(registry: Registry, token: string): Promise<number> {
  return (await withToken(registry, token, '/v2/')).status
}

/** A token for as long as a test moves the clock. */
function lasting(header: Record<string, unknown> = {}): Promise<string> {
  return issuer.token({ exp: Math.floor(now / 1000) + 86_400 }, header)
}

describe('the keys of an issuer', () => {
  test('are fetched once for many requests at once', async () => {
    const registry = registryOf()
    const tokens = await Promise.all(Array.from({ length: 20 }, () => lasting()))
    const statuses = await Promise.all(tokens.map((token) => statusOf(registry, token)))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/.well-known/jwks'])
  })

  test('that cannot be used are as good as none', async () => {
    const broken = { kty: 'EC', crv: 'P-256', x: 'zz', y: 'zz', kid: 'broken' }
    const jwks = JSON.stringify({ keys: [null, 'key', broken, issuer.keys[0]?.publicJwk] })
    issuer.instead = (request, response) => {
      if (request.url !== '/.well-known/jwks') return false
      response.end(jwks)
      return true
    }
    const registry = registryOf()
    expect(await statusOf(registry, await lasting())).toBe(200)
    const [, ...claims] = (await lasting()).split('.')
    const forged = [part({ alg: 'ES256', kid: 'broken' }), ...claims].join('.')
    expect(await statusOf(registry, forged)).toBe(401)
    expect(problems).toEqual([])
  })

  test('are not fetched for each token with an unknown kid', async () => {
    const registry = registryOf()
    expect(await statusOf(registry, await lasting())).toBe(200)
    issuer.requests.length = 0
    for (let index = 0; index < 10; index += 1) {
      expect(await statusOf(registry, await lasting({ kid: `k${index}` }))).toBe(401)
    }
    expect(issuer.requests).toHaveLength(0)
    now += 31_000
    for (let index = 0; index < 10; index += 1) {
      expect(await statusOf(registry, await lasting({ kid: `k${index}` }))).toBe(401)
    }
    expect(issuer.requests).toHaveLength(2)
  })

  test('are asked for without any credentials, and of no other host', async () => {
    const asked: IncomingHttpHeaders[] = []
    issuer.instead = (request, response) => {
      asked.push(request.headers)
      response.writeHead(401, {
        'WWW-Authenticate': `Bearer realm="${other.url}/token"`,
        'Set-Cookie': 'a=b',
        Location: `${other.url}/keys`,
      })
      response.end()
      return true
    }
    other.requests.length = 0
    const registry = registryOf()
    const headers = { ...basic('oidc', await lasting()), cookie: 'c=d' }
    for (let round = 0; round < 3; round += 1) {
      expect((await registry.fetch(new Request(endpoint, { headers }))).status).toBe(503)
      now += 6_000
    }
    expect(asked).toHaveLength(3)
    for (const { authorization, cookie, referer } of asked) {
      expect([authorization, cookie, referer]).toEqual([undefined, undefined, undefined])
    }
    expect(other.requests).toEqual([])
  })

  test('that are new are found once the cooldown is over', async () => {
    const registry = registryOf()
    expect(await statusOf(registry, await lasting())).toBe(200)
    const fresh = await issuerKey('RS256', 'rsa-2')
    issuer.keys.push(fresh)
    now += 31_000
    expect(await statusOf(registry, await issuer.token({}, {}, fresh))).toBe(200)
  })

  test('that the issuer drops are believed for ten minutes at most', async () => {
    const dropped = await issuerKey('RS256', 'dropped')
    issuer.keys.push(dropped)
    const registry = registryOf()
    const token = await issuer.token({ exp: Math.floor(now / 1000) + 86_400 }, {}, dropped)
    expect(await statusOf(registry, token)).toBe(200)
    issuer.keys.pop()
    now += 601_000
    expect(await statusOf(registry, token)).toBe(401)
  })

  test('without a kid in the token are tried, each of its type', async () => {
    issuer.keys.push(await issuerKey('RS256', 'rsa-2'), await issuerKey('ES256', 'ec-1'))
    const registry = registryOf()
    for (const key of issuer.keys) {
      const token = await issuer.token({}, { kid: undefined }, key)
      expect(await statusOf(registry, token)).toBe(200)
    }
  })

  test('may be given, or be at an address of their own', async () => {
    const keys = issuer.keys.map(({ publicJwk }) => publicJwk)
    const token = await lasting()
    expect(await statusOf(registryOf(github({ keys: { jwks: { keys } } })), token)).toBe(200)
    expect(issuer.requests).toEqual([])
    const url = `${issuer.url}/keys`
    expect(await statusOf(registryOf(github({ keys: { url } })), token)).toBe(200)
    expect(issuer.requests).toEqual(['/keys'])
  })
})

describe('keys that cannot be fetched', () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
  const reasons: ReadonlyArray<readonly [string, LocalIssuer['instead'], string]> = [
    [
      'since the issuer fails',
      (_, response) => {
        response.statusCode = 500
        response.end()
        return true
      },
      'answers with 500',
    ],
    [
      'since they are no JSON',
      (_, response) => {
        response.end('<html>')
        return true
      },
      'is not JSON',
    ],
    [
      'since the configuration is of another issuer',
      (request, response) => {
        if (request.url !== '/.well-known/openid-configuration') return false
        response.end(
          JSON.stringify({ issuer: 'https://evil.example', jwks_uri: `${issuer.url}/keys` }),
        )
        return true
      },
      'is of the issuer "https://evil.example"',
    ],
    [
      'since the keys would come over http',
      (request, response) => {
        if (request.url !== '/.well-known/openid-configuration') return false
        response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: 'http://keys.example/keys' }))
        return true
      },
      'http://keys.example is not https',
    ],
    [
      'since they are at another host now',
      (_, response) => {
        response.writeHead(302, { Location: `${other.url}/keys` }).end()
        return true
      },
      'redirects to another host',
    ],
    [
      'since they redirect to themselves',
      (request, response) => {
        response.writeHead(302, { Location: request.url }).end()
        return true
      },
      'redirects again and again',
    ],
    [
      'since they are too large',
      (_, response) => {
        response.end(Buffer.alloc(2 * 1024 * 1024, ' '))
        return true
      },
      'more than 1048576 bytes',
    ],
    [
      'since they are a bomb of 64 MiB in 64 KiB',
      (_, response) => {
        response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb)
        return true
      },
      'more than 1048576 bytes',
    ],
    [
      'since they are no keys',
      (request, response) => {
        if (request.url === '/.well-known/openid-configuration') return false
        response.end('{"keys":{}}')
        return true
      },
      'not a JWKS',
    ],
    [
      'since the connection breaks',
      (request) => {
        request.socket.destroy()
        return true
      },
      'fetch failed',
    ],
  ]

  test.each(reasons)(
    '%s are a 503 for its tokens, and others go on',
    async (_, instead, reason) => {
      issuer.instead = instead
      const registry = registryOf(github(), { ...github(), name: 'other', issuer: other.url })
      const token = await lasting()
      const answer = await withToken(registry, token, '/v2/')
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
      const headers = basic('oidc', token)
      expect((await registry.fetch(new Request(endpoint, { headers }))).status).toBe(503)
      expect(problems).toHaveLength(1)
      expect(problems[0]).toContain('issuer github: ')
      expect(problems[0]).toContain(reason)
      expect(await statusOf(registry, await other.token())).toBe(200)
      const ann = await registry.fetch(new Request(endpoint, { headers: basic('ann', 'secret') }))
      expect(ann.status).toBe(200)
      issuer.instead = () => false
      now += 6_000
      expect(await statusOf(registry, token)).toBe(200)
    },
  )

  test('again are used on for an hour', async () => {
    const registry = registryOf()
    const token = await lasting()
    expect(await statusOf(registry, token)).toBe(200)
    issuer.instead = (request) => {
      request.socket.destroy()
      return true
    }
    now += 3_500_000
    expect(await statusOf(registry, token)).toBe(200)
    now += 200_000
    expect(await statusOf(registry, token)).toBe(503)
  })

  test('at the start are said, with what to do', async () => {
    const login = oidcLogin([github(), { ...github(), name: 'other', issuer: other.url }], {
      clock,
    })
    expect(await login.check()).toEqual([])
    issuer.instead = (_, response) => {
      response.statusCode = 404
      response.end()
      return true
    }
    const cold = oidcLogin([github()], { clock })
    expect(await cold.check()).toEqual([
      expect.stringMatching(/^issuer github: .* answers with 404; check its address/),
    ])
  })

  test('with private keys among them are refused', async () => {
    const key = await issuerKey('RS256', 'rsa-1')
    const { exportJWK } = await import('jose')
    const keys = [await exportJWK(key.privateKey)]
    expect(() => oidcLogin([github({ keys: { jwks: { keys } } })])).toThrow('private keys')
    issuer.instead = (request, response) => {
      if (request.url === '/.well-known/openid-configuration') return false
      response.end(JSON.stringify({ keys }))
      return true
    }
    const login = oidcLogin([github()], { clock })
    expect(await login.check()).toEqual([expect.stringContaining('private keys')])
  })

  test('do not keep a request waiting: a slow issuer is given up', async () => {
    const waits: AbortSignal[] = []
    const slow: typeof fetch = async (_, init) => {
      if (init?.signal != null) waits.push(init.signal)
      throw new DOMException('over', 'TimeoutError')
    }
    const login = oidcLogin([github()], { clock, fetch: slow })
    expect(await login.check()).toEqual([expect.stringContaining('no whole answer within 5 s')])
    expect(waits).toHaveLength(1)
  })
})
