import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { ChartFacts } from '../readers/chart.ts'
import type { ImageConfig } from '../readers/image-config.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import type { ContentDetails, Platform } from '../readers/manifest-details.ts'
import type { Entry, Listed } from '../readers/shapes.ts'
import type { SignatureFacts } from '../readers/signature.ts'
import type { DocumentFacts } from '../readers/statement.ts'
import type { PullCommand } from './pull-commands.ts'
import type { Unreadable } from './read-content.ts'

/*
 * What the page of a tag or digest is drawn from, and what it answers to programs that ask for JSON. Times are in
 * milliseconds since the epoch, sizes in bytes. A list has the first `items`, and `count` says how many there are.
 * What came from manifests, configs and annotations is as their authors wrote it, cut where it is too long.
 */

/** A tag or digest, with what is known of it and of what it stands for. */
export interface ArtifactData extends Contents {
  readonly repository: RepositoryName
  /** Null where it was asked for by digest. */
  readonly tag: Tag | null
  readonly digest: Digest
  readonly kind: ArtifactKind
  readonly mediaType: string
  readonly artifactType: string | null
  /** Of the manifest itself. */
  readonly size: number
  /** Of all that it names, each digest once; null where that is not known. */
  readonly contentSize: number | null
  readonly pushedAt: number | null
  readonly pushedBy: string | null
  /** The hour of the last pull that was noted. */
  readonly pulledAt: number | null
  /** Every tag of the digest. */
  readonly tags: Listed<Tag>
  /** What the tag's name attaches it to, such as `sha256-….sig`. */
  readonly attachedTo: Digest | null
  /** What the manifest says it is about. */
  readonly subject: ContentDetails | null
  /** Indexes that name it, as far as they were looked for. */
  readonly parents: readonly Parent[]
  readonly annotations: Listed<Entry>
  /** Null unless it is an index. */
  readonly platforms: Listed<PlatformFacts> | null
  readonly layers: Listed<ContentDetails>
  /** How many referrers it has, by artifact type. */
  readonly referrers: readonly { readonly artifactType: string; readonly count: number }[]
  /** The likely one first; empty where the request's host cannot be put into a command. */
  readonly pull: readonly PullCommand[]
  /** The manifest as text, where it is asked for by `?view=raw`. */
  readonly raw: RawManifest | null
}

/** What is inside an artifact, as far as it can be read. */
export interface Contents {
  readonly image: ImageConfig | null
  readonly chart: ChartFacts | null
  readonly signature: SignatureFacts | null
  /** SBOMs and attestations. */
  readonly documents: readonly ReadDocument[]
  /** What could not be read, and why. */
  readonly unreadable: readonly UnreadContent[]
}

/** A document that was read. */
export interface ReadDocument extends DocumentFacts {
  readonly digest: Digest
}

/** Content that was not read. */
export interface UnreadContent {
  readonly what: 'manifest' | 'config' | 'document'
  readonly digest: Digest | null
  readonly why: Unreadable
}

/** An index that names a manifest. */
export interface Parent {
  readonly digest: Digest
  readonly tags: Listed<Tag>
}

/** A manifest that an index names. */
export interface PlatformFacts {
  readonly digest: Digest | null
  readonly mediaType: string
  readonly artifactType: string | null
  readonly platform: Platform | null
  /** Of the manifest itself. */
  readonly size: number
  /** Of all that it names; null where that is not known. */
  readonly contentSize: number | null
  /** False: the repository does not have it. Null: there are too many to look at all of them. */
  readonly isPresent: boolean | null
  /** What BuildKit says that it attests to: then it is no platform. */
  readonly attests: string | null
  readonly annotations: Listed<Entry>
}

/** The text of a manifest. */
export interface RawManifest {
  /** As it was pushed, or the beginning of it. */
  readonly text: string
  readonly isCut: boolean
  /** The same with line breaks and indents; null where it is too long, or no JSON. */
  readonly indented: string | null
}
