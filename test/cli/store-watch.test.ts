import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Entries } from '../../adapters/cli/log.ts'
import { watchStores } from '../../adapters/cli/stores/store-watch.ts'
import { tellOutages } from '../../adapters/cli/stores/tell-outages.ts'
import { callContext } from '../../src/core/call-context.ts'
import {
  createRegistry,
  type Notice,
  RegistryError,
  type RegistryService,
  repositoryName,
} from '../../src/index.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Two stores that a test takes away, and what was told of them. */
function watched(trustedMs = 0) {
  const away: { database: Error | 'silent' | null; bucket: Error | 'silent' | null } = {
    database: null,
    bucket: null,
  }
  const checks = { database: 0, bucket: 0 }
  const check = (store: 'database' | 'bucket') => async (): Promise<void> => {
    checks[store] += 1
    const how = away[store]
    if (how === 'silent') await new Promise(() => {})
    if (how instanceof Error) throw how
  }
  const notices: Notice[] = []
  const watch = watchStores(
    {
      metadata: { name: 'the database', check: check('database') },
      blobs: { name: 'the bucket', trustedMs, check: check('bucket') },
    },
    (notice) => void notices.push(notice),
  )
  return { away, checks, notices, watch }
}

test('a store that goes away and comes back is told of once each, however often it is asked', async () => {
  const { away, notices, watch } = watched()
  away.bucket = new Error('NoAnswer')
  for (let turn = 0; turn < 10; turn++) {
    await vi.advanceTimersByTimeAsync(1_100)
    await watch.look()
  }
  const reason = 'the bucket cannot be used'
  const unavailable = { state: 'unavailable', reason }
  const ok = { state: 'ok', reason: null }
  expect(await watch.look()).toEqual({ metadata: ok, blobs: unavailable, uploads: unavailable })
  away.bucket = null
  await vi.advanceTimersByTimeAsync(10_000)
  watch.close()
  const change = { kind: 'store-condition', part: 'blobs' }
  expect(notices).toEqual([
    { ...change, ...unavailable, error: new Error('NoAnswer') },
    { ...change, ...ok, error: null },
  ])
})

test('a store that does not answer at all counts as away', async () => {
  const { away, notices, watch } = watched()
  away.database = 'silent'
  const looked = watch.look()
  await vi.advanceTimersByTimeAsync(4_000)
  watch.close()
  const unavailable = { state: 'unavailable', reason: 'the database cannot be used' }
  expect(await looked).toMatchObject({ metadata: unavailable, uploads: unavailable })
  expect(notices).toMatchObject([{ part: 'metadata', error: new Error('no answer in 4000 ms') }])
})

test('a store that answered is trusted for a while, unless a request fails', async () => {
  const { away, checks, notices, watch } = watched(10_000)
  await vi.advanceTimersByTimeAsync(12_000)
  expect(checks).toEqual({ database: 4, bucket: 1 })
  away.bucket = new Error('NoAnswer')
  expect(await watch.doubt()).toBe(false)
  expect(notices).toMatchObject([{ part: 'blobs', state: 'unavailable' }])
  // It is known to be away: more failures ask nothing.
  const before = checks.bucket
  await Promise.all([watch.doubt(), watch.doubt()])
  expect(checks.bucket).toBe(before)
  away.bucket = null
  await vi.advanceTimersByTimeAsync(3_000)
  watch.close()
  expect(notices).toMatchObject([{}, { part: 'blobs', state: 'ok' }])
})

test('a store that is slow, and answers requests meanwhile, is not away', async () => {
  const { away, notices, watch } = watched()
  away.database = 'silent'
  const looked = watch.look()
  await vi.advanceTimersByTimeAsync(2_000)
  watch.worked()
  await vi.advanceTimersByTimeAsync(2_000)
  watch.close()
  expect(await looked).toMatchObject({ metadata: { state: 'ok' } })
  expect(notices).toEqual([])
})

test('a slow look is not joined by another', async () => {
  const { away, checks, watch } = watched()
  away.database = 'silent'
  void watch.look()
  await vi.advanceTimersByTimeAsync(3_900)
  void watch.look()
  watch.close()
  expect(checks.database).toBe(1)
})

test('requests that fail while a store is away add nothing; a store that refuses is told of', async () => {
  const { away, watch } = watched()
  const lines: unknown[] = []
  const log = { error: (...words: readonly unknown[]) => void lines.push(words) }
  const cause = new Error('PutObject: AccessDenied (403)')
  const failing = createRegistry({
    wrap: (service: RegistryService): RegistryService => ({
      ...service,
      listTags: () => Promise.reject(new RegistryError('unavailable', { cause })),
    }),
  }).service
  const service = tellOutages(failing, watch, log as unknown as Entries)
  const ask = async (): Promise<void> => {
    const asked = service.listTags(callContext(), repositoryName('a'), { limit: 1 })
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable' })
    await vi.advanceTimersByTimeAsync(0)
  }
  away.bucket = new Error('NoAnswer')
  await ask()
  expect(lines).toEqual([])
  away.bucket = null
  await vi.advanceTimersByTimeAsync(3_000)
  await ask()
  await ask()
  expect(lines).toEqual([[{ err: cause }, 'a store refused what a request needs']])
  await vi.advanceTimersByTimeAsync(60_000)
  await ask()
  expect(lines).toHaveLength(2)
  watch.close()
})
