import { expect, test } from 'vitest'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { temporaryFolder } from '../disk/temporary.ts'
import { registryOn } from './registry.ts'
import { agreeOnNew, retainEverything } from './scenario.ts'

test('retention on a folder does what it does in memory, and a restart changes nothing', async () => {
  const directory = await temporaryFolder()
  const clock = fakeClock(Date.UTC(2026, 0))
  const options = { directory, clock: clock.now, maintenance: false } as const
  const first = await openRegistry(options)
  const { clock: _, ...stores } = first.stores
  await retainEverything(await registryOn(stores, clock))
  const page = { limit: 100 }
  const app = 'team/app' as never
  const before = await first.stores.metadata.listManifests(app, page)
  const since = await first.stores.metadata.pullsSince?.()
  await first.close()
  const second = await openRegistry(options)
  expect(await second.stores.metadata.listManifests(app, page)).toEqual(before)
  expect(await second.stores.metadata.pullsSince?.()).toBe(since)
  await second.close()
})

test('what came in the same moment stays on a folder, and is said to', async () => {
  const clock = fakeClock(Date.UTC(2026, 0))
  const directory = await temporaryFolder()
  const registry = await openRegistry({ directory, clock: clock.now, maintenance: false })
  const { clock: _, ...stores } = registry.stores
  await agreeOnNew(await registryOn(stores, clock), 0)
  await registry.close()
})
