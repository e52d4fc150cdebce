import type { RepositoryName } from '../oci/repository-name.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { ManifestFactsOfEvent } from '../ports/events.ts'
import type { Emit } from './deps.ts'
import type { ManifestFacts } from './manifest-facts.ts'
import type { Change, NewRecord, Stored } from './manifest-record.ts'

/** What a push made, for its events. */
export interface MadePush {
  readonly record: NewRecord
  readonly facts: ManifestFacts
  readonly change: Change
  readonly stored: Stored
}

/** Tells of a pushed manifest, and of each tag that stands for something else now. */
export function tellPush(
  emit: Emit,
  call: CallContext,
  repository: RepositoryName,
  push: MadePush,
): void {
  const { record, facts, change, stored } = push
  const { digest } = record
  const { tags } = change
  emit(call, {
    kind: 'manifest-pushed',
    repository,
    ...factsOf(record),
    tags,
    contentSize: facts.contentSize,
    created: stored.created,
  })
  for (const [index, tag] of tags.entries()) {
    const previous = stored.previous[index] ?? null
    if (previous !== digest) emit(call, { kind: 'tag-moved', repository, tag, digest, previous })
  }
}

/** What events say of a manifest. */
export function factsOf(record: NewRecord): ManifestFactsOfEvent {
  const { digest, size, mediaType, artifactType, subject } = record
  return {
    digest,
    size,
    mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
  }
}
