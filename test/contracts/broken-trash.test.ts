import { describe, expect, test } from 'vitest'
import type { Digest } from '../../src/index.ts'
import type { MetadataStore, RestoreOutcome } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { conditionCases } from '../../src/testing/metadata-contract/conditions.ts'
import { there } from '../../src/testing/metadata-contract/store-case.ts'
import { trashCases } from '../../src/testing/metadata-contract/trash.ts'
import { trashManifestCases } from '../../src/testing/metadata-contract/trash-manifests.ts'
import { trashRepositoryCases } from '../../src/testing/metadata-contract/trash-repositories.ts'
import { brokenCase, but } from './breaking.ts'

const cases = [...conditionCases, ...trashCases, ...trashManifestCases, ...trashRepositoryCases]

/** Changes what comes of bringing something back. */
function restores(
  store: MetadataStore,
  change: (outcome: RestoreOutcome, inner: MetadataStore) => unknown,
): MetadataStore {
  return but(store, (inner) => ({
    async restore(...asked) {
      const outcome = (await inner.restore?.(...asked)) ?? null
      if (outcome !== null) await change(outcome, inner)
      return outcome
    },
  }))
}

const broken: Record<string, (store: MetadataStore) => MetadataStore> = {
  'does not say that it keeps a trash': (store) => but(store, () => ({ keepsTrash: false })),
  'does not say that it looks at conditions': (store) =>
    but(store, () => ({ checksDeletions: false })),
  'deletes tags that stand for another manifest': (store) =>
    but(store, (inner) => ({
      deleteTag: (name, tag, { expect: _, ...rest } = {}) => inner.deleteTag(name, tag, rest),
    })),
  'deletes tags that were set since': (store) =>
    but(store, (inner) => ({
      deleteTag: (name, tag, { notSince: _, ...rest } = {}) => inner.deleteTag(name, tag, rest),
    })),
  'deletes manifests that were pushed since': (store) =>
    but(store, (inner) => ({
      deleteManifest: (name, digest, { notSince: _, ...rest }) =>
        inner.deleteManifest(name, digest, rest),
    })),
  'deletes tags whose subject is there': (store) =>
    but(store, (inner) => ({
      deleteTag: (name, tag, { unlessHas: _, ...rest } = {}) => inner.deleteTag(name, tag, rest),
    })),
  'deletes manifests whose subject is there': (store) =>
    but(store, (inner) => ({
      deleteManifest: (name, digest, { unlessHas: _, ...rest }) =>
        inner.deleteManifest(name, digest, rest),
    })),
  'keeps manifests whose subject is in another repository': (store) =>
    but(store, (inner) => ({
      async deleteManifest(name, digest, options) {
        for (const has of options.unlessHas ?? []) {
          const found = await inner.findManifest(there, has)
          if (found !== null) return { kind: 'kept', tag: null, has }
        }
        return inner.deleteManifest(name, digest, options)
      },
    })),
  'looks only at the push of a manifest': (store) =>
    but(store, (inner) => ({
      async deleteManifest(name, digest, { notSince, ...rest }) {
        const found = await inner.findManifest(name, digest)
        const isOld = notSince !== undefined && (found?.pushedAt ?? 0) < notSince
        const condition = isOld || notSince === undefined ? {} : { notSince }
        return inner.deleteManifest(name, digest, { ...rest, ...condition })
      },
    })),
  'puts everything into the trash': (store) =>
    but(store, (inner) => ({
      deleteTag: (name, tag, options) => inner.deleteTag(name, tag, { trashMs: 1e9, ...options }),
    })),
  'deletes tags for good': (store) =>
    but(store, (inner) => ({ deleteTag: (name, tag) => inner.deleteTag(name, tag) })),
  'deletes manifests for good': (store) =>
    but(store, (inner) => ({
      deleteManifest: (name, digest, { leaseMs }) =>
        inner.deleteManifest(name, digest, { leaseMs }),
    })),
  'deletes blobs for good': (store) =>
    but(store, (inner) => ({ unlinkBlob: (name, digest) => inner.unlinkBlob(name, digest) })),
  'deletes repositories for good': (store) =>
    but(store, (inner) => ({ deleteRepository: (name) => inner.deleteRepository(name) })),
  'lists no entries': (store) =>
    but(store, () => ({ listTrash: async () => ({ items: [], more: false }) })),
  'lists the newest entries first': (store) =>
    but(store, (inner) => ({
      async listTrash(...asked) {
        const page = (await inner.listTrash?.(...asked)) ?? { items: [], more: false }
        return { ...page, items: page.items.toReversed() }
      },
    })),
  'lists entries of all repositories': (store) =>
    but(store, (inner) => ({
      listTrash: async (page) => (await inner.listTrash?.(page)) ?? { items: [], more: false },
    })),
  'restores entries of other repositories': (store) =>
    but(store, (inner) => ({
      async restore(_, id, options) {
        const { items } = (await inner.listTrash?.({ limit: 1000 })) ?? { items: [] }
        const entry = items.find((each) => each.id === id)
        return entry ? ((await inner.restore?.(entry.repository, id, options)) ?? null) : null
      },
    })),
  'sets all tags anew': (store) =>
    restores(store, async (outcome, inner) => {
      if (outcome.kind !== 'restored') return
      const { entry, left } = outcome
      for (const { tag } of left) {
        const record = await inner.findManifest(entry.repository, entry.digest as Digest)
        if (record === null) continue
        const { pushedAt: _, untaggedAt: __, pulledAt: ___, ...put } = record
        const change = { record: put, tags: [tag], requires: [], immutable: [] }
        await inner.putManifest(entry.repository, change)
      }
    }),
  'brings manifests back without their tags': (store) =>
    restores(store, async (outcome, inner) => {
      if (outcome.kind !== 'restored') return
      for (const tag of outcome.tags) await inner.deleteTag(outcome.entry.repository, tag)
    }),
  'brings manifests back without their blobs': (store) =>
    restores(store, async (outcome, inner) => {
      if (outcome.kind !== 'restored' || outcome.entry.kind !== 'manifest') return
      const { repository, digest } = outcome.entry
      const record = await inner.findManifest(repository, digest as Digest)
      for (const blob of record?.references ?? []) await inner.unlinkBlob(repository, blob)
    }),
  'brings manifests back over a quota': (store) =>
    but(store, (inner) => ({
      restore: async (name, id, { leaseMs }) =>
        (await inner.restore?.(name, id, { leaseMs })) ?? null,
    })),
  'brings manifests back as if they were pushed': (store) =>
    restores(store, async (outcome, inner) => {
      if (outcome.kind !== 'restored' || outcome.entry.kind !== 'manifest') return
      const { repository, digest } = outcome.entry
      const record = await inner.findManifest(repository, digest as Digest)
      if (record === null) return
      const { pushedAt: _, untaggedAt: __, pulledAt: ___, ...put } = record
      await inner.putManifest(repository, { record: put, tags: [], requires: [], immutable: [] })
    }),
  'ends no entries before their time': (store) => but(store, () => ({ dropTrash: async () => 0 })),
  'ends all entries at once': (store) =>
    but(store, (inner) => ({
      dropTrash: async () => (await inner.dropTrash?.('all', 1000)) ?? 0,
    })),
  'ends an entry that could not be brought back': (store) =>
    restores(store, async (outcome, inner) => {
      if (outcome.kind === 'restored') return
      const { items } = (await inner.listTrash?.({ limit: 1 })) ?? { items: [] }
      await inner.dropTrash?.(
        items.map(({ id }) => id),
        1,
      )
    }),
  'ends entries with a collection': (store) =>
    but(store, (inner) => ({
      async condemn(limit) {
        await inner.dropTrash?.('all', 1000)
        return inner.condemn(limit)
      },
    })),
  'lets blobs of the trash be mounted': (store) => {
    const kept = new Map<string, { key: string; size: number }>()
    return but(store, (inner) => ({
      async unlinkBlob(name, digest, options) {
        const blob = await inner.findBlob(name, digest)
        if (blob !== null) kept.set(`${name} ${digest}`, blob)
        return inner.unlinkBlob(name, digest, options)
      },
      async mountBlob(from, to, digest, leaseMs) {
        const blob = kept.get(`${from} ${digest}`)
        if (blob === undefined) return inner.mountBlob(from, to, digest, leaseMs)
        return inner.linkBlob(to, { digest, ...blob }, leaseMs)
      },
    }))
  },
}

describe('the contract of the trash notices a store that', () => {
  test.each(Object.entries(broken))('%s', async (_, breaking) => {
    const clock = fakeClock()
    const open = (): MetadataStore =>
      breaking(but(memoryMetadata({ elapsed: clock.now }), () => ({ close: async () => {} })))
    const found = cases.filter(({ needs }) => !needs.includes('reopen'))
    expect(await brokenCase(found, () => ({ open, advance: clock.advance }))).not.toBeNull()
  })

  test('forgets it with a restart', async () => {
    const clock = fakeClock()
    const open = () => memoryMetadata({ elapsed: clock.now })
    const found = await brokenCase(cases, () => ({ open, advance: clock.advance }))
    expect(found).toBe('the trash outlives the process')
  })

  test('and nothing in one that is whole', async () => {
    const clock = fakeClock()
    const open = () => memoryMetadata({ elapsed: clock.now })
    const found = cases.filter(({ needs }) => !needs.includes('reopen'))
    expect(await brokenCase(found, () => ({ open, advance: clock.advance }))).toBeNull()
  })
})
