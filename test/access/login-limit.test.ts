import { describe, expect, test } from 'vitest'
import {
  type LoginLimit,
  limitLogins,
  registryAccess,
  tokenService,
} from '../../src/access/index.ts'
import { createRegistry, RegistryError } from '../../src/index.ts'
import { setPeer } from '../../src/kit.ts'
import type { AccessRequest } from '../../src/ports/access.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { policyOf, usersLogin } from './token-registry.ts'

const right = { principal: { id: 'ann' } }
const wrong = { rejected: true } as const
const [here, there] = ['192.0.2.1', '192.0.2.2']

function from(address: string | undefined): AccessRequest {
  return {
    method: 'GET',
    url: 'http://registry.test/v2/',
    headers: new Headers(),
    peer: { address },
    requestId: '1',
    context: undefined,
  }
}

/** What becomes of a login: `right`, `wrong`, or after how many seconds to come back. */
async function login(
  limit: LoginLimit,
  user: string,
  address: string | undefined,
  result: typeof right | typeof wrong,
): Promise<'right' | 'wrong' | number> {
  try {
    const made = await limit.run(user, from(address), async () => result)
    return 'rejected' in made ? 'wrong' : 'right'
  } catch (error) {
    if (!(error instanceof RegistryError) || error.kind !== 'tooManyRequests') throw error
    return Number(error.headers['Retry-After'])
  }
}

describe('a limit on wrong passwords', () => {
  test('refuses an address that was wrong too often, whatever the names', async () => {
    const clock = fakeClock()
    const limit = limitLogins({ perMinute: 20, burst: 2, clock: clock.now })
    expect(await login(limit, 'a', here, wrong)).toBe('wrong')
    expect(await login(limit, 'b', here, wrong)).toBe('wrong')
    expect(await login(limit, 'c', here, right)).toBe(3)
    expect(await login(limit, 'c', there, right)).toBe('right')
    clock.advance(3000)
    expect(await login(limit, 'c', here, right)).toBe('right')
  })

  test('refuses a name that was tried too often, whatever the addresses', async () => {
    const limit = limitLogins({ perMinute: 20, burst: 2, clock: fakeClock().now })
    expect(await login(limit, 'ann', '192.0.2.7', wrong)).toBe('wrong')
    expect(await login(limit, 'ann', '192.0.2.8', wrong)).toBe('wrong')
    expect(await login(limit, 'ann', '192.0.2.9', wrong)).toBe(3)
    // That refusal cost the address nothing.
    expect(await login(limit, 'bob', '192.0.2.9', wrong)).toBe('wrong')
    expect(await login(limit, 'bob', '192.0.2.9', wrong)).toBe('wrong')
  })

  test('does not lock a user out where the user has logged in before', async () => {
    const limit = limitLogins({ perMinute: 20, burst: 2, clock: fakeClock().now })
    expect(await login(limit, 'ann', here, right)).toBe('right')
    for (const last of [1, 2, 3, 4]) await login(limit, 'ann', `192.0.2.10${last}`, wrong)
    await login(limit, 'bob', here, wrong)
    await login(limit, 'bob', here, wrong)
    expect(await login(limit, 'ann', there, right)).toBe(3)
    expect(await login(limit, 'bob', here, right)).toBe(3)
    expect(await login(limit, 'ann', here, right)).toBe('right')
    // Wrong ones for that name from there count for themselves.
    expect(await login(limit, 'ann', here, wrong)).toBe('wrong')
    expect(await login(limit, 'ann', here, wrong)).toBe('wrong')
    expect(await login(limit, 'ann', here, right)).toBe(3)
  })

  test('takes no note of right ones, nor of a login that fails', async () => {
    const limit = limitLogins({ perMinute: 1, burst: 1, clock: fakeClock().now })
    for (let count = 0; count < 5; count += 1) {
      expect(await login(limit, `user ${count}`, here, right)).toBe('right')
    }
    const fails = limit.run('ann', from(here), () => Promise.reject(new Error('no file')))
    await expect(fails).rejects.toThrow('no file')
    expect(await login(limit, 'ann', here, right)).toBe('right')
  })

  test('counts those that are still being looked at', async () => {
    const limit = limitLogins({ perMinute: 1, burst: 3, clock: fakeClock().now })
    let checks = 0
    const logins = Array.from({ length: 20 }, (_, name) =>
      limit.run(`user ${name}`, from(here), async () => {
        checks += 1
        await Promise.resolve()
        return wrong
      }),
    )
    const ended = await Promise.allSettled(logins)
    expect(checks).toBe(3)
    expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(17)
  })

  test('counts names alone where the address is not known', async () => {
    const limit = limitLogins({ perMinute: 1, burst: 1, clock: fakeClock().now })
    expect(await login(limit, 'ann', undefined, wrong)).toBe('wrong')
    expect(await login(limit, 'ann', undefined, right)).toBe(60)
    expect(await login(limit, 'bob', undefined, right)).toBe('right')
  })

  test('is refused where its rate is none', () => {
    expect(() => limitLogins({ perMinute: 0 })).toThrow(RangeError)
  })
})

test('a flood of wrong passwords is refused before a password is looked at', async () => {
  let looked = 0
  const access = registryAccess({
    logins: [
      {
        name: 'users',
        async password(user, password) {
          looked += 1
          return password === 'secret' ? { principal: { id: user } } : wrong
        },
      },
    ],
    policy: { isPublic: false, decide: () => ({ decision: 'allow' }), catalog: () => 'all' },
    loginLimit: limitLogins({ perMinute: 10, clock: fakeClock().now }),
  })
  const registry = createRegistry({ access })
  const ping = async (user: string, password: string, address: string): Promise<Response> => {
    const headers = { Authorization: `Basic ${btoa(`${user}:${password}`)}` }
    const request = new Request('http://registry.test/v2/', { headers })
    setPeer(request, { address })
    return registry.fetch(request)
  }
  const statuses = new Map<number, number>()
  for (let guess = 0; guess < 100; guess += 1) {
    const { status } = await ping('ann', `guess ${guess}`, here)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  expect(looked).toBe(10)
  expect([...statuses]).toEqual([
    [401, 10],
    [429, 90],
  ])
  const refused = await ping('bob', 'secret', here)
  expect(refused.headers.get('retry-after')).toBe('6')
  expect((await ping('bob', 'secret', there)).status).toBe(200)
})

test.each(['GET', 'POST'] as const)(
  'the token endpoint counts wrong passwords, by %s',
  async (method) => {
    const registry = createRegistry({
      access: registryAccess({
        logins: [usersLogin(new Map([['ann', 'secret']]))],
        policy: policyOf(() => true),
        tokens: tokenService({ service: 'registry.test' }),
        loginLimit: limitLogins({ perMinute: 3, clock: fakeClock().now }),
      }),
    })
    const ask = async (password: string, address: string): Promise<Response> => {
      const url = 'http://registry.test/v2/_layerdock/token'
      const form = { grant_type: 'password', service: 'registry.test', client_id: 'test' }
      const body = new URLSearchParams({ ...form, username: 'ann', password })
      const headers = { Authorization: `Basic ${btoa(`ann:${password}`)}` }
      const init = method === 'POST' ? { method, body } : { method, headers }
      const query = method === 'POST' ? '' : '?service=registry.test'
      const request = new Request(url + query, init)
      setPeer(request, { address })
      return registry.fetch(request)
    }
    expect((await ask('secret', there)).status).toBe(200)
    for (const guess of ['1', '2', '3']) expect((await ask(guess, here)).status).toBe(401)
    const refused = await ask('4', here)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '20'])
    expect((await ask('secret', there)).status).toBe(200)
  },
)
