import { expect, test } from 'vitest'
import { sharedTurns } from '../../adapters/cli/stores/shared-turns.ts'
import type { KeyStore } from '../../src/access/index.ts'
import type { MaintenanceTurns } from '../../src/kit.ts'
import { promised } from '../node-fs/loopback.ts'

const everyMs = 1000
const task = 'sweeping'

/** Nodes that share documents and a clock. */
function nodes(count: number): {
  readonly all: readonly MaintenanceTurns[]
  pass(ms: number): void
} {
  const texts: Map<string, string> = new Map()
  const storeOf = (name: string): KeyStore => ({
    read: async () => texts.get(name) ?? null,
    async replace(before, after) {
      if ((texts.get(name) ?? null) !== before) return false
      texts.set(name, after)
      return true
    },
  })
  let now = 1_000_000
  return {
    all: Array.from({ length: count }, () => sharedTurns(storeOf, () => now)),
    pass(ms) {
      now += ms
    },
  }
}

test('of nodes that ask at once, one does the work, and again when it is due', async () => {
  const { all, pass } = nodes(3)
  let done = 0
  const askAll = (): Promise<unknown> =>
    Promise.all(all.map((node) => node.run(task, everyMs, async () => void done++)))
  await askAll()
  await askAll()
  expect(done).toBe(1)
  pass(everyMs - 1)
  await askAll()
  expect(done).toBe(1)
  pass(1)
  await askAll()
  expect(done).toBe(2)
})

test('another node takes over from one that was not heard of', async () => {
  const { all, pass } = nodes(2)
  const [first, second] = all
  const { promise: begun, keep: begin } = promised()
  // The timers of a node that hangs do not fire either: nothing renews.
  void first?.run(task, everyMs, () => {
    begin()
    return new Promise(() => {})
  })
  await begun
  let done = 0
  const ask = async (): Promise<void> => second?.run(task, everyMs, async () => void done++)
  await ask()
  pass(59_999)
  await ask()
  expect(done).toBe(0)
  pass(1)
  await ask()
  expect(done).toBe(1)
})

test('work that fails is due again at once, by any node', async () => {
  const { all } = nodes(2)
  const failing = all[0]?.run(task, everyMs, async () => {
    throw new Error('the bucket is away')
  })
  await expect(failing).rejects.toThrow('the bucket is away')
  let done = 0
  await all[1]?.run(task, everyMs, async () => void done++)
  expect(done).toBe(1)
})

test('tasks do not wait for each other', async () => {
  const { all } = nodes(1)
  const done: string[] = []
  for (const name of ['a', 'b']) await all[0]?.run(name, everyMs, async () => void done.push(name))
  expect(done).toEqual(['a', 'b'])
})
