import { expect, test } from 'vitest'
import { everySetting } from '../../adapters/cli/command-line.ts'
import { createFront, type Front } from '../../adapters/cli/front.ts'
import { allPlanes } from '../../adapters/cli/health.ts'
import { readSettings } from '../../adapters/cli/read-settings.ts'
import { registryOptions } from '../../adapters/cli/registry-options.ts'
import { withRequestLimits } from '../../adapters/cli/request-limits.ts'
import type { Settings } from '../../adapters/cli/settings.ts'
import { BufferBudget } from '../../adapters/disk/buffers.ts'
import { createRegistry } from '../../src/index.ts'
import { setPeer } from '../../src/kit.ts'

async function settingsOf(...words: readonly string[]): Promise<Settings> {
  return (await readSettings({ words, environment: {}, flags: everySetting })).settings
}

/** A front with a registry behind it that the words ask for. */
async function front(...words: readonly string[]): Promise<Front> {
  const made = createFront('1.2.3', new BufferBudget(0))
  const sinks = { onEvent: () => {}, onNotice: () => {} }
  const settings = await settingsOf(...words)
  const access = withRequestLimits(null, settings)
  const parts = access === null ? {} : { access }
  const registry = createRegistry(registryOptions(settings, sinks, parts))
  made.open(registry, async () => allPlanes('ok'))
  return made
}

async function statuses(to: Front, path: string, count: number): Promise<readonly number[]> {
  const found: number[] = []
  for (let sent = 0; sent < count; sent += 1) {
    const request = new Request(`http://registry.test${path}`)
    setPeer(request, { address: '192.0.2.1' })
    found.push((await to.fetch(request)).status)
  }
  return found
}

test('limits refuse requests of the registry, and never its health', async () => {
  const limited = await front('--max-requests-per-second=1', '--request-burst=2')
  expect(await statuses(limited, '/v2/', 3)).toEqual([200, 200, 429])
  for (const path of ['/', '/live', '/ready', '/healthz']) {
    expect(await statuses(limited, path, 5)).toEqual([200, 200, 200, 200, 200])
  }
  expect(await statuses(limited, '/v2/_catalog', 1)).toEqual([429])
})

test('the burst is ten seconds long where it is not set', async () => {
  const limited = await front('--max-requests-per-second=3')
  expect(await statuses(limited, '/v2/', 31)).toEqual([...Array(30).fill(200), 429])
})

test('an address has a limit of its own, of ten seconds at once', async () => {
  const limited = await front('--max-requests-per-second=9', '--max-requests-per-address=2')
  expect(await statuses(limited, '/v2/', 21)).toEqual([...Array(20).fill(200), 429])
})

test('nothing stands around the access where no limit is set', async () => {
  expect(withRequestLimits(null, await settingsOf())).toBe(null)
})
