import { expect, test } from 'vitest'
import type { Answer } from '../../src/webhooks/index.ts'
import { events } from './events.ts'
import { failure, makeWorld, ok, settled, type World } from './world.ts'

const pulled = events['manifest-pulled']

async function pull({ webhooks }: World, times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) webhooks.onEvent(pulled)
  await settled()
}

test('pulls that fail make an endpoint one that fails, and it gets pauses', async () => {
  let answer: Answer = failure
  const world = makeWorld([{ name: 'one', events: 'pull' }], () => answer)
  world.webhooks.deliver(world.stores)
  await pull(world, 5)
  expect(world.requests).toHaveLength(3)
  expect(world.webhooks.figures()).toMatchObject([
    { failed: 3, isFailing: true, pullsDropped: 3, pullsWaiting: 2 },
  ])
  expect(world.notices).toMatchObject([{ kind: 'webhook-condition', endpoint: 'one' }])
  answer = ok
  await world.timing.pass(60_000)
  expect(world.requests).toHaveLength(5)
  expect(world.webhooks.figures()).toMatchObject([
    { delivered: 2, isFailing: false, pullsDropped: 3, pullsWaiting: 0 },
  ])
  expect(world.notices.slice(1)).toMatchObject([{ kind: 'webhook-condition', error: null }])
  await world.webhooks.stop()
})

test('pulls that wait for a pause to end are dropped when the server stops', async () => {
  const world = makeWorld([{ name: 'one', events: 'pull' }], () => failure)
  world.webhooks.deliver(world.stores)
  await pull(world, 5)
  await world.webhooks.stop()
  await pull(world, 1)
  await world.timing.pass(60_000)
  expect(world.requests).toHaveLength(3)
  expect(world.webhooks.figures()).toMatchObject([{ pullsDropped: 6, pullsWaiting: 0 }])
})

test('pulls of each endpoint get their turn, also where others are slow and never done', async () => {
  const slow = Array.from({ length: 8 }, (_, index) => ({
    name: `slow${index}`,
    events: 'pull' as const,
  }))
  const answers: (() => void)[] = []
  const world = makeWorld([...slow, { name: 'last', events: 'pull' }], ({ endpoint }) =>
    endpoint === 'last' ? ok : new Promise((done) => answers.push(() => done(ok))),
  )
  world.webhooks.deliver(world.stores)
  await pull(world, 20)
  for (let turn = 0; turn < 8; turn += 1) {
    answers.shift()?.()
    await settled()
  }
  expect(world.requests.filter(({ endpoint }) => endpoint === 'last')).not.toHaveLength(0)
  const ending = world.webhooks.stop(0)
  await world.timing.pass(1)
  await ending
})
