import { expect, test } from 'vitest'
import { anomalyIn } from './check.ts'
import type { Answer, Call, Operation } from './history.ts'

const never = Number.POSITIVE_INFINITY
const stored: Answer = { outcome: 'stored' }
const conflict: Answer = { outcome: 'conflict' }
const absent: Answer = { outcome: 'absent' }
const removed: Answer = { outcome: 'removed' }
const found = (manifest: number): Answer => ({ outcome: 'found', manifest })

const put = (manifest: number, ...tags: number[]): Call => ({ kind: 'put', manifest, tags })
const resolve = (tag: number): Call => ({ kind: 'resolve', tag })
/** Pushes manifest `next` as tag 0 if that stands for `before`, or, with null, for nothing. */
const swap = (next: number, before: number | null): Call => ({
  kind: 'put',
  manifest: next,
  tags: [0],
  expect: { tag: 0, ...(before === null ? { noneMatch: 'any' } : { match: [before] }) },
})

type Row = readonly [start: number, end: number, call: Call, answer: Answer | null]

function anomalyOf(rows: readonly Row[]): string | null {
  const operations: Operation[] = rows.map(([start, end, call, answer], client) => {
    return { client, call, start, end, answer }
  })
  return anomalyIn(operations)
}

const good: readonly [string, readonly Row[]][] = [
  ['nothing', []],
  [
    'a read of the old value, then of the new one, while it is pushed',
    [
      [1, 2, put(0, 0), stored],
      [3, 10, put(1, 0), stored],
      [4, 5, resolve(0), found(0)],
      [6, 7, resolve(0), found(1)],
    ],
  ],
  [
    'one winner of two conditional pushes',
    [
      [1, 5, swap(0, null), conflict],
      [2, 6, swap(1, null), stored],
      [7, 8, resolve(0), found(1)],
    ],
  ],
  [
    'a push without an answer that takes effect much later',
    [
      [1, 2, put(0, 0), stored],
      [3, never, put(1, 0), null],
      [4, 5, resolve(0), found(0)],
      [6, 7, put(2, 0), stored],
      [8, 9, resolve(0), found(2)],
      [10, 11, resolve(0), found(1)],
    ],
  ],
  [
    'a push without an answer that never takes effect',
    [
      [1, never, put(1, 0), null],
      [2, 3, resolve(0), absent],
    ],
  ],
  [
    'a push that would change nothing at first, and takes effect later',
    [
      [1, 2, put(0, 0), stored],
      [3, 10, put(0, 0), stored],
      [4, 5, resolve(0), found(0)],
      [6, 7, put(1, 0), stored],
      [8, 9, resolve(0), found(0)],
    ],
  ],
  [
    'a manifest whose deletion takes all its tags at once',
    [
      [1, 2, put(0, 0, 1), stored],
      [3, 10, { kind: 'deleteManifest', manifest: 0 }, { ...removed, tags: [0, 1] }],
      [4, 5, resolve(0), found(0)],
      [6, 7, resolve(1), absent],
      [8, 9, resolve(0), absent],
    ],
  ],
]

test.each(good)('an order explains %s', (_, rows) => {
  expect(anomalyOf(rows)).toBe(null)
})

const bad: readonly [string, readonly Row[]][] = [
  [
    'a stale read',
    [
      [1, 2, put(0, 0), stored],
      [3, 4, put(1, 0), stored],
      [5, 6, resolve(0), found(0)],
    ],
  ],
  [
    'the old value after the new one was read, while it is pushed',
    [
      [1, 2, put(0, 0), stored],
      [3, 10, put(1, 0), stored],
      [4, 5, resolve(0), found(1)],
      [6, 7, resolve(0), found(0)],
    ],
  ],
  [
    'a lost update: both follow the same value',
    [
      [1, 2, put(0, 0), stored],
      [3, 6, put(1, 0), { ...stored, previous: [0] }],
      [4, 5, put(2, 0), { ...stored, previous: [0] }],
    ],
  ],
  [
    'two winners of a conditional push',
    [
      [1, 2, put(0, 0), stored],
      [3, 6, swap(1, 0), stored],
      [4, 5, swap(2, 0), stored],
    ],
  ],
  [
    'a conditional push without a winner',
    [
      [1, 4, swap(0, null), conflict],
      [2, 3, swap(1, null), conflict],
    ],
  ],
  [
    'a read of a value that was never pushed',
    [
      [1, 4, put(0, 0), stored],
      [2, 3, resolve(0), found(3)],
    ],
  ],
  [
    'a push without an answer that takes effect before it began, or twice',
    [
      [1, 2, resolve(0), found(1)],
      [3, never, put(1, 0), null],
    ],
  ],
  [
    'a push without an answer that takes effect twice',
    [
      [1, never, put(1, 0), null],
      [2, 3, resolve(0), found(1)],
      [4, 5, put(0, 0), stored],
      [6, 7, resolve(0), found(1)],
      [8, 9, put(0, 0), stored],
      [10, 11, resolve(0), found(1)],
    ],
  ],
  [
    'a tag that outlives its manifest',
    [
      [1, 2, put(0, 0, 1), stored],
      [3, 4, { kind: 'deleteManifest', manifest: 0 }, removed],
      [5, 6, resolve(1), found(0)],
    ],
  ],
  [
    'a push of two tags that is seen by halves',
    [
      [1, 8, put(0, 0, 1), stored],
      [2, 3, resolve(0), found(0)],
      [4, 5, resolve(1), absent],
    ],
  ],
]

test.each(bad)('no order explains %s', (_, rows) => {
  expect(anomalyOf(rows)).toMatch(/none of these can follow/)
})
