import { RegistryError } from '../oci/registry-error.ts'
import type { ManifestOutcome, TagRecord } from '../ports/metadata-store.ts'
import type { Stored } from './manifest-record.ts'

/** What a push has stored. @throws RegistryError `preconditionFailed`, `denied`, `manifestInvalid`, `manifestBlobUnknown` and `tagImmutable` with details. */
export function storedOr(outcome: ManifestOutcome | null): Stored {
  if (outcome?.kind === 'stored') return outcome
  if (outcome?.kind === 'immutable') throw immutable(outcome.tags)
  if (outcome?.kind === 'other-type') throw otherType(outcome.mediaType)
  if (outcome?.kind === 'over-quota') throw new RegistryError('denied', { detail: outcome })
  if (outcome?.kind !== 'missing') throw new RegistryError('preconditionFailed')
  const details = outcome.digests.map((missing) => ({ digest: missing }))
  throw new RegistryError('manifestBlobUnknown', { details })
}

function otherType(mediaType: string): RegistryError {
  const reason = `it is here as ${mediaType}, and tags are immutable`
  return new RegistryError('manifestInvalid', { advice: reason, detail: { reason } })
}

/** Why immutable tags stay. */
export function immutable(tags: ReadonlyArray<Pick<TagRecord, 'tag' | 'digest'>>): RegistryError {
  return new RegistryError('tagImmutable', { details: tags })
}
