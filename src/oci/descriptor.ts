import type { Digest } from './digest.ts'

/** Annotations: a client's keys and values, as entries, because `__proto__` is a legal key. */
export type Annotations = ReadonlyArray<readonly [key: string, value: string]>

/** What a referrers list says of one manifest (image-spec, descriptor.md; distribution-spec end-12). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly artifactType?: string
  readonly annotations?: Annotations
}

/** The field names, quotes and commas of a descriptor in a list, and the digits of its size. */
const framing = 100

/** An annotation counts as this much at least: each is work, however short it is. */
const leastAnnotation = 100

/** Descriptors in one page of a list at most, however short they are. */
export const mostDescriptors = 4096

/**
 * Returns how much of a page a descriptor takes, in bytes: never less than its length as JSON in
 * UTF-8, and more for short annotations, so that a page is bounded in work as well.
 */
export function descriptorBytes(entry: Descriptor): number {
  let bytes = framing + jsonBytes(entry.mediaType) + jsonBytes(entry.digest)
  if (entry.artifactType !== undefined) bytes += jsonBytes(entry.artifactType)
  for (const [key, value] of entry.annotations ?? []) {
    bytes += Math.max(jsonBytes(key) + jsonBytes(value) + 2, leastAnnotation)
  }
  return bytes
}

/** Returns how long `JSON.stringify(text)` is, in bytes of UTF-8. */
export function jsonBytes(text: string): number {
  if (unescaped.test(text)) return text.length + 2
  return encoder.encode(JSON.stringify(text)).byteLength
}

/** ASCII of which JSON escapes nothing. */
const unescaped = /^[ !#-[\]-~]*$/
const encoder = new TextEncoder()
