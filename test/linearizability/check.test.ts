import { expect, test } from 'vitest'
import type { MetadataStore } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import type { ExpectedDigests, ManifestRecord } from '../../src/ports/metadata-values.ts'
import { but } from '../contracts/breaking.ts'
import { anomaliesIn, anomalyIn } from './check.ts'
import { run } from './clients.ts'
import type { Answer, Call, Operation } from './history.ts'
import { storeNode } from './nodes.ts'

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

const options = { seed: 1, clients: 8, operations: 1000 }

/** The anomalies of clients that use three nodes over one store in memory, each broken in its own way. */
async function anomaliesWith(node: (store: MetadataStore) => MetadataStore): Promise<number> {
  const store = memoryMetadata()
  const nodes = [1, 2, 3].map(() => storeNode(node(store)))
  return anomaliesIn(await run({ ...options, nodes })).length
}

test('nodes that resolve tags from a cache for a while are caught', async () => {
  const caching = (store: MetadataStore): MetadataStore => {
    const cache: Map<string, { left: number; record: ManifestRecord | null }> = new Map()
    return but(store, () => ({
      async resolveTag(repository, tag) {
        const key = `${repository}:${tag}`
        const known = cache.get(key)
        if (known !== undefined && known.left > 0) {
          known.left -= 1
          return known.record
        }
        const record = await store.resolveTag(repository, tag)
        cache.set(key, { left: 3, record })
        return record
      },
    }))
  }
  expect(await anomaliesWith(caching)).toBeGreaterThan(0)
})

test('nodes that look at what a push expects before they push are caught', async () => {
  const looking = (store: MetadataStore): MetadataStore =>
    but(store, () => ({
      async putManifest(repository, { expect: wanted, ...change }) {
        if (!wanted?.tag)
          return store.putManifest(repository, wanted ? { ...change, expect: wanted } : change)
        const now = await store.resolveTag(repository, wanted.tag)
        const has = (digests: ExpectedDigests): boolean =>
          now !== null && (digests === 'any' || digests.includes(now.digest))
        const { match, noneMatch } = wanted
        const holds = (match === undefined || has(match)) && !(noneMatch && has(noneMatch))
        return holds ? store.putManifest(repository, change) : { kind: 'conflict' }
      },
    }))
  expect(await anomaliesWith(looking)).toBeGreaterThan(0)
})

test('nodes that set one tag of a push after the other are caught', async () => {
  const stepwise = (store: MetadataStore): MetadataStore =>
    but(store, () => ({
      async putManifest(repository, change) {
        const [first, ...others] = change.tags
        if (first === undefined || others.length === 0) return store.putManifest(repository, change)
        const outcome = await store.putManifest(repository, { ...change, tags: [first] })
        const next = await store.putManifest(repository, { ...change, tags: others })
        if (outcome.kind !== 'stored' || next.kind !== 'stored') return outcome
        return { ...outcome, previous: [...outcome.previous, ...next.previous] }
      },
    }))
  expect(await anomaliesWith(stepwise)).toBeGreaterThan(0)
})

test('the same clients find nothing wrong where nodes are whole', async () => {
  expect(await anomaliesWith((store) => store)).toBe(0)
})
