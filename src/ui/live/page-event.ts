import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { RegistryEvent } from '../../ports/events.ts'

/** A change as an open view is told of it. Who made it is not told. */
export interface PageEvent {
  /** A kind of {@link RegistryEvent}, or `changed` where another node made the change. */
  readonly kind: string
  readonly repository: RepositoryName
  readonly tag?: Tag
  readonly digest?: Digest
}

/** What a view is told of an event; null for one that no view shows, such as a pull or a blob. */
export function pageEvent(event: RegistryEvent): PageEvent | null {
  const { kind, repository } = event
  switch (kind) {
    case 'manifest-pushed':
    case 'manifest-deleted':
    case 'manifest-restored': {
      const { tags, digest } = event
      const [tag] = tags
      return { kind, repository, digest, ...(tag === undefined ? {} : { tag }) }
    }
    case 'tag-deleted':
    case 'tag-restored':
      return { kind, repository, tag: event.tag, digest: event.digest }
    case 'repository-deleted':
    case 'repository-restored':
      return { kind, repository }
    // The push that moves a tag is an event of its own.
    case 'tag-moved':
    case 'blob-pushed':
    case 'blob-mounted':
    case 'blob-deleted':
    case 'blob-restored':
    case 'manifest-pulled':
    case 'blob-pulled':
      return null
  }
}
