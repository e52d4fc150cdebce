import type { Digest } from '../../index.ts'
import {
  type BlobRef,
  type BlobStore,
  newUploadId,
  type StagedBlob,
  type StageState,
} from '../../kit.ts'
import { type ContractCase, holds, type Need, type StorePlace } from '../contract.ts'
import { readAll } from '../samples.ts'

/** Where the bytes of one blob store are. */
export interface BlobStorePlace extends StorePlace<BlobStore> {
  /** Fetches what a presigned URL leads to. Default: the global `fetch`. */
  fetch?(url: URL): Promise<Response>
}

/** Makes a fresh, empty place. */
export type BlobStoreMaker = () => BlobStorePlace | Promise<BlobStorePlace>

/** A case of the blob store's contract. */
export type BlobStoreCase = ContractCase<BlobStoreMaker>

/** A case that needs one store. */
export function blobCase(name: string, body: (store: BlobStore) => Promise<void>): BlobStoreCase {
  return placeCase(name, [], async ({ open }) => body(await open()))
}

/** A {@link BlobStorePlace} as a case sees it: what it opened is closed at its end. */
export interface BlobPlaceInUse {
  readonly open: () => Promise<BlobStore>
  /** Closes what is open, and opens the store again. */
  readonly reopen: () => Promise<BlobStore>
  readonly failOnce: (skip?: number) => () => boolean
  readonly fetch: (url: URL) => Promise<Response>
}

/** A case that opens the store itself. */
export function placeCase(
  name: string,
  needs: readonly Need[],
  body: (place: BlobPlaceInUse) => Promise<void>,
): BlobStoreCase {
  return {
    name,
    needs,
    async run(make) {
      const place = await make()
      const opened: BlobStore[] = []
      const open = async (): Promise<BlobStore> => {
        const store = await place.open()
        opened.push(store)
        return store
      }
      const closeAll = async (): Promise<void> => {
        for (const store of opened.splice(0)) await store.close()
      }
      try {
        await body({
          open,
          reopen: async () => {
            await closeAll()
            return await open()
          },
          failOnce: (skip) => place.failOnce?.(skip) ?? (() => false),
          fetch: (url) => place.fetch?.(url) ?? fetch(url),
        })
      } finally {
        await closeAll()
      }
    },
  }
}

/**
 * Writes `bytes` in pieces of `piece` bytes, each an array of its own, waiting where the store asks
 * for it.
 */
export async function writeAll(blob: StagedBlob, bytes: Uint8Array, piece = 1000): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += piece) {
    const busy = blob.write(bytes.slice(at, at + piece))
    if (busy !== undefined) {
      holds(typeof busy.then === 'function', 'write returns nothing or a promise')
      await busy
    }
  }
}

/** A state as another process would get it. */
export async function suspended(blob: StagedBlob): Promise<StageState> {
  return JSON.parse(JSON.stringify(await blob.suspend())) as StageState
}

/** Stages and commits `bytes` in one go. */
export async function put(store: BlobStore, digest: Digest, bytes: Uint8Array): Promise<BlobRef> {
  const staged = await store.stage(newUploadId(), { length: bytes.byteLength, digest })
  await writeAll(staged, bytes)
  return await staged.commit(digest)
}

/** The bytes of a committed blob. */
export async function get(store: BlobStore, blob: BlobRef): Promise<Uint8Array> {
  const open = await store.open(blob)
  holds(open !== null, `the blob ${blob.key} opens`)
  return await readAll(open.stream())
}

/** What the store lists: keys and sizes, once everything else of an entry was looked at. */
export async function listed(
  store: BlobStore,
  blobs: readonly BlobRef[],
  after?: string,
): Promise<readonly string[]> {
  const known = new Map(blobs.map((blob) => [blob.key, blob]))
  const keys: string[] = []
  for await (const { key, size, committedAt, digest } of store.list(after)) {
    const blob = known.get(key)
    holds(blob !== undefined, `${key} was committed`)
    holds(size === blob.size, `the size of ${key} is ${blob.size}, not ${size}`)
    holds(Number.isFinite(committedAt) && committedAt >= 0, `${key} was committed at some time`)
    holds(digest === null || digest === blob.digest, `the digest of ${key} is not ${digest}`)
    keys.push(key)
  }
  return keys
}
