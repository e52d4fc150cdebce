import { expect, test } from 'vitest'
import { limitRequests, type RequestLimits } from '../../src/access/index.ts'
import { type Access, createRegistry, type Registry, type RequestReport } from '../../src/index.ts'
import { setPeer } from '../../src/kit.ts'
import { fakeClock } from '../../src/testing/index.ts'

const base = 'http://registry.test'

/** Users by their name in `Authorization`; `wrong` is nobody's. */
const users: Access = {
  async authenticate({ headers }) {
    const id = headers.get('authorization')
    if (id === null) return null
    return id === 'wrong' ? { rejected: true } : { id }
  },
  authorize: async (principal, asks) => asks.map(() => (principal === null ? 'login' : 'allow')),
  challenge: () => 'Basic realm="test"',
  catalog: async () => 'all',
  async token(request) {
    const id = request.headers.get('authorization')
    return { response: new Response('a token'), principal: id === null ? null : { id } }
  },
}

interface Sent {
  readonly path?: string
  readonly user?: string
  readonly address?: string
}

class Caller {
  readonly clock: ReturnType<typeof fakeClock> = fakeClock()
  readonly reports: RequestReport[] = []
  readonly #registry: Registry

  constructor(limits: Omit<RequestLimits, 'clock'>, access: Access | null = users) {
    this.#registry = createRegistry({
      access: limitRequests(access, { ...limits, clock: this.clock.now }),
      observe: (report) => this.reports.push(report),
    })
  }

  async send({ path = '/v2/', user, address }: Sent): Promise<Response> {
    const request = new Request(
      base + path,
      user === undefined ? {} : { headers: { Authorization: user } },
    )
    setPeer(request, { address })
    return this.#registry.fetch(request)
  }

  async statuses(...sent: readonly Sent[]): Promise<readonly number[]> {
    const statuses: number[] = []
    for (const each of sent) statuses.push((await this.send(each)).status)
    return statuses
  }
}

const [ann, bob] = [{ user: 'ann' }, { user: 'bob' }]

test('a principal has its own limit, from whatever address', async () => {
  const caller = new Caller({ perSecond: 1, burst: 2 })
  const [here, there] = [
    { ...ann, address: '192.0.2.1' },
    { ...ann, address: '192.0.2.2' },
  ]
  expect(await caller.statuses(here, there, here, there)).toEqual([200, 200, 429, 429])
  expect(await caller.statuses({ ...bob, address: '192.0.2.1' })).toEqual([200])
  caller.clock.advance(1000)
  expect(await caller.statuses(there, here)).toEqual([200, 429])
})

test('a refusal is TOOMANYREQUESTS, says when to come back, and who was refused', async () => {
  const caller = new Caller({ perSecond: 0.4, burst: 1 })
  await caller.send(ann)
  const refused = await caller.send(ann)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('3')
  expect(await refused.json()).toMatchObject({
    errors: [{ code: 'TOOMANYREQUESTS', message: 'too many requests: wait 3 s and try again' }],
  })
  caller.clock.advance(2400)
  expect((await caller.send(ann)).headers.get('retry-after')).toBe('1')
  expect(caller.reports[1]).toMatchObject({
    status: 429,
    errorCode: 'TOOMANYREQUESTS',
    principal: { id: 'ann' },
  })
})

test('callers without a name, and with wrong credentials, share the limit of their address', async () => {
  const caller = new Caller({ perSecond: 1, burst: 2 })
  const address = '192.0.2.1'
  expect(
    await caller.statuses(
      { address },
      { user: 'wrong', address },
      { address },
      { user: 'wrong', address },
      { address: '192.0.2.2' },
    ),
  ).toEqual([401, 401, 429, 429, 401])
  // Users of the same address are not locked out by that.
  expect(await caller.statuses({ ...ann, address })).toEqual([200])
})

test('an IPv6 address counts by its network of 64 bits', async () => {
  const caller = new Caller({ perSecond: 1, burst: 1 })
  const [one, same, another] = ['2001:db8::1', '2001:db8:0:0:9::1', '2001:db8:0:1::1']
  expect(await caller.statuses({ address: one }, { address: same }, { address: another })).toEqual([
    401, 429, 401,
  ])
})

test('callers that cannot be told apart are not limited', async () => {
  const caller = new Caller({ perSecond: 1, burst: 1 })
  expect(await caller.statuses({}, {}, {})).toEqual([401, 401, 401])
})

test('a limit for an address refuses before it is asked who calls', async () => {
  let asked = 0
  const caller = new Caller(
    { perSecond: 1, burst: 9, perAddress: { perSecond: 1, burst: 2 } },
    {
      ...users,
      authenticate: async (request) => {
        asked += 1
        return users.authenticate(request)
      },
    },
  )
  const address = '192.0.2.1'
  expect(
    await caller.statuses({ ...ann, address }, { ...bob, address }, { ...ann, address }, ann),
  ).toEqual([200, 200, 429, 200])
  expect(asked).toBe(3)
})

test('the token endpoint counts for the address, and for the principal it names', async () => {
  const path = '/v2/_layerdock/token'
  const caller = new Caller({ perSecond: 1, burst: 2 })
  const address = '192.0.2.1'
  expect(
    await caller.statuses({ path, address }, { address }, { path, address }, { path, ...ann }),
  ).toEqual([200, 401, 429, 200])
  expect(await caller.statuses(ann, ann, { path, ...ann })).toEqual([200, 429, 429])
})

test('without an access, everyone may do everything that the limit allows', async () => {
  const caller = new Caller({ perSecond: 1, burst: 3 }, null)
  const address = '192.0.2.1'
  expect(
    await caller.statuses(
      { address, path: '/v2/_catalog' },
      { address },
      { address, path: '/v2/_layerdock/token' },
      { address },
      { address },
    ),
  ).toEqual([200, 200, 404, 200, 429])
})

test('methods of an access that is an instance of a class are its own', async () => {
  class Named implements Access {
    readonly #name = 'ann'
    async authenticate(): Promise<{ id: string }> {
      return { id: this.#name }
    }
    async authorize(
      who: { id: string } | null,
      asks: readonly unknown[],
    ): Promise<readonly ('allow' | 'deny')[]> {
      return asks.map(() => (who?.id === this.#name ? 'allow' : 'deny'))
    }
    challenge(): string {
      return this.#name
    }
    async catalog(): Promise<'all'> {
      return this.#name === 'ann' ? 'all' : 'all'
    }
  }
  const caller = new Caller({ perSecond: 1 }, new Named())
  expect(await caller.statuses({ path: '/v2/_catalog' }, {})).toEqual([200, 200])
})

test('what is no rate is refused', () => {
  expect(() => limitRequests(null, { perSecond: 0 })).toThrow(RangeError)
  expect(() => limitRequests(null, { perSecond: 1, burst: 0.5 })).toThrow(RangeError)
  expect(() =>
    limitRequests(null, { perSecond: 1, perAddress: { perSecond: -1, burst: 1 } }),
  ).toThrow(/perAddress/)
})
