import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { frozenRecord } from './frozen-record.ts'
import type { Holding } from './holdings.ts'
import type { Leased } from './lease-queue.ts'
import { type NameList, noNames, sizeOf, withName, withNames, withoutName } from './name-list.ts'
import { Referrers } from './referrers.ts'
import { SortedNames } from './sorted-names.ts'
import type { Trace } from './trace.ts'

/** What one repository has to do with one digest. */
export interface Link extends Leased {
  readonly repository: Repository
  readonly digest: Digest
  /** Null while the repository does not have the blob, and only its manifests name it. */
  holding: Holding | null
  /** Where the holding lists this link, so that it can leave without a search. */
  slot: number
  /** How often manifests of this repository name the digest. */
  references: number
}

/**
 * A manifest from its push to its deletion. Tags point at it, so that all of them end with it in one
 * step; one that is pushed again later is another.
 */
export interface StoredManifest {
  readonly digest: Digest
  /** Null once it is deleted, and while a journal is replayed that is yet to say it. */
  record: ManifestRecord | null
  /** Its bytes; null while there is no record. */
  holding: Holding | null
  tags: NameList<Tag>
}

/** What a tag stands for. */
export interface TagEntry {
  readonly target: StoredManifest
  /** When it was set, in milliseconds since the epoch. */
  readonly updatedAt: number
}

/** One repository's names. */
export class Repository {
  readonly name: RepositoryName
  isDeleted = false
  readonly links: Map<Digest, Link> = new Map()
  /** The blobs it has, of all that its links are about. */
  readonly blobNames: SortedNames<Digest> = new SortedNames()
  readonly manifests: Map<Digest, StoredManifest> = new Map()
  readonly manifestNames: SortedNames<Digest> = new SortedNames()
  /** May hold tags of deleted manifests for a moment. */
  readonly tags: Map<Tag, TagEntry> = new Map()
  readonly tagNames: SortedNames<Tag> = new SortedNames()
  /** How many tags stand. */
  tagCount = 0
  /** Deleted manifests whose tags are still to be taken out. */
  leftovers = 0
  /** By subject. */
  readonly referrers: Map<string, Referrers> = new Map()

  constructor(name: RepositoryName) {
    this.name = name
  }

  /** Whether nothing is in it. */
  get isEmpty(): boolean {
    return this.blobNames.size === 0 && this.manifestNames.size === 0
  }

  /** The link of a digest, made where there is none. */
  link(digest: Digest): Link {
    const there = this.links.get(digest)
    if (there !== undefined) return there
    const fresh: Link = {
      repository: this,
      digest,
      holding: null,
      slot: -1,
      references: 0,
      keepUntil: 0,
      heapIndex: -1,
    }
    this.links.set(digest, fresh)
    return fresh
  }

  /** Where the blob's bytes are, if the repository has it and they are not missing. */
  blob(digest: Digest): BlobRef | null {
    return this.links.get(digest)?.holding?.readable ?? null
  }

  /** The manifest, unless its bytes are known to be missing. */
  manifest(digest: Digest): ManifestRecord | null {
    const stored = this.manifests.get(digest)
    return stored === undefined ? null : readableRecord(stored)
  }

  /** What a tag stands for, its bytes missing or not; undefined when it is not set. */
  target(tag: Tag): StoredManifest | undefined {
    const target = this.tags.get(tag)?.target
    return target !== undefined && this.#stands(target) ? target : undefined
  }

  /** Lists a recorded manifest under its subject. */
  refer(record: ManifestRecord): void {
    if (record.subject === undefined) return
    let referrers = this.referrers.get(record.subject)
    if (referrers === undefined) {
      referrers = new Referrers()
      this.referrers.set(record.subject, referrers)
    }
    const find = (digest: Digest): ManifestRecord | null =>
      digest === record.digest ? record : (this.manifests.get(digest)?.record ?? null)
    referrers.add(record, find)
  }

  /** Takes a manifest off its subject's list. */
  unrefer(record: ManifestRecord): void {
    if (record.subject === undefined) return
    const referrers = this.referrers.get(record.subject)
    referrers?.remove(record)
    if (referrers?.size === 0) this.referrers.delete(record.subject)
  }

  /** Sets tags, each with the time it was set. */
  setTags(
    target: StoredManifest,
    tags: readonly Tag[],
    times: readonly number[],
    trace: Trace | null,
  ): void {
    const added: Tag[] = []
    for (const [index, tag] of tags.entries()) {
      if (this.#point(tag, target, times[index] as number, trace)) added.push(tag)
    }
    if (added.length === 0) return
    target.tags = withNames(target.tags, added)
    trace?.undo(() => {
      for (const tag of added) target.tags = withoutName(target.tags, tag)
    })
  }

  /** Removes a tag, if it is set. */
  removeTag(tag: Tag, trace: Trace | null): void {
    const before = this.tags.get(tag)
    if (before === undefined || !this.#stands(before.target)) return
    const { target } = before
    this.tags.delete(tag)
    this.tagNames.delete(tag)
    this.tagCount -= 1
    target.tags = withoutName(target.tags, tag)
    if (trace === null) return
    trace.key(this.name, tag)
    trace.tagList(this.name)
    trace.undo(() => {
      this.tags.set(tag, before)
      this.tagNames.insert(tag)
      this.tagCount += 1
      target.tags = withName(target.tags, tag)
    })
  }

  /** Takes a tag of a deleted manifest out, unless it stands for another by now. */
  dropTag(tag: Tag, target: StoredManifest): void {
    if (this.tags.get(tag)?.target !== target) return
    this.tags.delete(tag)
    this.tagNames.delete(tag)
  }

  /** Points a tag at a manifest; true when it did not point there before. */
  #point(tag: Tag, target: StoredManifest, updatedAt: number, trace: Trace | null): boolean {
    const before = this.tags.get(tag)
    const isSet = before !== undefined && this.#stands(before.target)
    if (isSet && before.target === target && before.updatedAt === updatedAt) return false
    this.tags.set(tag, { target, updatedAt })
    const isNew = before === undefined && this.tagNames.insert(tag)
    const left = isSet && before.target !== target ? before.target : null
    if (left !== null) left.tags = withoutName(left.tags, tag)
    if (!isSet) this.tagCount += 1
    if (trace !== null) {
      trace.key(this.name, tag)
      if (!isSet) trace.tagList(this.name)
      trace.undo(() => {
        if (before === undefined) this.tags.delete(tag)
        else this.tags.set(tag, before)
        if (isNew) this.tagNames.delete(tag)
        if (left !== null) left.tags = withName(left.tags, tag)
        if (!isSet) this.tagCount -= 1
      })
    }
    return !isSet || left !== null
  }

  #stands(target: StoredManifest): boolean {
    return this.manifests.get(target.digest) === target
  }
}

/** A manifest of which nothing is known yet. */
export function unrecorded(digest: Digest): StoredManifest {
  return { digest, record: null, holding: null, tags: noNames }
}

/** How many tags stand for a manifest. */
export function tagCountOf(stored: StoredManifest): number {
  return sizeOf(stored.tags)
}

/** A manifest as readers get it: null when it is deleted or its bytes are known to be missing. */
export function readableRecord(stored: StoredManifest): ManifestRecord | null {
  const { record, holding } = stored
  if (record === null || holding === null) return null
  const blob = holding.readable
  if (record.blob === blob) return record
  if (blob === null) return null
  // Its bytes are under another key by now.
  stored.record = frozenRecord(record, blob, record.references)
  return stored.record
}
