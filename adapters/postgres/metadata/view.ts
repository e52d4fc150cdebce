import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type { BlobRef, ManifestRecord } from '../../../src/kit.ts'

/** Something as the tables have it, and as it is to be. */
export interface Cell<T> {
  readonly before: T | null
  now: T | null
}

/** What is known of a repository. */
export interface RepositoryFacts {
  readonly name: RepositoryName
  /** Null while there is none. */
  id: number | null
  /** Whether a change puts something in it. */
  begins: boolean
  /** What {@link countsOf} was at first. */
  counted: string
  manifests: number
  tags: number
  blobs: number
  bytes: number
}

/** The bytes of a digest that something names. */
export interface BlobFacts extends BlobRef {
  readonly missing: boolean
  /** Whether a repository has it; if not, a collection has not found it yet. */
  readonly held: boolean
}

/** A manifest that is recorded. */
export interface ManifestFacts {
  /** Null for one as the tables have it. */
  readonly record: ManifestRecord | null
  readonly mediaType: string
  readonly references: readonly Digest[]
}

/** What one repository has to do with one digest. */
export interface Place {
  readonly repository: RepositoryFacts
  readonly digest: Digest
  readonly link: Cell<{ readonly keepUntil: number | null }>
  readonly manifest: Cell<ManifestFacts>
  /** How many manifests of the repository name the digest; at least as many as could be taken out at once. */
  namers: number
}

/** What a tag stands for. */
export interface TagFacts {
  readonly repository: RepositoryFacts
  readonly tag: Tag
  readonly target: Cell<{ readonly digest: Digest; readonly updatedAt: number }>
}

/** Whether a manifest names a digest. */
export interface Naming {
  readonly repository: RepositoryFacts
  readonly child: Digest
  readonly parent: Digest
  isNamed: boolean
}

/** How tags of a manifest change. */
export interface TagShift {
  readonly repository: RepositoryFacts
  readonly digest: Digest
  count: number
  sets: number
}

/**
 * The part of the tables that a batch of changes is about, while their repositories are locked: as it is, and as the
 * changes of the batch, one after the other, will have it.
 */
export class View {
  /** By the database's clock, in milliseconds since the epoch. */
  now = 0
  readonly repositories: Map<RepositoryName, RepositoryFacts> = new Map()
  readonly places: Map<string, Place> = new Map()
  readonly blobs: Map<Digest, Cell<BlobFacts>> = new Map()
  readonly tags: Map<string, TagFacts> = new Map()
  readonly namings: Map<string, Naming> = new Map()
  readonly tagShifts: Map<string, TagShift> = new Map()
  /** Keys of the changes that are condemned already. */
  readonly condemned: Set<string> = new Set()
  /** Keys that nothing is to name; `wasNamed` where clients may have been told of it. */
  readonly trash: Array<{ readonly blob: BlobRef; readonly wasNamed: boolean }> = []
  /** Digests that lose a holder. */
  readonly review: Set<Digest> = new Set()

  repository(name: RepositoryName): RepositoryFacts {
    const there = this.repositories.get(name)
    if (there !== undefined) return there
    const nothing = { manifests: 0, tags: 0, blobs: 0, bytes: 0 }
    const fresh = { name, id: null, begins: false, counted: '', ...nothing }
    this.repositories.set(name, fresh)
    return fresh
  }

  place(name: RepositoryName, digest: Digest): Place {
    const key = `${name} ${digest}`
    const there = this.places.get(key)
    if (there !== undefined) return there
    const repository = this.repository(name)
    const fresh: Place = { repository, digest, link: absent(), manifest: absent(), namers: 0 }
    this.places.set(key, fresh)
    return fresh
  }

  blob(digest: Digest): Cell<BlobFacts> {
    const there = this.blobs.get(digest)
    if (there !== undefined) return there
    const fresh: Cell<BlobFacts> = absent()
    this.blobs.set(digest, fresh)
    return fresh
  }

  tag(name: RepositoryName, tag: Tag): TagFacts {
    const key = `${name} ${tag}`
    const there = this.tags.get(key)
    if (there !== undefined) return there
    const fresh: TagFacts = { repository: this.repository(name), tag, target: absent() }
    this.tags.set(key, fresh)
    return fresh
  }

  /** Where the blob's bytes are, if the repository has it and they are not missing. */
  readable(place: Place): BlobRef | null {
    const blob = place.link.now === null ? null : this.blob(place.digest).now
    return blob === null || blob.missing ? null : refOf(blob)
  }

  /** Whether the repository has the manifest, and its bytes are not missing. */
  hasManifest(place: Place): boolean {
    return place.manifest.now !== null && this.blob(place.digest).now?.missing === false
  }

  setLink(place: Place, keepUntil: number): void {
    const isFresh = place.link.now === null
    this.#change(place, () => {
      place.link.now = { keepUntil }
    })
    if (!isFresh) return
    place.repository.blobs += 1
    place.repository.begins = true
  }

  removeLink(place: Place): void {
    this.#change(place, () => {
      place.link.now = null
    })
    place.repository.blobs -= 1
    this.review.add(place.digest)
  }

  setManifest(place: Place, manifest: ManifestFacts): void {
    const isFresh = place.manifest.now === null
    this.#change(place, () => {
      place.manifest.now = manifest
    })
    place.repository.begins = true
    if (isFresh) place.repository.manifests += 1
  }

  removeManifest(place: Place): void {
    this.#change(place, () => {
      place.manifest.now = null
    })
    place.repository.manifests -= 1
    this.review.add(place.digest)
  }

  /** Notes that a manifest names a digest, or does not any more. */
  setNaming(parent: Place, child: Digest, isNamed: boolean): void {
    const { repository, digest } = parent
    const named = this.place(repository.name, child)
    this.#change(named, () => {
      named.namers += isNamed ? 1 : -1
    })
    const naming = { repository, child, parent: digest, isNamed }
    this.namings.set(`${repository.name} ${child} ${digest}`, naming)
  }

  /** Has a tag stand for a manifest, or for nothing. */
  setTag(tag: TagFacts, digest: Digest | null, updatedAt: number): void {
    const { target, repository } = tag
    const previous = target.now?.digest ?? null
    target.now = digest === null ? null : { digest, updatedAt }
    repository.tags += (digest === null ? 0 : 1) - (previous === null ? 0 : 1)
    if (previous !== null) this.#shift(repository, previous).count -= 1
    if (digest === null) return
    const shift = this.#shift(repository, digest)
    shift.count += 1
    shift.sets += 1
  }

  #shift(repository: RepositoryFacts, digest: Digest): TagShift {
    const key = `${repository.name} ${digest}`
    const there = this.tagShifts.get(key)
    if (there !== undefined) return there
    const fresh = { repository, digest, count: 0, sets: 0 }
    this.tagShifts.set(key, fresh)
    return fresh
  }

  /** Counts bytes that the repository's manifests reach from now on, or no longer. */
  #change(place: Place, change: () => void): void {
    const wasReached = isReached(place)
    change()
    const reached = Number(isReached(place)) - Number(wasReached)
    if (reached !== 0) place.repository.bytes += reached * (this.blob(place.digest).now?.size ?? 0)
  }
}

/** What a repository holds, to be compared. */
export function countsOf({ manifests, tags, blobs, bytes }: RepositoryFacts): string {
  return [manifests, tags, blobs, bytes].join(' ')
}

/** Whether the bytes count that a digest has in a repository. */
export function isReached(place: Place): boolean {
  return place.manifest.now !== null || (place.link.now !== null && place.namers > 0)
}

/** A blob without what only the tables need to know. */
export function refOf({ digest, size, key }: BlobRef): BlobRef {
  return { digest, size, key }
}

function absent<T>(): Cell<T> {
  return { before: null, now: null }
}
