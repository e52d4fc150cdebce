import { type Digest, encodedOf } from '../oci/digest.ts'

/** Stands for the hex of a digest in the key of its bytes. */
const mark = '\0'

/**
 * A key as it is kept: most stores build the hex of the digest into it, which is there already and
 * longer than all the rest.
 */
export function packKey(key: string, digest: Digest): string {
  if (key.includes(mark)) return `${mark}${mark}${key}`
  const hex = encodedOf(digest)
  const at = key.indexOf(hex)
  if (at === -1) return key
  return [key.slice(0, at), mark, key.slice(at + hex.length)].join('')
}

/** The key that {@link packKey} made it of. */
export function unpackKey(packed: string, digest: Digest): string {
  const at = packed.indexOf(mark)
  if (at === -1) return packed
  if (packed[at + 1] === mark) return packed.slice(2)
  return packed.slice(0, at) + encodedOf(digest) + packed.slice(at + 1)
}

/**
 * The same text, with nothing behind it: one that was cut out of a longer text, such as the path of a
 * request, keeps all of that alive.
 */
export function flatCopy<T extends string>(text: T): T {
  return [text.slice(0, 1), text.slice(1)].join('') as T
}
