import { expect, test } from 'vitest'
import { createRegistry, type Outbox } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { type Answer, createWebhooks, type Webhooks } from '../../src/webhooks/index.ts'
import { clientOf } from '../promises/client.ts'
import { settled } from './world.ts'

function webhooksTo(send: () => Promise<Answer>, more: object = {}): Webhooks {
  const one = { name: 'one', url: 'https://one.example.com', format: 'cloudevents' as const }
  return createWebhooks(
    { registry: 'registry.example.com', endpoints: [{ ...one, ...more }] },
    { send },
  )
}

test('a push is done while the receiver has not answered anything', async () => {
  let begun = 0
  const webhooks = webhooksTo(() => {
    begun += 1
    return new Promise<never>(() => {})
  })
  const stores = memoryStores()
  const registry = createRegistry({ stores, outbox: webhooks.outbox })
  webhooks.deliver(stores)
  const client = clientOf(registry)
  for (let index = 0; index < 60; index += 1) await client.pushImage(`r${index % 20}`, `v${index}`)
  // Those under way never end, and no others begin: the messages wait in the outbox alone.
  expect(begun).toBe(4)
  expect(await stores.metadata.outbox?.counts()).toMatchObject([{ waiting: 60 }])
  expect(webhooks.figures()).toMatchObject([{ inFlight: 4, delivered: 0 }])
  await webhooks.stop(0)
  await registry.close()
})

test('a push calls nothing of the outbox: its message is stored with its change', async () => {
  const stores = memoryStores()
  const called: string[] = []
  const { outbox } = stores.metadata
  if (outbox === undefined) throw new Error('no outbox')
  const watched = new Proxy(outbox, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...words: readonly unknown[]) => {
        called.push(String(name))
        return value.apply(target, words)
      }
    },
  }) satisfies Outbox
  const metadata = new Proxy(stores.metadata, {
    get(target, name) {
      if (name === 'outbox') return watched
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const webhooks = webhooksTo(async () => ({ status: 200, retryAfterMs: null }))
  const registry = createRegistry({ stores: { ...stores, metadata }, outbox: webhooks.outbox })
  await clientOf(registry).pushImage('a', 'v1')
  expect(called).toEqual([])
  expect(await outbox.counts()).toMatchObject([{ waiting: 1 }])
  await registry.close()
})

test('pulls are sent once, in order, and dropped where there are too many', async () => {
  const ends: ((answer: Answer) => void)[] = []
  const sent: string[] = []
  const webhooks = createWebhooks(
    {
      registry: 'registry.example.com',
      endpoints: [
        { name: 'one', url: 'https://one.example.com', format: 'harbor', events: ['pull', 'push'] },
      ],
    },
    {
      send: ({ body }) => {
        const { type, event_data: data } = JSON.parse(body)
        sent.push(`${type} ${data.resources[0].tag}`)
        return new Promise((done) => ends.push(done))
      },
    },
  )
  const stores = memoryStores()
  const registry = createRegistry({
    stores,
    outbox: webhooks.outbox,
    onEvent: webhooks.onEvent,
    pullEvents: true,
  })
  const client = clientOf(registry)
  await client.pushImage('a', 'v1')
  const pull = async (): Promise<void> => {
    await (await client.send('GET', '/v2/a/manifests/v1')).arrayBuffer()
  }
  // Before there is a deliverer, nothing is kept.
  await pull()
  webhooks.deliver(stores)
  await settled()
  expect(sent).toEqual(['PUSH_ARTIFACT v1'])
  ends.shift()?.({ status: 200, retryAfterMs: null })
  for (let index = 0; index < 1010; index += 1) await pull()
  expect(sent).toHaveLength(2)
  expect(webhooks.figures()).toMatchObject([{ pullsWaiting: 1000, pullsDropped: 9 }])
  // It is not sent again, and the next one is.
  ends.shift()?.({ status: 503, retryAfterMs: null })
  await settled()
  expect(sent).toEqual(['PUSH_ARTIFACT v1', 'PULL_ARTIFACT v1', 'PULL_ARTIFACT v1'])
  expect(webhooks.figures()).toMatchObject([{ pullsWaiting: 999, pullsDropped: 10 }])
  expect(await stores.metadata.outbox?.counts()).toMatchObject([{ waiting: 0, dead: 0 }])
  const stopped = webhooks.stop(0)
  await stopped
  expect(sent).toHaveLength(3)
  await registry.close()
})
