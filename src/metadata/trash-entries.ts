import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { Holding } from './holdings.ts'
import type { Leased } from './lease-queue.ts'
import type { NameList } from './name-list.ts'
import type { Link, Repository } from './repository.ts'
import type { ManifestFacts, StoredManifest } from './stored-manifest.ts'

/** How long something stays in the trash, and under which name. */
export interface TrashTerm {
  /** See `trash-ids.ts`. */
  readonly id: string
  /** In milliseconds since the epoch. */
  readonly deletedAt: number
  /** In the store's own time, in milliseconds. */
  readonly keepUntil: number
}

/** What was deleted and can be brought back. But for the ends of leases in a repository, nobody changes it. */
export type StoredEntry = Leased & {
  readonly id: string
  readonly deletedAt: number
  /** The name of the repository it is of. */
  readonly name: RepositoryName
  readonly content: EntryContent
}

/** What an entry has. */
export type EntryContent = TagContent | BlobContent | ManifestContent | RepositoryContent

/** A tag. It keeps no bytes: the tag is of use only where its manifest is. */
export interface TagContent {
  readonly kind: 'tag'
  readonly tag: Tag
  readonly digest: Digest
  readonly updatedAt: number
}

/** A blob. */
export interface BlobContent {
  readonly kind: 'blob'
  readonly holding: Holding
}

/** A manifest, with what it needs to be whole again. */
export interface ManifestContent {
  readonly kind: 'manifest'
  readonly holding: Holding
  readonly facts: ManifestFacts
  tags: NameList<Tag>
  /** When its tags were set that are not in `times`, in milliseconds since the epoch. */
  readonly taggedAt: number
  /** Filled while the tags are taken out of their repository, which may be after the deletion. */
  readonly times: Map<Tag, number>
  /** The blobs of the repository that it names. */
  readonly blobs: readonly Holding[]
  /** The manifests of the repository that it names. */
  readonly manifests: readonly Digest[]
}

/** A repository, as it was. */
export interface RepositoryContent {
  readonly kind: 'repository'
  readonly repository: Repository
  /** Links whose leases are over, which wait for no collection until the repository is brought back. */
  readonly parked: Set<Link>
}

/** What the trash keeps of a manifest; null of one that is not recorded. */
export function manifestContent(
  { links, manifests }: Repository,
  { holding, facts, tags, taggedAt }: StoredManifest,
): ManifestContent | null {
  if (holding === null || facts === null) return null
  const references = [...new Set(facts.references)]
  return {
    kind: 'manifest',
    holding,
    facts,
    tags,
    taggedAt,
    times: new Map(),
    blobs: references.flatMap((digest) => links.get(digest)?.holding ?? []),
    manifests: references.filter((digest) => (manifests.get(digest)?.holding ?? null) !== null),
  }
}

/** An entry that begins. */
export function newEntry(
  { id, deletedAt, keepUntil }: TrashTerm,
  name: RepositoryName,
  content: EntryContent,
): StoredEntry {
  return { id, deletedAt, keepUntil, heapIndex: -1, name, content }
}

/** The bytes that an entry keeps by itself. Those of a repository are kept by its links and records. */
export function heldBy(content: EntryContent): readonly Holding[] {
  switch (content.kind) {
    case 'tag':
    case 'repository':
      return []
    case 'blob':
      return [content.holding]
    case 'manifest':
      return [content.holding, ...content.blobs]
  }
}
