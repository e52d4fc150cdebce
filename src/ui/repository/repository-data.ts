import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { TagOrder } from '../../ports/browsing.ts'
import type { ArtifactKind } from '../readers/kinds.ts'

/** The views of a repository. */
export type RepositoryTab = 'tags' | 'untagged' | 'about'

/** A platform of an image. */
export interface ListedPlatform {
  /** As clients write it: `linux/arm64/v8`. */
  readonly name: string
  readonly digest: Digest | null
  /** What a client downloads, in bytes; null where that is not known. */
  readonly size: number | null
  /** Whether the repository has it. */
  readonly isPresent: boolean
}

/** What one or more tags stand for. */
export interface ListedTags {
  readonly digest: Digest
  /** Those of this page first, in their order. */
  readonly tags: readonly Tag[]
  /** How many tags stand for it in all. */
  readonly tagCount: number
  /** When the first of them was last set, in milliseconds since the epoch. */
  readonly updatedAt: number
  readonly pushedBy: string | null
  /** In bytes; null where it is not known. */
  readonly size: number | null
  /** Null where its content is missing. */
  readonly kind: ArtifactKind | null
  /** Of what is no image. */
  readonly artifactType: string | null
  readonly platforms: readonly ListedPlatform[]
  readonly platformCount: number
  readonly isSigned: boolean
  readonly referrers: number
  /** What it is about, where the tag's name says so, as cosign's does: `sha256-….sig`. */
  readonly attachedTo: Digest | null
}

/** A manifest without a tag. */
export interface ListedManifest {
  readonly digest: Digest
  readonly mediaType: string
  readonly kind: ArtifactKind
  readonly artifactType: string | null
  /** In bytes; null where it is not known. */
  readonly size: number | null
  /** In milliseconds since the epoch. */
  readonly pushedAt: number
  readonly pushedBy: string | null
  /** When its last tag left it; null where it never had one, or that is not known. */
  readonly untaggedAt: number | null
}

/** What the newest image says of itself. Nothing of it is checked. */
export interface AboutRepository {
  /** The tag that says it. */
  readonly tag: Tag
  readonly title: string | null
  readonly description: string | null
  readonly version: string | null
  readonly licenses: string | null
  readonly vendor: string | null
  readonly authors: string | null
  readonly revision: string | null
  readonly base: string | null
  /** In milliseconds since the epoch. */
  readonly createdAt: number | null
  /** Addresses of http or https. */
  readonly source: string | null
  readonly documentation: string | null
  readonly home: string | null
  readonly readme: string | null
}

/** How the tags are sorted. */
export interface TagSort {
  readonly order: TagOrder
  readonly descending: boolean
}

/** The page of a repository. */
export interface RepositoryData {
  readonly repository: RepositoryName
  /** As clients name this registry in a reference; null where what the request says cannot be one. */
  readonly host: string | null
  readonly tab: RepositoryTab
  readonly tagCount: number
  readonly manifestCount: number
  /** What the repository holds, each digest once, in bytes; null where the store does not count it. */
  readonly bytes: number | null
  /** In milliseconds since the epoch; null where it is not known. */
  readonly pushedAt: number | null
  readonly about: AboutRepository | null
  /** How the newest image is pulled by the client that is likely to; null where there is nothing to pull. */
  readonly pull: string | null
  /** Part of the tags' names that are looked for; null for all. */
  readonly q: string | null
  readonly sort: TagSort
  /** Whether this is not the first part. */
  readonly isLater: boolean
  readonly tags: readonly ListedTags[]
  readonly untagged: readonly ListedManifest[]
  /** Where the next part begins (`after`); null at the end. */
  readonly next: string | null
  /** Whether more manifests follow that were not looked at. */
  readonly isPartial: boolean
  readonly mayDelete: boolean
}
