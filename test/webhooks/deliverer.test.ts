import { describe, expect, test } from 'vitest'
import type { OutboxEntry } from '../../src/index.ts'
import { type Answer, DeliveryFailed, parseWebhooks, webhooksOf } from '../../src/webhooks/index.ts'
import { failure, makeWorld, ok, settled, type World } from './world.ts'

const hour = 3_600_000
const day = 24 * hour

async function waiting(
  { stores }: World,
  state: OutboxEntry['state'] = 'waiting',
): Promise<readonly OutboxEntry[]> {
  const page = await stores.metadata.outbox?.list({ limit: 1000, state })
  return page?.items ?? []
}

/** Answers when the test says so. */
function held(): {
  readonly answer: () => Promise<Answer>
  readonly release: (answer: Answer) => void
  readonly count: () => number
} {
  const waits: ((answer: Answer) => void)[] = []
  return {
    answer: () => new Promise((done) => waits.push(done)),
    release: (answer) => waits.shift()?.(answer),
    count: () => waits.length,
  }
}

describe('deliveries', () => {
  test('go in order for each repository, one request at a time', async () => {
    const receiver = held()
    const world = makeWorld([{ name: 'one' }], receiver.answer)
    world.webhooks.deliver(world.stores)
    await world.push('a', '1', '2', '3')
    await world.push('b', '1', '2')
    await settled()
    expect(world.requests.map(({ repository, tag }) => `${repository}:${tag}`)).toEqual([
      'a:1',
      'b:1',
    ])
    for (let left = 5; left > 0; left -= 1) {
      receiver.release(ok)
      await settled()
    }
    const of = (name: string): readonly string[] =>
      world.requests.filter(({ repository }) => repository === name).map(({ tag }) => tag)
    expect(of('a')).toEqual(['1', '2', '3'])
    expect(of('b')).toEqual(['1', '2'])
    expect(await waiting(world)).toEqual([])
    await world.webhooks.stop()
  })

  test('begin with what waited before the process began', async () => {
    const world = makeWorld([{ name: 'one' }])
    await world.push('a', '1')
    expect(world.requests).toEqual([])
    world.webhooks.deliver(world.stores)
    await settled()
    expect(world.requests).toHaveLength(1)
    await world.webhooks.stop()
  })

  test('are few at once, to an endpoint and to all', async () => {
    const receiver = held()
    const names = Array.from({ length: 20 }, (_, index) => ({ name: `e${index}`, concurrency: 3 }))
    const world = makeWorld(names, receiver.answer)
    for (let index = 0; index < 10; index += 1) await world.push(`r${index}`, '1')
    world.webhooks.deliver(world.stores)
    await settled()
    expect(world.underWay().now).toBe(32)
    const counts: Map<string, number> = new Map()
    for (const { endpoint } of world.requests) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1)
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(3)
    while (receiver.count() > 0) {
      receiver.release(ok)
      await settled()
    }
    expect(world.requests).toHaveLength(200)
    expect(world.underWay()).toEqual({ now: 0, most: 32 })
    await world.webhooks.stop()
  })

  test('of many repositories wait for no claim that was given to too many', async () => {
    const world = makeWorld([
      { name: 'one', concurrency: 1 },
      { name: 'idle', tags: 'none' },
      { name: 'other', tags: 'none' },
    ])
    for (let index = 0; index < 12; index += 1) await world.push(`r${index}`, '1')
    world.webhooks.deliver(world.stores)
    await settled()
    await settled()
    expect(world.requests).toHaveLength(12)
    await world.webhooks.stop()
  })

  test('of one endpoint do not wait for another that never answers', async () => {
    const world = makeWorld([{ name: 'deaf' }, { name: 'quick' }], ({ endpoint }) =>
      endpoint === 'deaf' ? new Promise<never>(() => {}) : ok,
    )
    world.webhooks.deliver(world.stores)
    for (let index = 0; index < 50; index += 1) await world.push(`r${index}`, '1')
    await settled()
    expect(world.requests.filter(({ endpoint }) => endpoint === 'quick')).toHaveLength(50)
    expect(world.requests.filter(({ endpoint }) => endpoint === 'deaf')).toHaveLength(4)
    await world.timing.pass(10_000)
    const [figures] = world.webhooks.figures()
    expect(figures).toMatchObject({ endpoint: 'deaf', delivered: 0, isFailing: true })
    expect(figures?.lastError).toBe('the receiver took longer than 10000 ms')
    const stopped = world.webhooks.stop(0)
    await world.timing.pass(0)
    await stopped
  })

  test('have the same id each time, and a time of their own', async () => {
    const world = makeWorld([{ name: 'one', secret: 'a-secret-of-some-length' }], () =>
      world.requests.length < 3 ? failure : ok,
    )
    world.webhooks.deliver(world.stores)
    await world.push('a', '1')
    // Signing takes turns of other threads.
    const passed = async (): Promise<number> => {
      await world.timing.pass(250)
      return world.requests.length
    }
    await expect.poll(passed).toBeGreaterThan(2)
    const headers = world.requests.slice(0, 3).map(({ request }) => request.headers)
    expect(new Set(headers.map((each) => each['webhook-id'])).size).toBe(1)
    expect(new Set(headers.map((each) => each['webhook-timestamp'])).size).toBe(3)
    expect(new Set(headers.map((each) => each['X-Signature'])).size).toBe(1)
    await world.webhooks.stop()
  })
})

describe('a delivery that fails', () => {
  test('is tried again after a second, then after twice as long each time, up to ten minutes', async () => {
    const world = makeWorld([{ name: 'one' }], () => failure)
    world.webhooks.deliver(world.stores)
    await world.push('a', '1')
    await world.timing.pass(2 * hour)
    const pauses = world.requests.map(({ at }, index) => at - (world.requests[index - 1]?.at ?? at))
    const seconds = pauses.map((ms) => Math.round(ms / 1000))
    expect(seconds.slice(0, 11)).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    expect(new Set(seconds.slice(11))).toEqual(new Set([600]))
    await world.webhooks.stop()
  })

  test('is given up after a day, and what is behind it goes on', async () => {
    const world = makeWorld([{ name: 'one' }], ({ tag }) => (tag === '1' ? failure : ok))
    world.webhooks.deliver(world.stores)
    await world.push('a', '1', '2')
    await world.timing.pass(day - hour)
    expect(await waiting(world)).toHaveLength(2)
    await world.timing.pass(2 * hour)
    expect(await waiting(world)).toEqual([])
    expect(await waiting(world, 'dead')).toMatchObject([{ error: 'the receiver answered 503' }])
    expect(world.requests.at(-1)).toMatchObject({ tag: '2' })
    expect(world.notices).toContainEqual({
      kind: 'webhook-dead-letters',
      endpoint: 'one',
      origin: 'https://one.example.com',
      count: 1,
      error: 'the receiver answered 503',
    })
    await world.webhooks.stop()
  })

  test('is tried five times at least, also where it waited for days', async () => {
    const world = makeWorld([{ name: 'one' }], () => failure)
    await world.push('a', '1')
    await world.timing.pass(3 * day)
    world.webhooks.deliver(world.stores)
    await world.timing.pass(hour)
    expect(world.requests).toHaveLength(5)
    expect(await waiting(world, 'dead')).toHaveLength(1)
    await world.webhooks.stop()
  })

  test('is given up after five refusals, which say nothing against the endpoint', async () => {
    const world = makeWorld([{ name: 'one' }], () => ({ status: 400, retryAfterMs: null }))
    world.webhooks.deliver(world.stores)
    await world.push('a', '1')
    await world.timing.pass(hour)
    expect(world.requests).toHaveLength(5)
    expect(await waiting(world, 'dead')).toMatchObject([{ error: 'the receiver answered 400' }])
    expect(world.webhooks.figures()).toMatchObject([{ failed: 5, buried: 1, isFailing: false }])
    await world.webhooks.stop()
  })

  test('is given up at once where the receiver is gone', async () => {
    const world = makeWorld([{ name: 'one' }], () => ({ status: 410, retryAfterMs: null }))
    world.webhooks.deliver(world.stores)
    await world.push('a', '1')
    await world.timing.pass(hour)
    expect(world.requests).toHaveLength(1)
    expect(await waiting(world, 'dead')).toHaveLength(1)
    await world.webhooks.stop()
  })

  test.each([301, 302, 307, 401, 403, 404, 408, 429, 500, 502, 503, 504])(
    'is tried for a day after a %i',
    async (status) => {
      const world = makeWorld([{ name: 'one' }], () => ({ status, retryAfterMs: null }))
      world.webhooks.deliver(world.stores)
      await world.push('a', '1')
      await world.timing.pass(day / 2)
      expect(await waiting(world)).toHaveLength(1)
      await world.webhooks.stop()
    },
  )

  test('waits as long as the receiver asks for', async () => {
    const world = makeWorld([{ name: 'one' }], () =>
      world.requests.length === 1 ? { status: 429, retryAfterMs: 90_000 } : ok,
    )
    world.webhooks.deliver(world.stores)
    await world.push('a', '1')
    await world.timing.pass(hour)
    const [first, second] = world.requests
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(90_000)
    await world.webhooks.stop()
  })

  test('shows no more of an unforeseen error than its code', async () => {
    const world = makeWorld([{ name: 'one' }], () => {
      throw Object.assign(new Error('https://one.example.com/s3cret'), { code: 'ESOMETHING' })
    })
    world.webhooks.deliver(world.stores)
    await world.push('a', '1')
    await settled()
    expect(await waiting(world)).toMatchObject([
      { error: 'the request failed (ESOMETHING)', tries: 1 },
    ])
    await world.webhooks.stop()
  })
})

describe('an endpoint that fails', () => {
  test('is asked once at a time, with pauses, and told of once', async () => {
    let isUp = false
    const world = makeWorld([{ name: 'one' }], () => {
      if (isUp) return ok
      throw new DeliveryFailed('the receiver takes no connections')
    })
    for (let index = 0; index < 300; index += 1) await world.push(`r${index}`, '1')
    world.webhooks.deliver(world.stores)
    await world.timing.pass(hour)
    // Four at first, and then one after each pause of at most a minute.
    expect(world.requests.length).toBeLessThan(100)
    const told = world.notices.filter(({ kind }) => kind === 'webhook-condition')
    expect(told).toMatchObject([{ endpoint: 'one', error: 'the receiver takes no connections' }])
    isUp = true
    await world.timing.pass(11 * 60_000)
    expect(await waiting(world)).toEqual([])
    expect(world.notices.filter(({ kind }) => kind === 'webhook-condition')).toMatchObject([
      {},
      { endpoint: 'one', error: null },
    ])
    await world.webhooks.stop()
  })

  test('has its messages given up after a day, though each could not be tried', async () => {
    const world = makeWorld([{ name: 'one' }], () => failure)
    for (let index = 0; index < 500; index += 1) await world.push(`r${index}`, '1')
    world.webhooks.deliver(world.stores)
    await world.timing.pass(day + hour)
    expect(await waiting(world)).toEqual([])
    expect(await waiting(world, 'dead')).toHaveLength(500)
    await world.webhooks.stop()
  })

  test('costs the same few numbers, and few requests, where a thousand fail', async () => {
    const endpoints = Array.from({ length: 1000 }, (_, index) => ({ name: `e${index}` }))
    const world = makeWorld(endpoints, () => failure)
    world.webhooks.deliver(world.stores)
    await world.push('a', '1')
    await world.push('b', '1')
    await world.timing.pass(60_000)
    const figures = world.webhooks.figures()
    expect(figures).toHaveLength(1000)
    expect(figures.every(({ failed }) => failed >= 4 && failed < 20)).toBe(true)
    expect(world.underWay().most).toBeLessThanOrEqual(40)
    await world.webhooks.stop()
  })

  test('that is one of many does not slow its others', async () => {
    const world = makeWorld([{ name: 'bad' }, { name: 'good' }], ({ endpoint }) =>
      endpoint === 'bad' ? failure : ok,
    )
    world.webhooks.deliver(world.stores)
    await world.timing.pass(1)
    for (let index = 0; index < 20; index += 1) {
      await world.push(`r${index % 3}`, '1')
      await settled()
    }
    expect(world.requests.filter(({ endpoint }) => endpoint === 'good')).toHaveLength(20)
    await world.webhooks.stop()
  })
})

describe('the end of a process', () => {
  test('gives back what was not delivered, and the next process delivers it at once', async () => {
    const world = makeWorld([{ name: 'one' }], () => new Promise<never>(() => {}))
    world.webhooks.deliver(world.stores)
    await world.push('a', '1', '2')
    await settled()
    const stopped = world.webhooks.stop(5000)
    await world.timing.pass(5000)
    await stopped
    expect(await waiting(world)).toMatchObject([{ tries: 0 }, { tries: 0 }])
    const tags: string[] = []
    const next = webhooksOf(world.webhooks.settings, {
      timing: world.timing,
      async send({ body }) {
        tags.push(JSON.parse(body).data.tag)
        return ok
      },
    })
    next.deliver(world.stores)
    await settled()
    expect(tags).toEqual(['1', '2'])
    await next.stop()
  })

  test('lets requests under way end', async () => {
    const receiver = held()
    const world = makeWorld([{ name: 'one' }], receiver.answer)
    world.webhooks.deliver(world.stores)
    await world.push('a', '1', '2')
    await settled()
    const stopped = world.webhooks.stop(5000)
    receiver.release(ok)
    await stopped
    expect(world.requests).toHaveLength(1)
    expect(await waiting(world)).toHaveLength(1)
  })
})

describe('settings that change', () => {
  const settingsOf = (endpoints: readonly object[]): Parameters<World['webhooks']['use']>[0] => {
    const { webhooks } = parseWebhooks({ registry: 'registry.example.com', endpoints })
    if (webhooks === null) throw new Error('no webhooks')
    return webhooks
  }
  const moved = { name: 'one', url: 'https://moved.example.com/', format: 'cloudevents' }

  test('hold for what waits: it goes to the new URL at once', async () => {
    const world = makeWorld([{ name: 'one' }], ({ endpoint }) =>
      endpoint === 'moved' ? ok : failure,
    )
    world.webhooks.deliver(world.stores)
    for (let index = 0; index < 9; index += 1) await world.push(`r${index}`, '1')
    await world.timing.pass(1000)
    world.webhooks.use(settingsOf([moved]))
    await world.timing.pass(60_000)
    expect(await waiting(world)).toEqual([])
    await world.webhooks.stop()
  })

  test('leave what waits for an endpoint that is gone, for a week', async () => {
    const world = makeWorld([{ name: 'one' }], () => failure)
    await world.push('a', '1')
    world.webhooks.deliver(world.stores)
    world.webhooks.use(settingsOf([{ ...moved, name: 'other' }]))
    await world.timing.pass(6 * day)
    expect(await waiting(world)).toHaveLength(1)
    expect(world.webhooks.figures().map(({ endpoint }) => endpoint)).toEqual(['other'])
    await world.timing.pass(day + 2 * hour)
    expect(await waiting(world)).toEqual([])
    expect(world.notices).toContainEqual({
      kind: 'webhook-strays-dropped',
      endpoint: 'one',
      count: 1,
    })
    await world.webhooks.stop()
  })
})

describe('an outbox', () => {
  test('that fails is asked again later', async () => {
    const world = makeWorld([{ name: 'one' }])
    const { outbox } = world.stores.metadata
    if (outbox === undefined) throw new Error('no outbox')
    let fails = true
    const broken = new Proxy(outbox, {
      get(target, name) {
        if (name === 'claim' && fails) return () => Promise.reject(new Error('away'))
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const metadata = Object.create(world.stores.metadata, { outbox: { value: broken } })
    await world.push('a', '1')
    world.webhooks.deliver({ metadata })
    await settled()
    expect(world.notices).toMatchObject([{ kind: 'background-failure', task: 'claim webhooks' }])
    fails = false
    await world.timing.pass(5000)
    expect(world.requests).toHaveLength(1)
    await world.webhooks.stop()
  })

  test('is held to its limits: the oldest goes first', async () => {
    const world = makeWorld([{ name: 'one' }], () => failure)
    world.webhooks.deliver(world.stores)
    const tags = Array.from({ length: 100 }, (_, index) => `${index}`)
    for (let index = 0; index < 101; index += 1) await world.push('a', ...tags)
    await world.timing.pass(20_000)
    const [counts] = (await world.stores.metadata.outbox?.counts()) ?? []
    expect(counts).toMatchObject({ waiting: 10_000, dead: 100 })
    expect(world.notices).toContainEqual({ kind: 'webhook-outbox-full', buried: 100, dropped: 0 })
    await world.webhooks.stop()
  })

  test('is held to its limits also where more comes than one step of them takes', async () => {
    const world = makeWorld([{ name: 'one' }], () => failure)
    world.webhooks.deliver(world.stores)
    const tags = Array.from({ length: 1000 }, (_, index) => `${index}`)
    for (let index = 0; index < 15; index += 1) await world.push('a', ...tags)
    await world.timing.pass(10_000)
    const [counts] = (await world.stores.metadata.outbox?.counts()) ?? []
    expect(counts).toMatchObject({ waiting: 10_000, dead: 1000 })
    const full = world.notices.filter(({ kind }) => kind === 'webhook-outbox-full')
    expect(full).toEqual([{ kind: 'webhook-outbox-full', buried: 5000, dropped: 4000 }])
    await world.webhooks.stop()
  })

  test('with what a later version wrote: that becomes a dead letter', async () => {
    const world = makeWorld([{ name: 'one' }])
    const { metadata } = world.stores
    await metadata.linkBlob(
      'a' as Parameters<typeof metadata.linkBlob>[0],
      { digest: `sha256:${'a'.repeat(64)}`, size: 1, key: 'k' } as Parameters<
        typeof metadata.linkBlob
      >[1],
      1000,
      { tell: () => [{ endpoints: ['one'], text: '{"kind":"unheard-of"}' }] },
    )
    world.webhooks.deliver(world.stores)
    await settled()
    expect(await waiting(world, 'dead')).toMatchObject([
      { error: 'is not an event that this version knows' },
    ])
    await world.webhooks.stop()
  })
})
