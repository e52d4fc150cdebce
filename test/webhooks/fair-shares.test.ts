import { expect, test } from 'vitest'
import { type Delivered, makeWorld, ok, settled } from './world.ts'

test('a slow endpoint that may have many requests leaves room for others', async () => {
  const world = makeWorld(
    [{ name: 'slow', concurrency: 32 }, { name: 'fast' }],
    async ({ endpoint }: Delivered) => (endpoint === 'slow' ? await new Promise(() => {}) : ok),
  )
  world.webhooks.deliver(world.stores)
  for (let index = 0; index < 100; index += 1) await world.push(`r${index}`, '1')
  await settled()
  await world.timing.pass(100)
  const to = (name: string): number =>
    world.requests.filter(({ endpoint }) => endpoint === name).length
  expect(to('slow')).toBe(32)
  expect(to('fast')).toBe(100)
  const ending = world.webhooks.stop(0)
  await world.timing.pass(1)
  await ending
})

test('slow endpoints leave room for others, however many they are', async () => {
  const slow = Array.from({ length: 10 }, (_, index) => ({ name: `slow${index}` }))
  const world = makeWorld([...slow, { name: 'fast' }], async ({ endpoint }) =>
    endpoint === 'fast' ? ok : await new Promise(() => {}),
  )
  world.webhooks.deliver(world.stores)
  for (let index = 0; index < 10; index += 1) await world.push(`r${index}`, '1')
  await settled()
  await world.timing.pass(100)
  expect(world.requests.filter(({ endpoint }) => endpoint === 'fast')).toHaveLength(10)
  expect(world.underWay().most).toBeLessThanOrEqual(40)
  const ending = world.webhooks.stop(0)
  await world.timing.pass(1)
  await ending
})
