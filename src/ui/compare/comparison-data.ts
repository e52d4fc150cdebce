import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { UnreadContent } from '../artifact/contents.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import type { Change, ContentDifference, HistoryDifference } from './differences.ts'

/** One of the two that are compared. */
export interface ComparedSide {
  /** As it was asked for. */
  readonly reference: string
  readonly tag: Tag | null
  readonly digest: Digest
  readonly kind: ArtifactKind
  /** What is compared where that is a part of an index: the manifest for the platform. */
  readonly compared: Digest | null
  /** Of the config and layers that are compared, in bytes. */
  readonly contentSize: number
  readonly createdAt: number | null
}

/** What differs between two tags or digests of a repository. */
export interface ComparisonData {
  readonly repository: RepositoryName
  /** Null where none is chosen yet. */
  readonly from: ComparedSide | null
  readonly to: ComparedSide | null
  /** The platform that is compared; null where neither is an index, or both have none in common. */
  readonly platform: string | null
  /** Platforms that can be compared. */
  readonly platforms: readonly string[]
  /** Null where there is nothing to compare: not both are chosen, or they have no platform in common. */
  readonly differences: Differences | null
  /** Tags to choose from: those that were set last. */
  readonly tags: readonly Tag[]
}

/** What differs between two manifests. */
export interface Differences {
  readonly isSame: boolean
  readonly content: ContentDifference
  readonly annotations: readonly Change[]
  /** Null where not both are images whose configs can be read. */
  readonly image: ImageDifferences | null
  /** Null where both are images. */
  readonly files: readonly Change[] | null
  readonly unreadable: readonly UnreadContent[]
}

/** What differs between the configs of two images. */
export interface ImageDifferences {
  readonly config: readonly Change[]
  readonly environment: readonly Change[]
  readonly labels: readonly Change[]
  readonly history: HistoryDifference
}
