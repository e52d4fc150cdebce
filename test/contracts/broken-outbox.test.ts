import { describe, expect, test } from 'vitest'
import type { MetadataStore, Outbox } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { outboxCases } from '../../src/testing/metadata-contract/outbox.ts'
import { outboxClaimCases } from '../../src/testing/metadata-contract/outbox-claims.ts'
import { outboxLetterCases } from '../../src/testing/metadata-contract/outbox-letters.ts'
import { outboxTellCases } from '../../src/testing/metadata-contract/outbox-tell.ts'
import { brokenCase, but } from './breaking.ts'

const all = [...outboxTellCases, ...outboxCases, ...outboxClaimCases, ...outboxLetterCases]
const cases = all.filter(
  ({ needs }) => !needs.includes('reopen') && !needs.includes('secondInstance'),
)

type Break = (outbox: Outbox) => Partial<Outbox>

const broken: Record<string, Break> = {
  'gives out more than the oldest of a repository': (inner) => ({
    async claim(endpoints, options) {
      const claims = await inner.claim(endpoints, options)
      const { items } = await inner.list({ limit: 100, state: 'waiting' })
      const others = items.filter(({ endpoint }) => endpoints.includes(endpoint))
      const entries = others.map((each) => ({ ...each, claim: 'x' }))
      return { ...claims, entries: entries.slice(0, options.limit) }
    },
  }),
  'gives out what is claimed': (inner) => ({
    async claim(endpoints, options) {
      const claims = await inner.claim(endpoints, options)
      await inner.release(claims.entries)
      return claims
    },
  }),
  'gives out the newest first': (inner) => ({
    async claim(endpoints, options) {
      const claims = await inner.claim(endpoints, options)
      return { ...claims, entries: claims.entries.toReversed() }
    },
  }),
  'never ends a claim': (inner) => ({
    claim: (endpoints, options) => inner.claim(endpoints, { ...options, forMs: 1e9 }),
  }),
  'gives out messages of all endpoints': (inner) => ({
    claim: (_, options) => inner.claim(['east', 'west'], options),
  }),
  'does not say when more can be claimed': (inner) => ({
    claim: async (endpoints, options) => ({
      ...(await inner.claim(endpoints, options)),
      nextInMs: null,
    }),
  }),
  'keeps what was delivered': () => ({ delivered: async () => {} }),
  'tries again at once': (inner) => ({
    retry: (entry, next) => inner.retry(entry, { ...next, inMs: 0 }),
  }),
  'forgets why a delivery failed': (inner) => ({
    retry: (entry, next) => inner.retry(entry, { ...next, error: '' }),
  }),
  'believes an old claim': (inner) => ({
    async retry(entry, next) {
      const { items } = await inner.list({ limit: 100 })
      if (items.some(({ id }) => id === entry.id)) await inner.retry(entry, next)
      const { entries } = await inner.claim([entry.endpoint], { limit: 100, forMs: 0 })
      await inner.release(entries)
      const there = items.find(({ id }) => id === entry.id)
      if (there !== undefined) await inner.drop({ ids: [there.id] }, 1)
    },
  }),
  'drops what is to be a dead letter': (inner) => ({
    bury: async (entry) => void (await inner.drop({ ids: [entry.id] }, 1)),
  }),
  'does not give claims back': () => ({ release: async () => {} }),
  'sends all dead letters again': (inner) => ({ resend: (_, limit) => inner.resend({}, limit) }),
  'sends dead letters again without end': (inner) => ({
    resend: (which) => inner.resend(which, 1e6),
  }),
  'drops more than it should': (inner) => ({ drop: (_, limit) => inner.drop({}, limit) }),
  'lists all states': (inner) => ({ list: ({ state: _, ...page }) => inner.list(page) }),
  'lists all endpoints': (inner) => ({ list: ({ endpoint: _, ...page }) => inner.list(page) }),
  'counts nothing': () => ({ counts: async () => [] }),
  'has no bounds': () => ({ trim: async () => ({ buried: 0, dropped: 0 }) }),
  'bounds messages and not their bytes': (inner) => ({
    trim: (limits) => inner.trim({ ...limits, waitingBytes: 1e9, deadBytes: 1e9 }),
  }),
}

/** The same store with something of its outbox, or of its changes, broken. */
function breaking(store: MetadataStore, change: Break): MetadataStore {
  const { outbox } = store
  if (outbox === undefined) throw new Error('metadata in memory have an outbox')
  return but(store, () => ({ outbox: but(outbox, change) }))
}

const deaf: Record<string, (store: MetadataStore) => Partial<MetadataStore>> = {
  'does not tell of links': (inner) => ({
    linkBlob: (repository, blob, leaseMs) => inner.linkBlob(repository, blob, leaseMs),
  }),
  'does not tell of manifests': (inner) => ({
    putManifest: (repository, { tell: _, ...change }) => inner.putManifest(repository, change),
  }),
  'tells of what does not happen': (inner) => ({
    async deleteTag(repository, tag, options) {
      const gone = await inner.deleteTag(repository, tag, options)
      if (gone === null) options?.tell?.(gone as never)
      return gone
    },
  }),
  'tells something else than it answers': (inner) => ({
    deleteRepository: (repository, { tell, ...options } = {}) =>
      inner.deleteRepository(repository, {
        ...options,
        ...(tell && { tell: (counts) => tell({ ...counts, tags: counts.tags + 1 }) }),
      }),
  }),
}

describe('the contract of the outbox notices a store that', () => {
  const made = (change: (store: MetadataStore) => MetadataStore) => () => {
    const clock = fakeClock()
    return { open: () => change(memoryMetadata({ elapsed: clock.now })), advance: clock.advance }
  }

  test.each(Object.entries(broken))('%s', async (_, change) => {
    expect(
      await brokenCase(
        cases,
        made((store) => breaking(store, change)),
      ),
    ).not.toBeNull()
  })

  test.each(Object.entries(deaf))('%s', async (_, change) => {
    expect(
      await brokenCase(
        cases,
        made((store) => but(store, change)),
      ),
    ).not.toBeNull()
  })

  test('forgets it with a restart', async () => {
    const restarts = all.filter(({ needs }) => needs.includes('reopen'))
    expect(
      await brokenCase(
        restarts,
        made((store) => store),
      ),
    ).not.toBeNull()
  })

  test('and nothing in one that is whole', async () => {
    expect(
      await brokenCase(
        cases,
        made((store) => store),
      ),
    ).toBeNull()
  })
})
