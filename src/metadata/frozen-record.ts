import type { Annotations } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * A record that its readers cannot change, so that all of them may have the same.
 *
 * Its fields are set one by one: V8 gives every frozen copy that was made by spreading a shape of its
 * own, which takes more memory than the record.
 */
export function frozenRecord(
  { size, mediaType, artifactType, subject, annotations, pushedAt }: ManifestRecord,
  blob: BlobRef,
  references: readonly Digest[],
): ManifestRecord {
  const { digest } = blob
  const record: Mutable<ManifestRecord> =
    artifactType === undefined
      ? { digest, size, mediaType, blob, references, pushedAt }
      : { digest, size, mediaType, blob, references, pushedAt, artifactType }
  if (subject !== undefined) record.subject = subject
  if (annotations !== undefined) record.annotations = frozenAnnotations(annotations)
  return Object.freeze(record)
}

function frozenAnnotations(annotations: Annotations): Annotations {
  if (Object.isFrozen(annotations)) return annotations
  return Object.freeze(annotations.map(([key, value]) => Object.freeze([key, value] as const)))
}
