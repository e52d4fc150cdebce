import { afterAll, describe, expect, test } from 'vitest'
import type { BlobRef, BlobStore, OpenBlob, StagedBlob } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { type BlobStoreMaker, blobStoreContract } from '../../src/testing/index.ts'
import { sampleOf } from '../sample.ts'
import { isFull } from '../services/test-service.ts'
import { brokenCases, but } from './breaking.ts'
import { partPlace } from './part-place.ts'

type Twin = (store: BlobStore, shared: Map<string, BlobRef>) => BlobStore

/** Opens the store over one bucket, broken in the same way each time. */
function twin(breaking: Twin): BlobStoreMaker {
  return () => {
    const place = partPlace({ minPartBytes: 1024, keysPerPage: 2 })
    const shared = new Map<string, BlobRef>()
    return { ...place, open: async () => breaking(await place.open(), shared) }
  }
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

/** Gives out keys of its own making, which lead to the newest bytes committed under them. */
function keyedBy(nameOf: (id: string, blob: BlobRef) => string): Twin {
  return (store, shared) =>
    but(store, (inner) => ({
      async stage(id, hint, from) {
        return but(await inner.stage(id, hint, from), (staged) => ({
          async commit(digest) {
            const blob = await staged.commit(digest)
            const key = nameOf(id, blob)
            shared.set(key, blob)
            return { ...blob, key }
          },
        }))
      },
      open: async (blob) => inner.open({ ...blob, key: shared.get(blob.key)?.key ?? '' }),
      async delete(blob) {
        const found = shared.get(blob.key)
        return found !== undefined && inner.delete(found)
      },
    }))
}

const broken: Record<string, Twin> = {
  'drops what an upload became with what it was before': (store, shared) =>
    but(store, (inner) => ({
      async stage(id, hint, from) {
        return but(await inner.stage(id, hint, from), (staged) => ({
          async commit(digest) {
            const blob = await staged.commit(digest)
            shared.set(id, blob)
            return blob
          },
          async discard() {
            await staged.discard()
            const blob = from === undefined ? undefined : shared.get(id)
            if (blob !== undefined) await inner.delete(blob)
          },
        }))
      },
    })),
  'opens any size that is asked for': (store) =>
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
  'lists each digest once': (store) =>
    but(store, (inner) => ({
      async *list(after) {
        const seen = new Set<unknown>()
        for await (const entry of inner.list(after)) {
          if (!seen.has(entry.digest)) yield entry
          seen.add(entry.digest)
        }
      },
    })),
  'lists what nobody committed': (store) =>
    but(store, (inner) => ({
      async *list(after) {
        yield* inner.list(after)
        yield { key: '~', size: 0, committedAt: 0, digest: null }
      },
    })),
  'ends a list when something is deleted': (store) => {
    let deleted = 0
    return but(store, (inner) => ({
      delete(blob) {
        deleted += 1
        return inner.delete(blob)
      },
      async *list(after) {
        const before = deleted
        for await (const entry of inner.list(after)) {
          yield entry
          if (deleted > before) return
        }
      },
    }))
  },
  'begins with what an earlier stage wrote': (store) => {
    const states = new Map<string, StagedBlob>()
    return but(store, (inner) => ({
      async stage(id, hint, from) {
        const earlier = await states.get(id)?.suspend()
        const staged = await inner.stage(id, hint, from ?? earlier)
        states.set(id, staged)
        return staged
      },
    }))
  },
  'goes on after what it should have dropped': (store) => {
    const stages = new Map<string, StagedBlob>()
    return but(store, (inner) => ({
      async stage(id, hint, from) {
        const later = from === undefined ? undefined : await stages.get(id)?.suspend()
        const staged = await inner.stage(id, hint, later ?? from)
        stages.set(id, staged)
        return staged
      },
    }))
  },
  'starts again where bytes are gone': (store) =>
    but(store, (inner) => ({
      stage: (id, hint, from) => inner.stage(id, hint, from).catch(() => inner.stage(id, hint)),
    })),
  'forgets the last byte when suspended': (store) =>
    stagedBut(store, (staged) => ({
      suspend: async () => ({ ...(await staged.suspend()), size: Math.max(staged.size - 1, 0) }),
    })),
  'keeps what was discarded': (store) => stagedBut(store, () => ({ discard: async () => {} })),
  'discards once': (store) => {
    const discarded = new Set<StagedBlob>()
    return stagedBut(store, (staged) => ({
      async discard() {
        if (discarded.has(staged)) throw new Error('discarded before')
        discarded.add(staged)
        await staged.discard()
      },
    }))
  },
  'reads nothing back': (store) =>
    stagedBut(store, () => ({ read: () => new ReadableStream({ start: (it) => it.close() }) })),
  'counts no bytes while they are written': (store) =>
    stagedBut(store, (staged) => ({
      get size() {
        return staged.size === 0 ? 0 : 1
      },
    })),
  'takes empty chunks for the end': (store) =>
    stagedBut(store, (staged) => {
      let over = false
      return {
        write(chunk) {
          over ||= chunk.byteLength === 0
          return over ? undefined : staged.write(chunk)
        },
      }
    }),
  'writes the chunks of one call apart': (store) =>
    stagedBut(store, (staged) => ({
      write(chunk) {
        void Promise.resolve().then(() => staged.write(chunk))
      },
    })),
  'writes all uploads to one place': (store) => {
    let first: Parameters<BlobStore['stage']>[0] | null = null
    return but(store, (inner) => ({
      stage(id, hint, from) {
        first ??= id
        return inner.stage(first, hint, from)
      },
    }))
  },
  'takes what a hint says for the size': (store) =>
    but(store, (inner) => ({
      async stage(id, hint, from) {
        const staged = await inner.stage(id, hint, from)
        return but(staged, () => ({
          commit: async (digest) => {
            const blob = await staged.commit(digest)
            return { ...blob, size: hint.length ?? blob.size }
          },
        }))
      },
    })),
  'commits a size of its own': (store) =>
    stagedBut(store, (staged) => ({
      commit: async (digest) => ({ ...(await staged.commit(digest)), size: 1 }),
    })),
  'has one key for a digest': keyedBy((_id, blob) => blob.digest),
  'has one key for an upload': keyedBy((id) => id),
  'opens keys that are nearly right': (store) =>
    but(store, (inner) => ({
      open: (blob) => inner.open({ ...blob, key: blob.key.replace(/^[./]+|x$/g, '') }),
    })),
  'knows one algorithm': (store) =>
    stagedBut(store, (staged) => ({
      async commit(digest) {
        if (digest.startsWith('sha512')) throw new Error('too long')
        return staged.commit(digest)
      },
    })),
  'reads one at a time': (store) => {
    let reading = false
    return but(store, (inner) => ({
      async open(blob) {
        if (reading) throw new Error('busy')
        reading = true
        await new Promise((resolve) => setImmediate(resolve))
        reading = false
        return inner.open(blob)
      },
    }))
  },
  'fails when a reader cancels': (store) => {
    const once = (stream: ReadableStream<Uint8Array>) => {
      const reader = stream.getReader()
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          const next = await reader.read()
          if (next.done) controller.close()
          else controller.enqueue(next.value)
        },
        cancel() {
          throw new Error('not to the end')
        },
      })
    }
    return stagedBut(
      openedBut(store, (open) => ({ stream: (span) => once(open.stream(span)) })),
      (staged) => ({ read: () => once(staged.read()) }),
    )
  },
  'ends a stream when the blob is deleted': (store) => {
    let deleted = false
    const cut = (stream: ReadableStream<Uint8Array>) => {
      const reader = stream.getReader()
      return new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const next = deleted ? ({ done: true } as const) : await reader.read()
            if (next.done) controller.close()
            else controller.enqueue(next.value)
          },
        },
        { highWaterMark: 0 },
      )
    }
    return but(
      openedBut(store, (open) => ({ stream: (span) => cut(open.stream(span)) })),
      (inner) => ({
        async delete(blob) {
          deleted = true
          return inner.delete(blob)
        },
      }),
    )
  },
  'reuses the first committed bytes of an upload': (store) => {
    const firsts = new Map<string, StagedBlob>()
    return but(store, (inner) => ({
      async stage(id, hint, from) {
        const staged = await inner.stage(id, hint, from)
        return but(staged, () => ({
          async commit(digest) {
            const blob = await staged.commit(digest)
            firsts.set(
              id,
              but(staged, () => ({ discard: async () => void inner.delete(blob) })),
            )
            return blob
          },
          discard: () => (firsts.get(id) ?? staged).discard(),
        }))
      },
    }))
  },
  'closes only once': (store) => {
    let closed = false
    return but(store, () => ({
      async close() {
        if (closed) throw new Error('closed before')
        closed = true
      },
    }))
  },
  'is never fit to be used': (store) =>
    but(store, () => ({ check: () => Promise.reject(new Error('not today')) })),
  'has a bucket of its own in each instance': () =>
    partPlace({ minPartBytes: 1024 }).open() as BlobStore,
  'drops an upload when its commit fails': (store) =>
    stagedBut(store, (staged) => ({
      async commit(digest) {
        try {
          return await staged.commit(digest)
        } catch (error) {
          await staged.discard()
          throw error
        }
      },
    })),
  'drops an upload when it cannot be suspended': (store) =>
    stagedBut(store, (staged) => ({
      async suspend() {
        try {
          return await staged.suspend()
        } catch (error) {
          await staged.discard()
          throw error
        }
      },
    })),
  'takes an outage for a missing blob': (store) =>
    but(store, (inner) => ({ open: (blob) => inner.open(blob).catch(() => null) })),
  'takes an outage for a deletion': (store) =>
    but(store, (inner) => ({ delete: (blob) => inner.delete(blob).catch(() => true) })),
  'presigns one URL for everything': (store) => {
    let first: URL | null | undefined
    return but(store, (inner) => ({
      async presign(blob, ttlMs) {
        first ??= await inner.presign?.(blob, ttlMs)
        return first ?? null
      },
    }))
  },
}

/** A large blob takes long in each twin, so one twin is enough for it. */
const cases = blobStoreContract.filter(({ name }) => !name.includes('many megabytes'))

/** Every case that some twin failed. */
const failed = new Set<string>()

describe('the contract notices a blob store that', () => {
  test.each(sampleOf('broken stores', Object.entries(broken), 4))('%s', async (_, breaking) => {
    const names = await brokenCases(cases, twin(breaking))
    expect(names).not.toEqual([])
    for (const name of names) failed.add(name)
  })

  test('keeps few megabytes', async () => {
    const breaking: Twin = (store) =>
      stagedBut(store, (staged) => ({
        async commit(digest) {
          if (staged.size > 8 * 1024 * 1024) throw new Error('too large')
          return staged.commit(digest)
        },
      }))
    const names = await brokenCases(blobStoreContract, twin(breaking))
    expect(names).toEqual(['a blob of many megabytes, with a break in the middle'])
  })

  afterAll(() => {
    // A sample of the twins fails a sample of the cases.
    if (!isFull) return
    const never = cases.filter(({ name }) => !failed.has(name))
    expect(never.map(({ name }) => name)).toEqual([])
  })
})

test('what is wrapped and not broken fulfils the contract', async () => {
  const wrapped: Twin = (store) =>
    openedBut(
      stagedBut(store, () => ({})),
      () => ({}),
    )
  expect(await brokenCases(blobStoreContract, twin(wrapped))).toEqual([])
  expect(memoryBlobs().presign).toBeUndefined()
})
