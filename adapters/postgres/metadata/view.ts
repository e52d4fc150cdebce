import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type { BlobRef, Tell } from '../../../src/kit.ts'
import type { ToldMessages } from '../outbox/outgoing.ts'
import {
  absent,
  type BlobFacts,
  type Cell,
  type DeletedName,
  isReached,
  type ManifestFacts,
  type Naming,
  type Place,
  type RepositoryFacts,
  refOf,
  type TagFacts,
  type TagShift,
} from './facts.ts'

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
  /** Tags and blobs that go, and can be brought back. */
  readonly deleted: DeletedName[] = []
  /** What is to be sent because of the changes, in their order. */
  readonly told: ToldMessages[] = []

  repository(name: RepositoryName): RepositoryFacts {
    const there = this.repositories.get(name)
    if (there !== undefined) return there
    const nothing = { manifests: 0, tags: 0, blobs: 0, bytes: 0, pushedAt: 0 }
    const fresh = { name, id: null, begins: false, counted: '', wasEmpty: true, ...nothing }
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

  /** Asks what is to be sent because of a change of the repository. */
  tell<T>(repository: RepositoryName, tell: Tell<T> | undefined, outcome: T): void {
    if (tell !== undefined) this.told.push({ repository, messages: tell(outcome) })
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
    const { repository } = place
    repository.begins = true
    if (isFresh) repository.manifests += 1
    repository.pushedAt = Math.max(repository.pushedAt, manifest.record?.pushedAt ?? 0)
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
