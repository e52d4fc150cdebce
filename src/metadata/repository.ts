import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Leased } from './lease-queue.ts'
import { Referrers } from './referrers.ts'
import { SortedNames } from './sorted-names.ts'

/** Bytes the store has, whoever holds them. */
export interface Holding {
  readonly digest: Digest
  /** Where they are; null only while a snapshot is being replayed. */
  ref: BlobRef | null
  /** Repositories that have the blob, in no order. */
  readonly links: Link[]
  /** Manifest records, in any repository, whose bytes these are. */
  records: number
}

/** What one repository has to do with one digest. */
export interface Link extends Leased {
  readonly repository: Repository
  readonly digest: Digest
  /** Null while the repository does not have the blob, and only its manifests name it. */
  holding: Holding | null
  /** Where the holding lists this link, so that it can leave without a search. */
  seat: number
  /** How often manifests of this repository name the digest. */
  references: number
}

/** One repository's names. */
export class Repository {
  readonly name: RepositoryName
  readonly links: Map<Digest, Link> = new Map()
  readonly manifests: Map<Digest, ManifestRecord> = new Map()
  readonly tags: Map<Tag, Digest> = new Map()
  readonly tagNames: SortedNames<Tag> = new SortedNames()
  /** The tags of each digest that has any: what goes with a manifest. */
  readonly tagsOf: Map<Digest, Set<Tag>> = new Map()
  /** By subject. */
  readonly referrers: Map<string, Referrers> = new Map()

  constructor(name: RepositoryName) {
    this.name = name
  }

  /** The link of a digest, made where there is none. */
  link(digest: Digest): Link {
    const there = this.links.get(digest)
    if (there !== undefined) return there
    const fresh: Link = {
      repository: this,
      digest,
      holding: null,
      seat: -1,
      references: 0,
      keepUntil: 0,
      place: -1,
    }
    this.links.set(digest, fresh)
    return fresh
  }

  /** Where the blob's bytes are, if the repository has it. */
  blob(digest: Digest): BlobRef | null {
    return this.links.get(digest)?.holding?.ref ?? null
  }

  /** Lists a recorded manifest under its subject. */
  refer(record: ManifestRecord): void {
    if (record.subject === undefined) return
    let referrers = this.referrers.get(record.subject)
    if (referrers === undefined) {
      referrers = new Referrers()
      this.referrers.set(record.subject, referrers)
    }
    referrers.add(record, this.find)
  }

  /** Takes a manifest off its subject's list. */
  unrefer(record: ManifestRecord): void {
    if (record.subject === undefined) return
    const referrers = this.referrers.get(record.subject)
    referrers?.remove(record)
    if (referrers?.size === 0) this.referrers.delete(record.subject)
  }

  /** Sets a tag; returns what it stood for. */
  setTag(tag: Tag, digest: Digest): Digest | undefined {
    const before = this.tags.get(tag)
    if (before === undefined) this.tagNames.insert(tag)
    else this.#dropTagOf(before, tag)
    // The record's own string, so that many tags of a manifest share one.
    const shared = this.manifests.get(digest)?.digest ?? digest
    this.tags.set(tag, shared)
    const tags = this.tagsOf.get(shared)
    if (tags === undefined) this.tagsOf.set(shared, new Set([tag]))
    else tags.add(tag)
    return before
  }

  /** Removes a tag; returns what it stood for. */
  removeTag(tag: Tag): Digest | undefined {
    const before = this.tags.get(tag)
    if (before === undefined) return undefined
    this.tags.delete(tag)
    this.tagNames.delete(tag)
    this.#dropTagOf(before, tag)
    return before
  }

  readonly find = (digest: Digest): ManifestRecord | undefined => this.manifests.get(digest)

  #dropTagOf(digest: Digest, tag: Tag): void {
    const tags = this.tagsOf.get(digest)
    tags?.delete(tag)
    if (tags?.size === 0) this.tagsOf.delete(digest)
  }
}
