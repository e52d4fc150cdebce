import { test } from 'vitest'
import { registryOn, testRegistry } from './registry.ts'
import { agreeOnNew, retainEverything } from './scenario.ts'

test('retention in memory', async () => {
  await retainEverything(await testRegistry())
})

test('what came in the same moment stays, and is said to', async () => {
  await agreeOnNew(await testRegistry(), 0)
  // Two nodes: their clocks differ.
  const wide = await testRegistry()
  const stores = { ...wide.stores, clock: wide.clock.now }
  await agreeOnNew(await registryOn(stores, wide.clock), 30_000)
})

test('what has a time in the future stays, and is said to', async () => {
  await agreeOnNew(await testRegistry(), -5_000)
})
