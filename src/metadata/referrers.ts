import { type Descriptor, descriptorBytes, mostDescriptors } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { countsByType } from '../oci/type-counts.ts'
import type { Page, ReferrerCount, ReferrersRequest } from '../ports/metadata-store.ts'
import { SortedNames } from './sorted-names.ts'

/** From this many on, each artifact type has a list of its own, so a rare one is not searched for. */
const manyReferrers = 256

/** Names looked up in one go. */
const stride = 256

/** A manifest that refers to a subject, as far as it is listed by that. */
export interface Referrer {
  readonly digest: Digest
  readonly artifactType?: string | undefined
}

/** The manifests that refer to one subject. */
export class Referrers {
  readonly #all: SortedNames<Digest> = new SortedNames()
  /** Null until there are many. */
  #byType: Map<string, SortedNames<Digest>> | null = null

  /** How many there are. */
  get size(): number {
    return this.#all.size
  }

  /** Adds a manifest; `find` has it, and all the others. */
  add(manifest: Referrer, find: (digest: Digest) => Referrer | null): void {
    this.#all.insert(manifest.digest)
    if (this.#byType !== null) addTo(this.#byType, manifest)
    else if (this.#all.size >= manyReferrers) this.#byType = this.#sortByType(find)
  }

  /** Removes a manifest, of the artifact type it was added with. */
  remove(manifest: Referrer): void {
    this.#all.delete(manifest.digest)
    const type = manifest.artifactType ?? ''
    const same = this.#byType?.get(type)
    same?.delete(manifest.digest)
    if (same?.size === 0) this.#byType?.delete(type)
  }

  /** A page of what is asked for, by digest; without what `find` does not have. */
  page(request: ReferrersRequest, find: (digest: Digest) => Descriptor | null): Page<Descriptor> {
    const { artifactType, maxBytes } = request
    const items: Descriptor[] = []
    let bytes = 0
    let after: string | undefined = request.after
    const names =
      artifactType === undefined || this.#byType === null
        ? this.#all
        : this.#byType.get(artifactType)
    for (let more = names !== undefined; more; ) {
      const page: Page<Digest> = (names as SortedNames<Digest>).page(after, stride)
      for (const digest of page.items) {
        const manifest = find(digest)
        if (manifest === null) continue
        if (artifactType !== undefined && manifest.artifactType !== artifactType) continue
        bytes += descriptorBytes(manifest)
        const full = bytes > maxBytes || items.length === mostDescriptors
        if (full && items.length > 0) return { items, more: true }
        items.push(descriptorOf(manifest))
      }
      after = page.items.at(-1)
      more = page.more
    }
    return { items, more: false }
  }

  /**
   * How many there are of each type: of the first types, and of all others together.
   *
   * @param missing those whose bytes are missing, which do not count
   */
  counts(
    missing: readonly Referrer[],
    find: (digest: Digest) => Referrer | null,
  ): readonly ReferrerCount[] {
    const byType: Map<string, number> = new Map()
    const count = ({ artifactType = '' }: Pick<Referrer, 'artifactType'>, more: number): void => {
      byType.set(artifactType, (byType.get(artifactType) ?? 0) + more)
    }
    for (const [artifactType, { size }] of this.#byType ?? []) count({ artifactType }, size)
    const few = this.#byType === null ? this.#all.page(undefined, manyReferrers).items : []
    for (const digest of few) {
      const manifest = find(digest)
      if (manifest !== null) count(manifest, 1)
    }
    for (const manifest of missing) count(manifest, -1)
    return countsByType(byType)
  }

  #sortByType(find: (digest: Digest) => Referrer | null): Map<string, SortedNames<Digest>> {
    const sorted: Map<string, SortedNames<Digest>> = new Map()
    for (const digest of this.#all.page(undefined, this.#all.size).items) {
      const manifest = find(digest)
      if (manifest !== null) addTo(sorted, manifest)
    }
    return sorted
  }
}

function addTo(byType: Map<string, SortedNames<Digest>>, manifest: Referrer): void {
  const type = manifest.artifactType ?? ''
  const same = byType.get(type)
  if (same !== undefined) {
    same.insert(manifest.digest)
    return
  }
  const fresh: SortedNames<Digest> = new SortedNames()
  fresh.insert(manifest.digest)
  byType.set(type, fresh)
}

/** What a list says of a manifest, and no more. */
function descriptorOf(manifest: Descriptor): Descriptor {
  const { mediaType, digest, size, artifactType, annotations } = manifest
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}
