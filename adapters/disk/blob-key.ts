import { type Digest, parseDigest } from '../../src/index.ts'
import { algorithmOf, type BlobRef, encodedOf } from '../../src/kit.ts'
import type { Layout } from './layout.ts'

declare const blobKeyBrand: unique symbol

/**
 * A key of this store that was checked: its path below the store's folder. Only {@link newBlobKey} and
 * {@link parseBlobKey} make one, so a path built from it cannot leave that folder.
 */
export type BlobKey = string & { readonly [blobKeyBrand]: true }

const suffixBytes = 8
const grammar = /^blobs\/(sha256|sha512)\/([0-9a-f]{64,128})(?:-[0-9a-f]{16})?$/

/** A key that was never used before, for bytes of `digest`. */
export function newBlobKey(digest: Digest): BlobKey {
  const random = crypto.getRandomValues(new Uint8Array(suffixBytes))
  const suffix = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `blobs/${algorithmOf(digest)}/${encodedOf(digest)}-${suffix}` as BlobKey
}

/** The key `text` spells, with its digest; null for anything else. Format 1 had no suffix. */
export function parseBlobKey(
  text: string,
): { readonly key: BlobKey; readonly digest: Digest } | null {
  const [, algorithm, hex] = grammar.exec(text) ?? []
  const digest = hex === undefined ? null : parseDigest(`${algorithm}:${hex}`)
  return digest === null ? null : { key: text as BlobKey, digest }
}

/** Where the bytes of a blob are; null where the key is not one that this store could have given to the digest. */
export function pathOfBlob(layout: Layout, { key, digest }: BlobRef): string | null {
  const parsed = parseBlobKey(key)
  return parsed === null || parsed.digest !== digest ? null : layout.blob(parsed.key)
}
