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
  let bytes = 2
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x80) bytes += code < 0x20 ? escapeBytes(code) : quoted(code) ? 2 : 1
    else if (code < 0x800) bytes += 2
    else if (code < 0xd800 || code > 0xdfff) bytes += 3
    else if (code < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      bytes += 4
      at += 1
    }
    // Half a surrogate pair is written as an escape.
    else bytes += 6
  }
  return bytes
}

/** Control characters with a short escape, such as `\n`, take two bytes, the others six. */
function escapeBytes(code: number): number {
  return code >= 0x08 && code <= 0x0d && code !== 0x0b ? 2 : 6
}

function quoted(code: number): boolean {
  return code === 0x22 || code === 0x5c
}
