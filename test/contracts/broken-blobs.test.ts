import { describe, expect, test } from 'vitest'
import type { BlobStore, OpenBlob, StagedBlob } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { blobStoreContract } from '../../src/testing/index.ts'
import { brokenCase, but } from './breaking.ts'

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

describe('the contract notices a blob store that', () => {
  test.each(Object.entries(brokenBlobs))('%s', async (_, breaking) => {
    expect(await brokenCase(blobStoreContract, () => breaking(memoryBlobs()))).not.toBeNull()
  })
})

test('what is wrapped and not broken fulfils the contract', async () => {
  const blobs = () =>
    openedBut(
      stagedBut(memoryBlobs(), () => ({})),
      () => ({}),
    )
  expect(await brokenCase(blobStoreContract, blobs)).toBeNull()
})
