import type { RepositoryName } from '../oci/repository-name.ts'
import type { ManifestFactsOfEvent } from '../ports/events.ts'
import type { EventFacts } from './deps.ts'
import type { ManifestFacts } from './manifest-facts.ts'
import type { Change, NewRecord, Stored } from './manifest-record.ts'

/** What a push made, for its events. */
export interface MadePush {
  readonly record: NewRecord
  readonly facts: ManifestFacts
  readonly change: Change
  readonly stored: Stored
}

/** The events of a pushed manifest: itself, and each tag that stands for something else now. */
export function factsOfPush(
  repository: RepositoryName,
  { record, facts, change, stored }: MadePush,
): readonly EventFacts[] {
  const { digest } = record
  const { tags } = change
  const pushed: EventFacts = {
    kind: 'manifest-pushed',
    repository,
    ...factsOf(record),
    tags,
    contentSize: facts.contentSize,
    created: stored.created,
  }
  const moved = tags.flatMap((tag, index): EventFacts[] => {
    const previous = stored.previous[index] ?? null
    return previous === digest ? [] : [{ kind: 'tag-moved', repository, tag, digest, previous }]
  })
  return [pushed, ...moved]
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
