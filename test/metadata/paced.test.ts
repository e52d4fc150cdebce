import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { paced } from '../../src/metadata/paced.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Work of a millisecond for each item. */
async function* workOf(items: number): AsyncGenerator<number> {
  for (let item = 0; item < items; item += 1) {
    vi.advanceTimersByTime(1)
    yield item
  }
}

/** Takes all items; returns them, and how long it took in all, in milliseconds of the fake clock. */
async function takeAll(
  items: number,
  isUrgent: () => boolean,
  take: (item: number) => void = () => {},
): Promise<{ taken: number[]; ms: number }> {
  const taken: number[] = []
  const began = performance.now()
  let isOver = false
  const work = (async () => {
    for await (const item of paced(workOf(items), isUrgent)) {
      taken.push(item)
      take(item)
    }
    isOver = true
  })()
  while (!isOver) await vi.advanceTimersToNextTimerAsync()
  await work
  return { taken, ms: performance.now() - began }
}

test('paced work leaves three quarters of the time to others', async () => {
  const { taken, ms } = await takeAll(100, () => false)
  expect(taken).toEqual(Array.from({ length: 100 }, (_, item) => item))
  expect(ms).toBe(400)
})

test('urgent work gives way, and does not rest', async () => {
  const { ms } = await takeAll(100, () => true)
  expect(ms).toBeLessThanOrEqual(150)
})

test('work becomes urgent while it is under way', async () => {
  let isUrgent = false
  const { ms } = await takeAll(
    100,
    () => isUrgent,
    (item) => {
      if (item === 49) isUrgent = true
    },
  )
  expect(ms).toBeGreaterThanOrEqual(200 + 50)
  expect(ms).toBeLessThanOrEqual(200 + 75)
})

test('the time of who takes the items is not rested for', async () => {
  const { ms } = await takeAll(
    10,
    () => false,
    () => vi.advanceTimersByTime(10),
  )
  expect(ms).toBe(40 + 100)
})
