import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { ReferrerCount } from '../../ports/metadata-store.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import type { ContentDetails, Platform } from '../readers/manifest-details.ts'
import type { Entry, Listed } from '../readers/shapes.ts'
import type { ReferrersData } from '../referrers/referrers-data.ts'
import type { Contents } from './contents.ts'
import type { PullCommand } from './pull-commands.ts'

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
  /** Indexes that name it, as far as they were looked for; at most 100. */
  readonly parents: readonly Parent[]
  readonly annotations: Listed<Entry>
  /** Null unless it is an index. */
  readonly platforms: Listed<PlatformFacts> | null
  readonly layers: Listed<ContentDetails>
  /** How many referrers it has, by artifact type. */
  readonly referrers: readonly ReferrerCount[]
  /** How much is attached to it, by kind: its referrers, and what the names of tags attach to it. */
  readonly attached: readonly AttachedCount[]
  /** The likely one first; empty where the request's host cannot be put into a command. */
  readonly pull: readonly PullCommand[]
  /** Whether Docker and Kubernetes have to be told to trust the registry, which is asked without TLS. */
  readonly isInsecure: boolean
  /** The manifest as text, where it is asked for by `?view=raw`. */
  readonly raw: RawManifest | null
}

/** How many artifacts of a kind are attached. */
export interface AttachedCount {
  readonly kind: ArtifactKind
  readonly count: number
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

/** What can be seen of a tag or digest. */
export type ArtifactTab = 'overview' | 'referrers' | 'raw'

/** The answer for a tag or digest. */
export interface ArtifactAnswer extends ArtifactData {
  readonly view: ArtifactTab
  /** What is attached to it; null unless `?view=referrers` asks for it. */
  readonly tree: ReferrersData | null
  /** Whether the viewer may delete it. */
  readonly mayDelete: boolean
}
