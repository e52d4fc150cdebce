import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { Peer, Principal } from './access.ts'
import type { TracePlace } from './tracing.ts'

/** What every event says: when it became so, and for whom. */
export interface EventOrigin {
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly repository: RepositoryName
  readonly principal: Principal | null
  readonly requestId: string
  readonly peer: Peer
  /** The span of the request, where the registry traces. */
  readonly trace?: TracePlace
}

/** What an event says of a manifest. */
export interface ManifestFactsOfEvent {
  readonly digest: Digest
  /** Of the manifest itself, in bytes. */
  readonly size: number
  readonly mediaType: string
  readonly artifactType?: string
  /** The digest of its subject, verbatim. */
  readonly subject?: string
}

/** Something that changed in a registry, or, where that was asked for, was pulled from it. */
export type RegistryEvent = EventOrigin &
  (
    | ({
        readonly kind: 'manifest-pushed'
        /** The tags that the push set. */
        readonly tags: readonly Tag[]
        /** What the manifest says its config and layers, or its manifests, have together, in bytes. */
        readonly contentSize: number
        /** Whether the repository did not have it before. */
        readonly created: boolean
      } & ManifestFactsOfEvent)
    | {
        readonly kind: 'tag-moved'
        readonly tag: Tag
        readonly digest: Digest
        /** What it stood for; null for a new tag. */
        readonly previous: Digest | null
      }
    | { readonly kind: 'tag-deleted'; readonly tag: Tag; readonly digest: Digest }
    | ({
        readonly kind: 'manifest-deleted'
        /** The first 1,000 tags that went with it. */
        readonly tags: readonly Tag[]
        readonly tagCount: number
      } & ManifestFactsOfEvent)
    | { readonly kind: 'blob-pushed'; readonly digest: Digest; readonly size: number }
    | {
        readonly kind: 'blob-mounted'
        readonly digest: Digest
        readonly size: number
        readonly from: RepositoryName
      }
    | { readonly kind: 'blob-deleted'; readonly digest: Digest }
    | { readonly kind: 'repository-deleted'; readonly manifests: number; readonly tags: number }
    | ({
        readonly kind: 'manifest-restored'
        /** The first 1,000 tags that came back with it. */
        readonly tags: readonly Tag[]
        readonly tagCount: number
      } & Pick<ManifestFactsOfEvent, 'digest' | 'size' | 'mediaType'>)
    | { readonly kind: 'tag-restored'; readonly tag: Tag; readonly digest: Digest }
    | { readonly kind: 'blob-restored'; readonly digest: Digest }
    | { readonly kind: 'repository-restored'; readonly manifests: number; readonly tags: number }
    | ({ readonly kind: 'manifest-pulled'; readonly tag?: Tag } & ManifestFactsOfEvent)
    | { readonly kind: 'blob-pulled'; readonly digest: Digest; readonly size: number }
  )

/**
 * Takes events, in the order their changes became durable in this process. Called after the change is
 * durable and before its caller hears of it. What it throws, and a promise it returns that rejects, is
 * a notice; nothing waits for the promise.
 */
export type EventSink = (event: RegistryEvent) => void | Promise<void>
