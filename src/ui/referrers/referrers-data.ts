import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { DocumentContents } from '../artifact/contents.ts'
import type { ArtifactKind } from '../readers/kinds.ts'
import type { Platform } from '../readers/manifest-details.ts'
import type { Entry, Listed } from '../readers/shapes.ts'

/** What is attached to a tag or digest. Times are in milliseconds since the epoch, sizes in bytes. */
export interface ReferrersData {
  readonly repository: RepositoryName
  readonly tag: Tag | null
  readonly digest: Digest
  /** The manifest itself, then those that it names as an index: only those to which something is attached. */
  readonly subjects: readonly AttachedTo[]
  /** Whether there is more than is shown. */
  readonly isCut: boolean
}

/** A manifest, with what is attached to it. */
export interface AttachedTo {
  readonly digest: Digest
  /** Null for the manifest that was asked for. */
  readonly platform: Platform | null
  readonly referrers: readonly ReferrerNode[]
}

/** Something attached, with what is attached to that. Of the packages of an SBOM there is only their number. */
export interface ReferrerNode extends DocumentContents {
  readonly digest: Digest
  readonly kind: ArtifactKind
  readonly mediaType: string
  readonly artifactType: string | null
  /** Of the manifest itself. */
  readonly size: number
  readonly createdAt: number | null
  readonly annotations: Listed<Entry>
  /**
   * How it is attached: by its subject, by the name of a tag, or by an index that has it beside what it is about, as
   * BuildKit does.
   */
  readonly by: 'subject' | 'tag' | 'index'
  /**
   * Whether the signature or statement in it says that it is about what it is attached to; null where it says nothing.
   * It is not verified.
   */
  readonly isAboutSubject: boolean | null
  readonly referrers: readonly ReferrerNode[]
}
