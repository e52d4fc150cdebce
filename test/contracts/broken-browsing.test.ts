import { describe, expect, test } from 'vitest'
import type { DigestUse, FoundTag, ManifestRecord, TagSearch } from '../../src/index.ts'
import type { ManifestChange, MetadataStore } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { browsingCases } from '../../src/testing/metadata-contract/browsing.ts'
import { tagSearchCases } from '../../src/testing/metadata-contract/tag-searches.ts'
import { brokenCase, but } from './breaking.ts'

type Breaking = (store: MetadataStore) => MetadataStore

/** Changes what is put before it is put. */
function puts(change: (record: ManifestChange['record']) => ManifestChange['record']): Breaking {
  return (store) =>
    but(store, (inner) => ({
      putManifest: (name, given) =>
        inner.putManifest(name, { ...given, record: change(given.record) }),
    }))
}

/** Changes how tags are searched for, and what is found. */
function searches(
  change: (search: TagSearch) => TagSearch,
  found: (tags: readonly FoundTag[], search: TagSearch) => readonly FoundTag[] = (tags) => tags,
): Breaking {
  return (store) =>
    but(store, (inner) => ({
      async findTags(name, search) {
        const page = (await inner.findTags?.(name, change(search))) ?? null
        return page && { ...page, items: found(page.items, search) }
      },
    }))
}

/** Changes what is told of digests. */
function uses(change: (use: DigestUse) => Partial<DigestUse>): Breaking {
  return (store) =>
    but(store, (inner) => ({
      async useOfDigests(name, digests) {
        const found = (await inner.useOfDigests?.(name, digests)) ?? []
        return found.map((use) => use && { ...use, ...change(use) })
      },
    }))
}

function withoutSize({ contentSize: _, ...record }: ManifestChange['record']): typeof record {
  return record
}

const broken: Record<string, Breaking> = {
  'does not note who pushed': puts(({ pushedBy: _, ...record }) => record),
  'keeps who pushed first': (store) => {
    const first = new Map<string, string | undefined>()
    return puts((record) => {
      if (!first.has(record.digest)) first.set(record.digest, record.pushedBy)
      const pushedBy = first.get(record.digest)
      return { ...record, ...(pushedBy === undefined ? {} : { pushedBy }) }
    })(store)
  },
  'counts content anew that it is told the size of': puts(withoutSize),
  'counts no content': (store) => {
    const told = new Set<string>()
    const strip = (record: ManifestRecord | null): ManifestRecord | null =>
      record === null || told.has(record.digest) ? record : (withoutSize(record) as ManifestRecord)
    return but(store, (inner) => ({
      putManifest(name, change) {
        if (change.record.contentSize !== undefined) told.add(change.record.digest)
        return inner.putManifest(name, change)
      },
      findManifest: async (...asked) => strip(await inner.findManifest(...asked)),
    }))
  },
  'counts the manifests of an index, and not what they name': (store) =>
    but(store, (inner) => ({
      async putManifest(name, change) {
        const { record } = change
        if (!record.mediaType.includes('index')) return inner.putManifest(name, change)
        const found = await Promise.all(
          record.references.map((digest) => inner.findManifest(name, digest)),
        )
        const contentSize = found.reduce((sum, one) => sum + (one?.size ?? 0), 0)
        return inner.putManifest(name, { ...change, record: { ...record, contentSize } })
      },
    })),
  'counts content of an index twice': (store) =>
    but(store, (inner) => ({
      async putManifest(name, change) {
        const { record } = change
        if (!record.mediaType.includes('index')) return inner.putManifest(name, change)
        const found = await Promise.all(
          record.references.map((digest) => inner.findManifest(name, digest)),
        )
        const contentSize = found.reduce(
          (sum, one) => sum + (one?.size ?? 0) + (one?.contentSize ?? 0),
          0,
        )
        return inner.putManifest(name, { ...change, record: { ...record, contentSize } })
      },
    })),
  'says when the last manifest that is left was pushed': (store) =>
    but(store, (inner) => ({
      async countRepository(name) {
        const counts = await inner.countRepository(name)
        if (counts === null) return null
        const { pushedAt: _, ...others } = counts
        const times = (await inner.listManifests(name, { limit: 99 }))?.items.map(
          ({ record }) => record.pushedAt,
        )
        return times?.length ? { ...others, pushedAt: Math.max(...times) } : others
      },
    })),
  'says when whatever came last was pushed': (store) => {
    const last = new Map<string, number>()
    return but(store, (inner) => ({
      putManifest(name, change) {
        last.set(name, change.times?.pushedAt ?? Date.now())
        return inner.putManifest(name, change)
      },
      async countRepository(name) {
        const counts = await inner.countRepository(name)
        const pushedAt = last.get(name)
        return counts && pushedAt !== undefined ? { ...counts, pushedAt } : counts
      },
    }))
  },
  'sorts each page alone': searches(
    (search) => ({ ...search, order: 'name' }),
    (tags, { order }) => (order === 'updated' ? [...tags].reverse() : tags),
  ),
  'sorts upwards alone': searches((search) => ({ ...search, descending: false })),
  'ignores the filter': searches(({ filter: _, ...search }) => search),
  'holds a filter to case': searches(
    (search) => search,
    (tags, { filter = '' }) => tags.filter(({ tag }) => tag.includes(filter)),
  ),
  'begins anew with each page': searches(({ after: _, ...search }) => search),
  'takes any place': searches((search) =>
    search.after === 'no tag!' ? { ...search, after: 'a' } : search,
  ),
  'does not say what a tag stands for': searches(
    (search) => search,
    (tags) => tags.map((tag) => ({ ...tag, mediaType: '' })),
  ),
  'says who pushed what is missing': (store) => {
    const seen = new Map<string, FoundTag>()
    return searches(
      (search) => search,
      (tags) =>
        tags.map((tag) => {
          if (tag.mediaType !== '') seen.set(tag.tag, tag)
          return seen.get(tag.tag) ?? tag
        }),
    )(store)
  },
  'goes on after so many': (store) =>
    but(store, (inner) => ({
      async findTags(name, search) {
        const from = Number(search.after ?? '0')
        if (!Number.isSafeInteger(from)) return (await inner.findTags?.(name, search)) ?? null
        const { after: _, ...others } = search
        const all = (await inner.findTags?.(name, { ...others, limit: 1000 })) ?? null
        const items = all?.items.slice(from, from + search.limit) ?? []
        const more = from + search.limit < (all?.items.length ?? 0)
        return all && { items, next: more ? String(from + search.limit) : null }
      },
    })),
  'has no tags where there is no repository': (store) =>
    but(store, (inner) => ({
      findTags: async (...asked) => (await inner.findTags?.(...asked)) ?? { items: [], next: null },
    })),
  'counts referrers by subject alone': (store) =>
    but(store, (inner) => ({
      async countReferrers(...asked) {
        const counts = (await inner.countReferrers?.(...asked)) ?? []
        return counts.map((types) => {
          const count = types.reduce((sum, one) => sum + one.count, 0)
          return count === 0 ? [] : [{ artifactType: '', count }]
        })
      },
    })),
  'leaves out types beyond the hundredth': (store) =>
    but(store, (inner) => ({
      async countReferrers(...asked) {
        const counts = (await inner.countReferrers?.(...asked)) ?? []
        return counts.map((types) => types.filter(({ artifactType }) => artifactType !== '*'))
      },
    })),
  'counts referrers whose bytes are missing': (store) =>
    but(store, (inner) => ({ markMissing: async () => true, listMissing: inner.listMissing })),
  'counts referrers of all repositories': (store) =>
    but(store, (inner) => ({
      async countReferrers(_name, subjects) {
        const { items } = await inner.listRepositories({ limit: 9 })
        const all = await Promise.all(
          items.map(async (name) => (await inner.countReferrers?.(name, subjects)) ?? []),
        )
        return subjects.map((_, at) => all.flatMap((counts) => counts[at] ?? []))
      },
    })),
  'leaves out repositories that are not there': (store) =>
    but(store, (inner) => ({
      summarizeRepositories: async (names) =>
        ((await inner.summarizeRepositories?.(names)) ?? []).filter((one) => one !== null),
    })),
  'summarizes in an order of its own': (store) =>
    but(store, (inner) => ({
      summarizeRepositories: async (names) =>
        (await inner.summarizeRepositories?.([...names].sort())) ?? [],
    })),
  'takes a lease for a use': uses((use) => ({ isElsewhere: use.isElsewhere || use.isBlob })),
  'knows of no other repository': uses(() => ({ isElsewhere: false })),
  'does not tell blobs from manifests': uses(() => ({ isBlob: true, isManifest: true })),
  'does not count who names a digest': uses(({ namedBy }) => ({ namedBy: Math.min(namedBy, 1) })),
  'takes missing bytes for bytes': uses(({ size }) => ({ size: size === 0 ? 101 : size })),
}

const contract = [...browsingCases, ...tagSearchCases]

describe('the contract of browsing notices a store that', () => {
  test.each(Object.entries(broken))('%s', async (_, breaking) => {
    const open = (): MetadataStore =>
      breaking(but(memoryMetadata(), () => ({ close: async () => {} })))
    expect(await brokenCase(contract, () => ({ open }))).not.toBeNull()
  })

  test('forgets with a restart', async () => {
    expect(await brokenCase(contract, () => ({ open: () => memoryMetadata() }))).toBe(
      'what a page shows of pushes outlives the process',
    )
  })
})
