import type { CopyProblem } from '../copy/report.ts'
import type { ManifestFacts } from '../core/manifest-facts.ts'
import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'

/** Where a walk over a repository begins: a tag, or a manifest without one. */
export interface ContentRoot {
  /** Null for a manifest that has no tag, or whose tags are told beside it. */
  readonly tag: Tag | null
  /** Null where only reading the tag says what it stands for. */
  readonly digest: Digest | null
  /** When the tag was set, in milliseconds since the epoch, where the source knows. */
  readonly updatedAt?: number
  /** Why this cannot be a root, where it cannot: it is told, and nothing else comes of it. */
  readonly problem?: Pick<CopyProblem, 'kind' | 'what' | 'name' | 'detail'>
}

/** A manifest as a source has it. Its bytes are not yet what the digest says. */
export interface SourceManifest {
  readonly digest: Digest
  readonly bytes: Uint8Array
  /** What the source says it is; a manifest that says it itself is believed first. */
  readonly mediaType?: string
  /** When it was pushed, in milliseconds since the epoch, where the source knows. */
  readonly pushedAt?: number
}

/** A blob as a source has it. */
export interface SourceBlob {
  /** In bytes, as the source says. */
  readonly size: number
  /** The caller reads it to its end or cancels it. */
  readonly stream: ReadableStream<Uint8Array>
}

/** A piece of content that something names. */
export interface NamedContent {
  readonly digest: Digest
  /** In bytes, as what names it says. */
  readonly size: number
}

/**
 * Where content comes from: stores, a folder of another registry, an image layout, a registry over HTTP. It is
 * only read. Nothing that it says is believed: the transfer hashes every byte.
 *
 * Methods throw {@link ContentFault} for what cannot be had, which is told and left out; any other error ends the
 * transfer.
 */
export interface ContentSource {
  /** Whether the roots of a repository are all its manifests, so that nothing has to be asked for referrers. */
  readonly listsManifests: boolean
  repositories(): AsyncIterable<RepositoryName>
  /** @param only these tags and nothing else; null for all that the repository has */
  roots(repository: RepositoryName, only: readonly Tag[] | null): AsyncIterable<ContentRoot>
  readManifest(repository: RepositoryName, reference: Reference): Promise<SourceManifest>
  openBlob(repository: RepositoryName, blob: NamedContent): Promise<SourceBlob>
  /** Manifests whose subject is this one. */
  referrers(repository: RepositoryName, subject: Digest): AsyncIterable<Digest>
  /** What it came across, or knows, that it cannot give: asked for in the end. */
  problems?(): Promise<readonly CopyProblem[]>
}

/** A manifest on its way to a target: its bytes are those of its digest, and it is one that registries take. */
export interface TargetManifest extends SourceManifest {
  readonly mediaType: string
  readonly facts: ManifestFacts
}

/** Bytes on their way into a target. One writer for each. */
export interface BlobWriter {
  /** Takes the next bytes, and owns them. */
  write(chunk: Uint8Array): Promise<void>
  /** The bytes were those of the digest: from now on the repository has them. */
  commit(): Promise<void>
  /** They were not, or could not be read. Harmless when repeated. */
  discard(): Promise<void>
}

/** What became of a tag. */
export type TagOutcome =
  | { readonly kind: 'set' | 'same' }
  | { readonly kind: 'conflict'; readonly detail: string }

/** What a target has, looked up without a change of it. */
export interface TargetLooks {
  hasBlob(repository: RepositoryName, digest: Digest): Promise<boolean>
  /** The manifest that a reference stands for; null for none. */
  manifest(repository: RepositoryName, reference: Reference): Promise<Digest | null>
}

/**
 * Where content goes. Content comes before what names it, and tags last. All of it may come again in another
 * transfer: what is there is not asked for again.
 *
 * Methods throw {@link ContentFault} where the target refuses one thing; any other error ends the transfer.
 */
export interface ContentTarget {
  /** For a dry run; absent: there cannot be one. */
  readonly looks?: TargetLooks
  /** Whether a blob of this size is only taken once its bytes were read and are right: what it wrote stays. */
  wantsVerified?(size: number): boolean
  /** Whether the repository has the blob. */
  hasBlob(repository: RepositoryName, blob: NamedContent): Promise<boolean>
  /**
   * Gives the repository a blob that another one of the target has. The caller has seen that the source has it in
   * the repository, and that its bytes are right: without that, a source could name what it does not know.
   */
  mountBlob?(repository: RepositoryName, blob: NamedContent): Promise<boolean>
  stageBlob(repository: RepositoryName, blob: NamedContent): Promise<BlobWriter>
  putManifest(repository: RepositoryName, manifest: TargetManifest): Promise<'stored' | 'same'>
  /** @param moves whether a tag that stands for another manifest moves */
  setTag(
    repository: RepositoryName,
    tag: Tag,
    manifest: TargetManifest,
    how: { readonly moves: boolean; readonly updatedAt?: number },
  ): Promise<TagOutcome>
  /** Everything has come. */
  finish(): Promise<void>
}

/** One thing that cannot be read or is not taken, while the rest can. */
export class ContentFault extends Error {
  override readonly name = 'ContentFault'
  readonly kind: CopyProblem['kind']

  constructor(kind: CopyProblem['kind'], detail: string) {
    super(detail)
    this.kind = kind
  }
}

/** A registry wants another login for a repository: nothing more of that can be had. */
export class LoginFault extends ContentFault {
  /** Whether no other repository can be had either, since the login itself is wrong. */
  readonly isFinal: boolean

  constructor(detail: string, isFinal: boolean = false) {
    super('refused', detail)
    this.isFinal = isFinal
  }
}
