import type { Digest } from '../oci/digest.ts'
import type { ManifestChange, ManifestOutcome, NewManifestRecord } from '../ports/metadata-store.ts'
import type { ManifestFacts } from './manifest-facts.ts'

/** A record before its bytes have a place, and before it was pushed. */
export type NewRecord = Omit<NewManifestRecord, 'blob'>

/** A change of a manifest and its tags, its record aside. */
export type Change = Omit<ManifestChange, 'record'>

/** What became of a change that was made. */
export type Stored = ManifestOutcome & { readonly kind: 'stored' }

/** What is recorded of a manifest. */
export function recordOf(facts: ManifestFacts, digest: Digest, size: number): NewRecord {
  const { mediaType, artifactType, subject, references, annotations } = facts
  return {
    digest,
    size,
    mediaType,
    references,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
    ...(annotations?.length === 0 ? {} : { annotations: annotations ?? [] }),
  }
}
