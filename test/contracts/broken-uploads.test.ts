import { describe, expect, test } from 'vitest'
import type { UploadStore } from '../../src/kit.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { uploadStoreContract } from '../../src/testing/index.ts'
import { brokenCase, but } from './breaking.ts'

const brokenUploads: Record<string, (store: UploadStore) => UploadStore> = {
  'lets everybody claim': (store) =>
    but(store, (inner) => ({ claim: (id) => inner.claim(id, 'everybody', 1000) })),
  'never lets a claim lapse': (store) =>
    but(store, (inner) => ({ claim: (id, holder) => inner.claim(id, holder, 1e12) })),
  'does not renew': (store) => {
    const claimed = new Set<string>()
    return but(store, (inner) => ({
      async claim(id, holder, ttlMs) {
        if (claimed.has(id + holder)) return inner.find(id)
        claimed.add(id + holder)
        return inner.claim(id, holder, ttlMs)
      },
    }))
  },
  'saves without a claim': (store) =>
    but(store, (inner) => ({
      async save(session, holder) {
        await inner.claim(session.id, holder, 1000)
        return inner.save(session, holder)
      },
    })),
  'keeps the claim after a save': (store) =>
    but(store, (inner) => ({
      async save(session, holder) {
        const saved = await inner.save(session, holder)
        if (saved) await inner.claim(session.id, holder, 1000)
        return saved
      },
    })),
  'never releases': (store) => but(store, () => ({ release: async () => {} })),
  'has no total': (store) =>
    but(store, (inner) => ({ create: (it, caps) => inner.create(it, { ...caps, total: 1e9 }) })),
  'has no share for each principal': (store) =>
    but(store, (inner) => ({
      create: (it, caps) => inner.create(it, { ...caps, perPrincipal: 1e9 }),
    })),
  'counts no bytes': (store) => but(store, () => ({ stagedBytes: async () => 0 })),
  'expires the newest first': (store) =>
    but(store, (inner) => ({
      expired: async (before, limit) => [...(await inner.expired(before, limit))].reverse(),
    })),
  'expires too much': (store) =>
    but(store, (inner) => ({ expired: (before) => inner.expired(before, 1000) })),
  'expires what is not older': (store) =>
    but(store, (inner) => ({ expired: (before, limit) => inner.expired(before + 1, limit) })),
  'removes twice': (store) =>
    but(store, (inner) => ({
      async remove(id) {
        await inner.remove(id)
        return true
      },
    })),
}

describe('the contract notices an upload store that', () => {
  test.each(Object.entries(brokenUploads))('%s', async (_, breaking) => {
    const make = (clock: () => number) => breaking(memoryUploads({ clock }))
    expect(await brokenCase(uploadStoreContract, make)).not.toBeNull()
  })
})

test('what is wrapped and not broken fulfils the contract', async () => {
  const make = (clock: () => number) => but(memoryUploads({ clock }), () => ({}))
  expect(await brokenCase(uploadStoreContract, make)).toBeNull()
})
