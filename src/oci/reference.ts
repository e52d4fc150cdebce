import { classifyDigest, type Digest } from './digest.ts'
import { parseTag, type Tag } from './tag.ts'

/** What names a manifest inside a repository: a tag or a digest. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'digest'; readonly digest: Digest }

/** A client's `<tag-or-digest>`, told apart; anything with a colon is meant as a digest. */
export type ClassifiedReference =
  | Reference
  | { readonly kind: 'malformed-tag' }
  | { readonly kind: 'malformed-digest' }
  | { readonly kind: 'unsupported-digest' }

const malformedTag: ClassifiedReference = { kind: 'malformed-tag' }
const malformedDigest: ClassifiedReference = { kind: 'malformed-digest' }
const unsupportedDigest: ClassifiedReference = { kind: 'unsupported-digest' }

/** Reads the last path segment of a manifest URL (distribution-spec, end-3, end-7, end-9). */
export function classifyReference(text: string): ClassifiedReference {
  if (!text.includes(':')) {
    const tag = parseTag(text)
    return tag === null ? malformedTag : { kind: 'tag', tag }
  }
  const reading = classifyDigest(text)
  if (reading.kind === 'supported') return { kind: 'digest', digest: reading.digest }
  return reading.kind === 'malformed' ? malformedDigest : unsupportedDigest
}
