import { expect, test } from 'vitest'
import type { MetadataStore, RestoreOutcome } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import type { ExpectedDigests, ManifestRecord } from '../../src/ports/metadata-values.ts'
import { but } from '../contracts/breaking.ts'
import { anomaliesIn } from './check.ts'
import { run } from './clients.ts'
import { storeNode } from './nodes.ts'

const options = { seed: 1, clients: 8, operations: 1000 }

/** The anomalies of clients that use three nodes over one store in memory, each broken in its own way. */
async function anomaliesWith(
  node: (store: MetadataStore) => MetadataStore,
  { trash = false }: { readonly trash?: boolean } = {},
): Promise<number> {
  const store = memoryMetadata()
  const nodes = [1, 2, 3].map(() => storeNode(node(store)))
  return anomaliesIn(await run({ ...options, nodes, trash })).length
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

test('nodes that tell two clients of one deletion that they undid it are caught', async () => {
  const outcomes: Map<string, RestoreOutcome> = new Map()
  const repeating = (store: MetadataStore): MetadataStore =>
    but(store, () => ({
      async restore(repository, id, restoring) {
        const outcome = (await store.restore?.(repository, id, restoring)) ?? null
        if (outcome !== null) outcomes.set(id, outcome)
        return outcomes.get(id) ?? null
      },
    }))
  expect(await anomaliesWith(repeating, { trash: true })).toBeGreaterThan(0)
})

test.each([false, true])(
  'the same clients find nothing wrong where nodes are whole (deletions undone: %s)',
  async (trash) => {
    expect(await anomaliesWith((store) => store, { trash })).toBe(0)
  },
)
