import type { Digest } from '../../index.ts'
import { type BlobRef, type BlobStore, newUploadId, type StagedBlob } from '../../kit.ts'
import { type ContractCase, holds } from '../contract.ts'
import { readAll } from '../samples.ts'

/** Makes a fresh, empty blob store. */
export type BlobStoreMaker = () => BlobStore | Promise<BlobStore>

/** A case of the blob store's contract. */
export type BlobStoreCase = ContractCase<BlobStoreMaker>

/** A case that needs one store. */
export function blobCase(name: string, body: (store: BlobStore) => Promise<void>): BlobStoreCase {
  return {
    name,
    async run(make) {
      await body(await make())
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
