import { describe, expect, test } from 'vitest'
import type { ManifestRecord, MetadataStore } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { usageCases } from '../../src/testing/metadata-contract/usage.ts'
import { brokenCase, but } from './breaking.ts'

type Found = ManifestRecord | null

/** Changes what is found of a manifest, by its digest and in lists. */
function finds(store: MetadataStore, change: (record: ManifestRecord) => ManifestRecord) {
  const changed = (record: Found): Found => record && change(record)
  return but(store, (inner) => ({
    findManifest: async (...asked) => changed(await inner.findManifest(...asked)),
    resolveTag: async (...asked) => changed(await inner.resolveTag(...asked)),
  }))
}

function without(record: ManifestRecord, name: 'untaggedAt' | 'pulledAt'): ManifestRecord {
  const { [name]: _, ...rest } = record
  return rest
}

const broken: Record<string, (store: MetadataStore) => MetadataStore> = {
  'does not note when a tag left': (store) => finds(store, (one) => without(one, 'untaggedAt')),
  'says that what never had a tag lost one': (store) =>
    finds(store, (one) => ({ untaggedAt: one.pushedAt, ...one })),
  'notes only tags that were deleted': (store) => {
    const deleted = new Set<string>()
    const changed = finds(store, (one) =>
      deleted.has(one.digest) ? one : without(one, 'untaggedAt'),
    )
    return but(changed, (inner) => ({
      async deleteTag(repository, tag) {
        const digest = await inner.deleteTag(repository, tag)
        if (digest !== null) deleted.add(digest)
        return digest
      },
    }))
  },
  'forgets with a push when the last tag left': (store) => {
    const pushed = new Set<string>()
    const changed = finds(store, (one) =>
      pushed.has(one.digest) ? without(one, 'untaggedAt') : one,
    )
    return but(changed, (inner) => ({
      async putManifest(repository, change) {
        const { digest } = change.record
        if (change.tags.length > 0) pushed.delete(digest)
        else if ((await inner.findManifest(repository, digest)) !== null) pushed.add(digest)
        return inner.putManifest(repository, change)
      },
    }))
  },
  'remembers when a tag left that is tagged again': (store) => {
    const left = new Map<string, number>()
    return finds(store, (one) => {
      if (one.untaggedAt !== undefined) left.set(one.digest, one.untaggedAt)
      const untaggedAt = left.get(one.digest)
      return untaggedAt === undefined ? one : { ...one, untaggedAt }
    })
  },
  'leaves the time out of lists': (store) =>
    but(store, (inner) => ({
      async listManifests(...asked) {
        const page = await inner.listManifests(...asked)
        const items = page?.items.map((one) => ({
          ...one,
          record: without(one.record, 'untaggedAt'),
        }))
        return page && { more: page.more, items: items ?? [] }
      },
    })),
  'notes no pulls': (store) => but(store, () => ({ notePulls: async () => {} })),
  'notes the moment of a pull': (store) => {
    const pulls = new Map<string, number>()
    const changed = finds(store, (one) => {
      const pulledAt = pulls.get(one.digest)
      return pulledAt === undefined ? one : { ...one, pulledAt }
    })
    return but(changed, (inner) => ({
      async notePulls(noted) {
        for (const { digest, at } of noted) pulls.set(digest, at)
        await inner.notePulls?.(noted)
      },
    }))
  },
  'notes a pull in every repository': (store) =>
    but(store, (inner) => ({
      async notePulls(noted) {
        const { items } = await inner.listRepositories({ limit: 9 })
        const all = noted.flatMap((one) => items.map((repository) => ({ ...one, repository })))
        await inner.notePulls?.(all)
      },
    })),
  'notes the last pull that it is told of': (store) => {
    const last = new Map<string, number>()
    const changed = finds(store, (one) => {
      const pulledAt = last.get(one.digest)
      return pulledAt === undefined || one.pulledAt === undefined ? one : { ...one, pulledAt }
    })
    return but(changed, (inner) => ({
      async notePulls(noted) {
        for (const { digest, at } of noted) last.set(digest, at - (at % 3_600_000))
        await inner.notePulls?.(noted)
      },
    }))
  },
  'never knows since when it notes pulls': (store) =>
    but(store, () => ({ pullsSince: async () => null })),
  'notes pulls anew each time': (store) => {
    let since: number | null = null
    return but(store, (inner) => ({
      async notePulls(noted) {
        since = (since ?? 0) + 1
        await inner.notePulls?.(noted)
      },
      pullsSince: async () => since,
    }))
  },
  'ignores the times of use of a copy': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, { times, ...change }) {
        if (times === undefined) return inner.putManifest(repository, change)
        const { untaggedAt: _, pulledAt: __, ...others } = times
        return inner.putManifest(repository, { ...change, times: others })
      },
    })),
}

describe('the contract of use notices a store that', () => {
  test.each(Object.entries(broken))('%s', async (_, breaking) => {
    const open = (): MetadataStore =>
      breaking(but(memoryMetadata(), () => ({ close: async () => {} })))
    expect(await brokenCase(usageCases, () => ({ open }))).not.toBeNull()
  })

  test('forgets with a restart', async () => {
    expect(await brokenCase(usageCases, () => ({ open: () => memoryMetadata() }))).toBe(
      'what was noted of the use outlives the process',
    )
  })
})
