import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord, NewManifestRecord } from '../ports/metadata-store.ts'
import type { Holding } from './holdings.ts'
import type { Leased } from './lease-queue.ts'
import { Referrers } from './referrers.ts'
import { SortedNames } from './sorted-names.ts'
import type { StoredManifest } from './stored-manifest.ts'
import { Tags } from './tags.ts'
import type { Trace } from './trace.ts'
import type { RepositoryContent } from './trash-entries.ts'

/** What one repository has to do with one digest. */
export interface Link extends Leased {
  readonly repository: Repository
  readonly digest: Digest
  /** Null while the repository does not have the blob, and only its manifests name it. */
  holding: Holding | null
  /** The links of the holding before and after this one. */
  previous: Link | null
  next: Link | null
  /** How often manifests of this repository name the digest. */
  references: number
}

/** One repository's names. */
export class Repository {
  readonly name: RepositoryName
  isDeleted = false
  /** What the trash has, where it is in there, deleted as it is; null elsewhere. */
  trashed: RepositoryContent | null = null
  readonly links: Map<Digest, Link> = new Map()
  /** The blobs it has, of all that its links are about. */
  readonly blobNames: SortedNames<Digest> = new SortedNames()
  readonly manifests: Map<Digest, StoredManifest> = new Map()
  readonly manifestNames: SortedNames<Digest> = new SortedNames()
  readonly tags: Tags = new Tags(this)
  /**
   * What its manifests reach, in bytes: they themselves, and the blobs it has that they name, each digest once.
   * Kept as it changes, so that asking for it costs nothing.
   */
  bytes = 0
  /** When a manifest was last pushed, in milliseconds since the epoch; 0 where none was. */
  pushedAt = 0
  /** By subject. */
  readonly referrers: Map<string, Referrers> = new Map()

  constructor(name: RepositoryName) {
    this.name = name
  }

  /** Notes a push, unless a later one is known. */
  notePush(time: number, trace: Trace | null): void {
    const before = this.pushedAt
    if (time <= before) return
    this.pushedAt = time
    trace?.undo(() => {
      this.pushedAt = before
    })
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
      previous: null,
      next: null,
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
    return this.manifests.get(digest)?.readable ?? null
  }

  /** Counts bytes of a digest that is now a blob it has and a manifest names; less than none where it no longer is. */
  countBlob({ digest, records }: Holding, bytes: number): void {
    // Hardly any digest is both, so that neither has to be looked up.
    if (records === 0 || !this.#isRecorded(digest)) this.bytes += bytes
  }

  /** Counts bytes of a digest that is now a manifest; less than none where it no longer is. */
  countManifest({ digest, firstLink }: Holding, bytes: number): void {
    if (firstLink === null || !this.#isNamedBlob(digest)) this.bytes += bytes
  }

  /** By how many bytes it grows when a manifest is recorded. */
  growthBy({ digest, size, references }: NewManifestRecord): number {
    let bytes = this.#isRecorded(digest) || this.#isNamedBlob(digest) ? 0 : size
    for (const reference of new Set(references)) {
      if (reference === digest || this.#isRecorded(reference)) continue
      const link = this.links.get(reference)
      if (link?.references === 0) bytes += link.holding?.size ?? 0
    }
    return bytes
  }

  #isRecorded(digest: Digest): boolean {
    return (this.manifests.get(digest)?.holding ?? null) !== null
  }

  #isNamedBlob(digest: Digest): boolean {
    const link = this.links.get(digest)
    return link !== undefined && link.holding !== null && link.references > 0
  }

  /** Lists a recorded manifest under its subject. */
  refer(manifest: StoredManifest): void {
    const { subject } = manifest
    if (subject === undefined) return
    let referrers = this.referrers.get(subject)
    if (referrers === undefined) {
      referrers = new Referrers()
      this.referrers.set(subject, referrers)
    }
    referrers.add(manifest, (digest) => this.manifests.get(digest) ?? null)
  }

  /** Takes a recorded manifest off its subject's list. */
  unrefer(manifest: StoredManifest): void {
    const { subject } = manifest
    if (subject === undefined) return
    const referrers = this.referrers.get(subject)
    referrers?.remove(manifest)
    if (referrers?.size === 0) this.referrers.delete(subject)
  }
}
