import { expect, test } from 'vitest'
import { leapOf } from '../../adapters/cli/retention/clock-leap.ts'
import type { KeyStore } from '../../src/access/index.ts'

const dayMs = 86_400_000

function memoryNote(): KeyStore {
  let text: string | null = null
  return {
    read: async () => text,
    async replace(before, after) {
      if (before !== text) return false
      text = after
      return true
    },
  }
}

test('a turn more than a week after the last waits for the next one', async () => {
  const note = memoryNote()
  const start = Date.UTC(2026, 0)
  const turn = (days: number): Promise<number | null> => leapOf(note, start + days * dayMs, dayMs)
  expect(await turn(0)).toBeNull()
  expect(await turn(1)).toBeNull()
  expect(await turn(8)).toBeNull()
  expect(await turn(16)).toBe(8 * dayMs)
  expect(await turn(17)).toBeNull()
  // The clock is set right again, years back.
  expect(await turn(5000)).toBe(4983 * dayMs)
  expect(await turn(18)).toBeNull()
  expect(await turn(19)).toBeNull()
})

test('turns that are far apart by the settings are no leap, and what cannot be read is none', async () => {
  const note = memoryNote()
  const monthMs = 30 * dayMs
  expect(await leapOf(note, 0, monthMs)).toBeNull()
  expect(await leapOf(note, monthMs, monthMs)).toBeNull()
  expect(await leapOf(note, 5 * monthMs, monthMs)).toBe(4 * monthMs)
  await note.replace(await note.read(), 'x')
  expect(await leapOf(note, 90 * monthMs, monthMs)).toBeNull()
})
