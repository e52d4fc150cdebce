import type { Digest } from '../oci/digest.ts'
import type { Principal } from '../ports/access.ts'
import type { ManifestChange, ManifestOutcome, NewManifestRecord } from '../ports/metadata-store.ts'
import type { ManifestFacts } from './manifest-facts.ts'

/** A record before its bytes have a place, and before it was pushed. */
export type NewRecord = Omit<NewManifestRecord, 'blob'>

/** A change of a manifest and its tags, its record aside. */
export type Change = Omit<ManifestChange, 'record'>

/** What became of a change that was made. */
export type Stored = ManifestOutcome & { readonly kind: 'stored' }

/**
 * What is recorded of a manifest.
 *
 * @param principal who pushes it
 */
export function recordOf(
  facts: ManifestFacts,
  digest: Digest,
  size: number,
  principal: Principal | null = null,
): NewRecord {
  const { mediaType, artifactType, subject, references, annotations, imageSize } = facts
  return {
    digest,
    size,
    mediaType,
    references,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
    ...(annotations?.length === 0 ? {} : { annotations: annotations ?? [] }),
    ...(principal === null ? {} : { pushedBy: shortId(principal.id) }),
    ...(imageSize === null ? {} : { contentSize: imageSize }),
  }
}

/** Characters of a principal's id that a record keeps. */
const longestId = 256

/** An id that every store can keep: not every database takes half of a surrogate pair, or a null. */
function shortId(id: string): string {
  return id.slice(0, longestId).replace(unkeepable, '\uFFFD')
}

const unkeepable = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
