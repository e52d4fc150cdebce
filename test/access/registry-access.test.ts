import { describe, expect, test } from 'vitest'
import {
  type AccessOptions,
  type Identified,
  type Login,
  type LoginResult,
  type Policy,
  registryAccess,
  requestLogin,
  type TokenService,
} from '../../src/access/index.ts'
import { type Access, type AccessRequest, createRegistry, type Principal } from '../../src/index.ts'
import { clientOf } from '../http/client.ts'

/** Callers with a name may do everything, and others may pull. */
const policy: Policy = {
  isPublic: true,
  decide: (principal, { action }) => ({
    decision: principal !== null || action === 'pull' ? 'allow' : 'login',
  }),
  catalog: () => 'all',
}

/** A login that counts how often it is asked, and knows one user. */
function counting(name: string, more: Partial<Login> = {}): Login & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    name,
    asked,
    async password(user, password): Promise<LoginResult> {
      asked.push(`${user}:${password}`)
      if (user !== name) return null
      return password === 'right' ? identified(name) : { rejected: true }
    },
    ...more,
  }
}

function identified(id: string, more: Partial<Identified> = {}): Identified {
  return { principal: { id, details: { login: 'test' } }, ...more }
}

function basic(user: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${btoa(`${user}:${password}`)}` }
}

function requestWith(
  headers: Record<string, string>,
  url = 'http://registry.test/v2/',
): AccessRequest {
  const base = { method: 'GET', requestId: 'r', peer: {}, context: undefined }
  return { ...base, url, headers: new Headers(headers) }
}

function accessOf(logins: readonly Login[], more: Partial<AccessOptions> = {}): Access {
  return registryAccess({ logins, policy, ...more })
}

async function whoIs(access: Access, headers: Record<string, string>): Promise<string | null> {
  const found = await access.authenticate(requestWith(headers))
  return found === null ? null : 'rejected' in found ? 'rejected' : found.id
}

describe('logins', () => {
  test('are asked in order, until one knows the caller', async () => {
    const [first, second] = [counting('ann'), counting('bob')]
    const access = accessOf([first, second])
    expect(await whoIs(access, basic('ann', 'right'))).toBe('ann')
    expect(second.asked).toEqual([])
    expect(await whoIs(access, basic('bob', 'right'))).toBe('bob')
    expect(await whoIs(access, basic('bob', 'wrong'))).toBe('rejected')
    expect(await whoIs(access, basic('eve', 'right'))).toBe('rejected')
  })

  test('may know what an earlier one rejects', async () => {
    const first = counting('ann')
    const second = counting('ann', { password: async () => identified('token of ann') })
    expect(await whoIs(accessOf([first, second]), basic('ann', 'ldk_x'))).toBe('token of ann')
  })

  test('without credentials find the caller by the request, or nobody', async () => {
    const session = requestLogin('session', ({ headers }) => {
      const id = headers.get('cookie')
      return id === null ? null : { id, groups: ['web'] }
    })
    const access = accessOf([counting('ann'), session])
    expect(await access.authenticate(requestWith({ cookie: 'carl' }))).toEqual({
      id: 'carl',
      details: { login: 'session', groups: ['web'] },
    })
    expect(await whoIs(access, {})).toBe(null)
    // Clients without credentials send empty ones.
    expect(await whoIs(access, basic('', ''))).toBe(null)
  })

  test.each([
    ['Basic'],
    ['Basic !!!'],
    ['Basic bm8gY29sb24='],
    ['Bearer'],
    ['Bearer a b'],
    ['Digest username="ann"'],
    ['x'.repeat(40_000)],
    [`Basic ${btoa('\xff:x')}`],
  ])('reject an Authorization header that cannot be read: %.30s', async (Authorization) => {
    const login = counting('ann')
    expect(await whoIs(accessOf([login]), { Authorization })).toBe('rejected')
    expect(login.asked).toEqual([])
  })

  test('that fail refuse the request, and tell the client nothing', async () => {
    const failing = counting('ann', {
      password: async () => {
        throw new Error('secret of the database')
      },
    })
    const registry = createRegistry({ access: accessOf([failing]) })
    const client = clientOf(registry, basic('ann', 'right'))
    const response = await client.send('GET', '/v2/app/tags/list')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
  })
})

describe('verdicts', () => {
  test('are kept for a time, right ones longer than wrong ones', async () => {
    let now = 1_000_000
    const login = counting('ann')
    const access = accessOf([login], { clock: () => now, keepMs: 30_000 })
    const ask = async (password: string): Promise<number> => {
      const before = login.asked.length
      await whoIs(access, basic('ann', password))
      return login.asked.length - before
    }
    expect([await ask('right'), await ask('right')]).toEqual([1, 0])
    expect([await ask('wrong'), await ask('wrong')]).toEqual([1, 0])
    now += 10_000
    expect([await ask('right'), await ask('wrong')]).toEqual([0, 1])
    now += 20_001
    expect(await ask('right')).toBe(1)
  })

  test('end with what they are based on', async () => {
    let now = 1_000_000
    let generation = 0
    const login = counting('ann', {
      generation: () => generation,
      password: async () => {
        login.asked.push('')
        return identified('ann', { expiresAt: now + 1_000 })
      },
    })
    const access = accessOf([login], { clock: () => now })
    const ask = (): Promise<string | null> => whoIs(access, basic('ann', 'right'))
    await ask()
    await ask()
    expect(login.asked).toHaveLength(1)
    generation += 1
    await ask()
    expect(login.asked).toHaveLength(2)
    now += 1_000
    await ask()
    expect(login.asked).toHaveLength(3)
  })

  test('of one login serve all that wait for it', async () => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const login = counting('ann', {
      password: async () => {
        login.asked.push('')
        await held
        return identified('ann')
      },
    })
    const access = accessOf([login])
    const all = Array.from({ length: 20 }, () => whoIs(access, basic('ann', 'right')))
    release()
    expect(new Set(await Promise.all(all))).toEqual(new Set(['ann']))
    expect(login.asked).toHaveLength(1)
  })

  test('tell one user from another whose name and password join to the same text', async () => {
    const login = counting('ann', {
      password: async (user, password) => identified(`${user}|${password}`),
    })
    const access = accessOf([login])
    expect(await whoIs(access, basic('ann', 'b:c'))).toBe('ann|b:c')
    expect(await whoIs(access, { Authorization: 'Bearer ann:b:c' })).toBe('rejected')
  })

  test('of a failure are not kept', async () => {
    let fails = true
    const login = counting('ann', {
      password: async () => {
        if (fails) throw new Error('away')
        return identified('ann')
      },
    })
    const access = accessOf([login])
    await expect(whoIs(access, basic('ann', 'right'))).rejects.toThrow('away')
    fails = false
    expect(await whoIs(access, basic('ann', 'right'))).toBe('ann')
  })
})

const tokens: TokenService = {
  service: 'registry',
  answer: async () => ({ response: new Response('{}'), principal: null }),
  verify: async (token) => (token === 'anonymous' ? { principal: null } : null),
}

describe('challenges', () => {
  test('without tokens ask for a password', async () => {
    const registry = createRegistry({ access: accessOf([counting('ann')], { realm: 'Team' }) })
    const { status, headers } = await clientOf(registry).send('PUT', '/v2/app/manifests/v1')
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Team"'])
  })

  test('with tokens say where to get one, and for what', async () => {
    const access = accessOf([counting('ann')], { tokens })
    const client = clientOf(createRegistry({ access }))
    const wanted = async (method: string, path: string): Promise<string | null> =>
      (await client.send(method, path)).headers.get('www-authenticate')
    const realm = 'Bearer realm="http://registry.test/v2/_layerdock/token",service="registry"'
    expect(await wanted('GET', '/v2/')).toBe(realm)
    expect(await wanted('PUT', '/v2/team/app/manifests/v1')).toBe(
      `${realm},scope="repository:team/app:pull,push"`,
    )
    const digest = `sha256:${'0'.repeat(64)}`
    expect(await wanted('POST', `/v2/app/blobs/uploads/?mount=${digest}&from=team/app`)).toBe(
      `${realm},scope="repository:app:pull,push repository:team/app:pull"`,
    )
    expect(await wanted('DELETE', '/v2/app/manifests/v1')).toBe(
      `${realm},scope="repository:app:delete"`,
    )
    expect(await wanted('GET', '/v2/_catalog')).toBe(`${realm},scope="registry:catalog:*"`)
  })

  test('name the public URL and the prefix where they are set', async () => {
    const access = accessOf([counting('ann')], {
      tokens,
      publicUrl: 'https://r.example/',
      prefix: '/hub',
    })
    const client = clientOf(createRegistry({ access, prefix: '/hub' }))
    const { headers } = await client.send('GET', '/hub/v2/', { headers: { host: 'evil.example' } })
    expect(headers.get('www-authenticate')).toContain(
      'realm="https://r.example/hub/v2/_layerdock/token"',
    )
  })
})

describe('the version check', () => {
  const ping = async (options: Partial<AccessOptions>, headers = {}): Promise<number> => {
    const registry = createRegistry({ access: accessOf([counting('ann')], options) })
    return (await clientOf(registry).send('GET', '/v2/', { headers })).status
  }

  test('with tokens asks for one, also of those who may pull without a name', async () => {
    expect(await ping({ tokens })).toBe(401)
    expect(await ping({ tokens }, { Authorization: 'Bearer anonymous' })).toBe(200)
    expect(await ping({ tokens }, { Authorization: 'Bearer other' })).toBe(401)
    expect(await ping({ tokens }, basic('ann', 'right'))).toBe(200)
  })

  test('without tokens asks for a login unless something is public', async () => {
    expect(await ping({})).toBe(200)
    expect(await ping({ policy: { ...policy, isPublic: false } })).toBe(401)
  })
})

describe('grants', () => {
  const granted = (more: object): Login => ({
    name: 'token',
    bearer: async () => ({
      principal: {
        id: 'ann',
        details: {
          login: 'token',
          grants: [{ repositories: 'team/**', actions: ['pull'] }],
          ...more,
        },
      } satisfies Principal,
    }),
  })
  const status = async (login: Login, method: string, path: string): Promise<number> => {
    const client = clientOf(createRegistry({ access: accessOf([login]) }), {
      Authorization: 'Bearer x',
    })
    return (await client.send(method, path)).status
  }

  test('narrow what the policy allows', async () => {
    expect(await status(granted({}), 'GET', '/v2/team/app/manifests/v1')).toBe(404)
    expect(await status(granted({}), 'GET', '/v2/')).toBe(200)
    expect(await status(granted({}), 'GET', '/v2/other/manifests/v1')).toBe(403)
    expect(await status(granted({}), 'PUT', '/v2/team/app/manifests/v1')).toBe(403)
    expect(await status(granted({}), 'GET', '/v2/_catalog')).toBe(403)
  })
})
