import { type Digest, parseDigest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/tag.ts'

const grammar = /^(sha256|sha512)-([0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?$/

/**
 * What a tag is about that a client made of a digest, where a registry may not know referrers: cosign's
 * `sha256-….sig`, and the list of referrers that is kept under `sha256-…`. Null for every other tag.
 */
export function subjectOfTag(tag: Tag): Digest | null {
  const [, algorithm, hex] = grammar.exec(tag) ?? []
  return algorithm === undefined || hex === undefined ? null : parseDigest(`${algorithm}:${hex}`)
}
