import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Entries } from '../../adapters/cli/log.ts'
import { StoppedWaiting, waitFor } from '../../adapters/cli/stores/wait-for.ts'
import { promised } from '../node-fs/loopback.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A log, and what it took. */
function heard(): { readonly log: Entries; readonly lines: string[] } {
  const lines: string[] = []
  const note = (...words: readonly unknown[]): void => void lines.push(String(words.at(-1)))
  const log = {
    debug: note,
    info: note,
    warn: note,
    error: note,
    fatal: note,
  } as unknown as Entries
  return { log, lines }
}

const explain = (error: unknown): { text: string; isFinal: boolean } => {
  const { message } = error as Error
  return { text: `the database db/app ${message}`, isFinal: message === 'refuses the password' }
}

const away = (): Promise<never> => Promise.reject(new Error('does not answer'))
const never = new Promise<void>(() => {})

test('a store that comes late is waited for, and the log says so once in ten seconds', async () => {
  const { log, lines } = heard()
  let tries = 0
  const open = (): Promise<string> => (++tries < 12 ? away() : Promise.resolve('open'))
  const opened = waitFor('database', open, explain, { withinMs: 30_000, log, stop: never })
  await vi.advanceTimersByTimeAsync(30_000)
  expect(await opened).toBe('open')
  const waiting = 'waiting for the database'
  expect(lines).toEqual([waiting, waiting, 'the database answers'])
})

test('one that never comes ends the start, with what is wrong and how long it waited', async () => {
  const { log } = heard()
  const opened = waitFor('database', away, explain, { withinMs: 5_000, log, stop: never })
  const refused = expect(opened).rejects.toThrow(
    'the database db/app does not answer. Waited 5 s, as --store-wait says',
  )
  await vi.advanceTimersByTimeAsync(5_000)
  await refused
})

test('what waiting cannot help ends it at once', async () => {
  const { log, lines } = heard()
  const open = (): Promise<never> => Promise.reject(new Error('refuses the password'))
  const opened = waitFor('database', open, explain, { withinMs: 5_000, log, stop: never })
  await expect(opened).rejects.toThrow('the database db/app refuses the password')
  expect(lines).toEqual([])
})

test('a signal ends the waiting', async () => {
  const { log } = heard()
  const { promise: stop, keep: signal } = promised()
  const opened = waitFor('database', away, explain, { withinMs: 60_000, log, stop })
  const stopped = expect(opened).rejects.toThrow(StoppedWaiting)
  await vi.advanceTimersByTimeAsync(1_000)
  signal()
  await stopped
})
