import { expect, test } from 'vitest'
import { scrub } from '../prove/scrub.ts'

const options = { runtime: 'node', seed: 7, length: 40 } as const

test('every bit that flipped is found, nothing else is, and a push heals all', async () => {
  const { violations } = await scrub.run({ ...options, broken: null })
  expect(violations).toEqual([])
})

test.each(scrub.breaks)(
  'the proof of that fails where the registry is broken: %s',
  async (broken) => {
    const { violations } = await scrub.run({ ...options, broken })
    expect(violations.length).toBeGreaterThan(20)
  },
)
