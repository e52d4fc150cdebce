import { test } from 'vitest'
import { testRegistry } from './registry.ts'
import { retainEverything } from './scenario.ts'

test('retention in memory', async () => {
  await retainEverything(await testRegistry())
})
