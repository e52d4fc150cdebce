import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Notice } from '../../src/index.ts'
import {
  type MaintenanceOptions,
  type MaintenanceTurns,
  startMaintenance,
} from '../../src/maintenance.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** Maintenance of a registry that counts its turns. */
function started(options: MaintenanceOptions, onNotice: (notice: Notice) => void = () => {}) {
  const turns = { expire: 0, collect: 0, sweep: 0, compact: 0 }
  const registry = {
    async expireUploads(): Promise<void> {
      turns.expire += 1
      throw new Error('the store is away')
    },
    async collectGarbage() {
      turns.collect += 1
      return { blobs: 0, bytes: 0, repositories: 0 }
    },
    async sweepBytes() {
      turns.sweep += 1
      return { looked: 0, swept: 0, bytes: 0 }
    },
    async flushPulls(): Promise<void> {},
    async compactBytes() {
      turns.compact += 1
      return 0
    },
  }
  return { turns, end: startMaintenance(registry, options, onNotice) }
}

describe('maintenance', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('collects nothing unless that is asked for, and ends when it is told to', async () => {
    const { turns, end } = started({})
    await vi.advanceTimersByTimeAsync(10 * minuteMs)
    expect(turns).toEqual({ expire: 10, collect: 0, sweep: 1, compact: 1 })
    await end()
    await vi.advanceTimersByTimeAsync(2 * dayMs)
    expect(turns).toEqual({ expire: 10, collect: 0, sweep: 1, compact: 1 })
  })

  test('collects and sweeps for a service that is restarted more often than that', async () => {
    const { turns, end } = started({ collectEveryMs: 2 * dayMs, sweepEveryMs: 2 * dayMs })
    await vi.advanceTimersByTimeAsync(dayMs)
    await end()
    expect(turns).toMatchObject({ collect: 1, sweep: 1 })
  })

  test('goes on after a failure, although the sink of its notice throws', async () => {
    const notices: Notice[] = []
    const { turns, end } = started({}, (notice) => {
      notices.push(notice)
      throw new Error('the program is broken')
    })
    await vi.advanceTimersByTimeAsync(3 * minuteMs)
    await end()
    expect(turns.expire).toBe(3)
    expect(notices.map(({ kind }) => kind)).toEqual(Array(3).fill('background-failure'))
  })

  test('asks for its turn more often than it is due, where nodes share the work', async () => {
    const asked: [task: string, everyMs: number][] = []
    const turnsOfNodes: MaintenanceTurns = {
      async run(task, everyMs, work) {
        asked.push([task, everyMs])
        if (asked.length === 2) await work()
      },
    }
    const options = { expireEveryMs: 2 * dayMs, sweepEveryMs: dayMs, compactEveryMs: null }
    const { turns, end } = started({ ...options, turns: turnsOfNodes })
    await vi.advanceTimersByTimeAsync(20 * minuteMs)
    await end()
    const once = [
      ['ending idle uploads', 2 * dayMs],
      ['sweeping bytes without a name', dayMs],
    ]
    expect(asked).toEqual([...once, ...once])
    expect(turns).toEqual({ expire: 0, collect: 0, sweep: 1, compact: 0 })
  })
})
