import { describe, expect, test } from 'vitest'
import type { BlobStore, OpenBlob, StagedBlob, UploadStore } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import {
  blobStoreContract,
  ContractBroken,
  type ContractCase,
  uploadStoreContract,
} from '../../src/testing/index.ts'

/** The store with some methods done otherwise. */
function but<T extends object>(store: T, change: (store: T) => Partial<T>): T {
  const changed = change(store) as Partial<Record<PropertyKey, unknown>>
  return new Proxy(store, {
    get(target, key) {
      if (key in changed) return changed[key]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The first case that does not hold; null where all do. */
async function brokenCase<M>(
  contract: readonly ContractCase<M>[],
  make: M,
): Promise<string | null> {
  for (const { name, run } of contract) {
    try {
      await run(make)
    } catch (error) {
      if (error instanceof ContractBroken) return name
    }
  }
  return null
}

function openedBut(store: BlobStore, change: (blob: OpenBlob) => Partial<OpenBlob>): BlobStore {
  return but(store, (inner) => ({
    async open(blob) {
      const open = await inner.open(blob)
      return open === null ? null : but(open, change)
    },
  }))
}

function stagedBut(store: BlobStore, change: (blob: StagedBlob) => Partial<StagedBlob>): BlobStore {
  return but(store, (inner) => ({
    async stage(id, hint, from) {
      return but(await inner.stage(id, hint, from), change)
    },
  }))
}

const brokenBlobs: Record<string, (store: BlobStore) => BlobStore> = {
  'opens whatever size is asked for': (store) =>
    but(store, (inner) => ({
      async open(blob) {
        for await (const { key, size } of inner.list()) {
          if (key === blob.key) return inner.open({ ...blob, size })
        }
        return null
      },
    })),
  'sends the whole blob for a span': (store) =>
    openedBut(store, (open) => ({ stream: () => open.stream() })),
  'takes the end of a span for the last byte': (store) =>
    openedBut(store, (open) => ({
      stream: (span) => open.stream(span && { ...span, end: Math.min(span.end + 1, open.size) }),
    })),
  'ends early where bytes are missing': (store) =>
    openedBut(store, (open) => ({
      stream: (span) => open.stream(span && { ...span, end: Math.min(span.end, open.size) }),
    })),
  'always has something to delete': (store) =>
    but(store, (inner) => ({
      async delete(blob) {
        await inner.delete(blob)
        return true
      },
    })),
  'deletes nothing': (store) => but(store, () => ({ delete: async () => true })),
  'lists from the start': (store) => but(store, (inner) => ({ list: () => inner.list() })),
  'lists the key it was given': (store) =>
    but(store, (inner) => ({ list: (after) => inner.list(after?.slice(0, -1)) })),
  'begins with what an earlier stage wrote': (store) => {
    const sizes = new Map<string, StagedBlob>()
    return but(store, (inner) => ({
      async stage(id, hint, from) {
        const size = sizes.get(id)?.size
        const staged = await inner.stage(id, hint, from ?? (size === undefined ? from : { size }))
        sizes.set(id, staged)
        return staged
      },
    }))
  },
  'goes on after what it should have dropped': (store) => {
    const stages = new Map<string, StagedBlob>()
    return but(store, (inner) => ({
      async stage(id, hint, from) {
        const size = stages.get(id)?.size
        const later = from === undefined || size === undefined ? from : { size }
        const staged = await inner.stage(id, hint, later)
        stages.set(id, staged)
        return staged
      },
    }))
  },
  'forgets the last byte when suspended': (store) =>
    stagedBut(store, (staged) => ({
      suspend: async () => ({ size: Math.max(staged.size - 1, 0) }),
    })),
  'keeps what was discarded': (store) => stagedBut(store, () => ({ discard: async () => {} })),
  'reads nothing back': (store) =>
    stagedBut(store, () => ({ read: () => new ReadableStream({ start: (it) => it.close() }) })),
  'commits a size of its own': (store) =>
    stagedBut(store, (staged) => ({
      commit: async (digest) => ({ ...(await staged.commit(digest)), size: 1 }),
    })),
}

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

describe('the contract notices a blob store that', () => {
  test.each(Object.entries(brokenBlobs))('%s', async (_, breaking) => {
    expect(await brokenCase(blobStoreContract, () => breaking(memoryBlobs()))).not.toBeNull()
  })
})

describe('the contract notices an upload store that', () => {
  test.each(Object.entries(brokenUploads))('%s', async (_, breaking) => {
    const make = (clock: () => number) => breaking(memoryUploads({ clock }))
    expect(await brokenCase(uploadStoreContract, make)).not.toBeNull()
  })
})

test('what is wrapped and not broken fulfils the contract', async () => {
  const blobs = () =>
    openedBut(
      stagedBut(memoryBlobs(), () => ({})),
      () => ({}),
    )
  expect(await brokenCase(blobStoreContract, blobs)).toBeNull()
  const uploads = (clock: () => number) => but(memoryUploads({ clock }), () => ({}))
  expect(await brokenCase(uploadStoreContract, uploads)).toBeNull()
})
