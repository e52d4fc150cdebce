import { annotationsOf } from '../../core/manifest-facts.ts'
import type { Annotations } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/tag.ts'
import type { TargetManifest } from '../content.ts'
import { annotationKeys } from './layout-index.ts'
import type { IndexEntry } from './merge-index.ts'

interface KnownManifest {
  readonly mediaType: string
  readonly size: number
  readonly artifactType?: string
  readonly pushedAt?: number
}

/** What one repository adds to the index of a layout. */
export class RepositoryIndex {
  readonly #manifests: Map<Digest, KnownManifest> = new Map()
  /** Manifests that others name: they are found through those. */
  readonly #named: Set<Digest> = new Set()
  readonly #tags: Map<Tag, { readonly digest: Digest; readonly updatedAt?: number }> = new Map()
  readonly #referrers: Map<string, Map<Digest, IndexEntry>> = new Map()

  add({ digest, mediaType, bytes, facts, pushedAt }: TargetManifest): void {
    const { artifactType, subject, annotations } = facts
    const known: KnownManifest = {
      mediaType,
      size: bytes.byteLength,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(pushedAt === undefined ? {} : { pushedAt }),
    }
    this.#manifests.set(digest, known)
    for (const one of facts.references) this.#named.add(one)
    if (subject === undefined) return
    const list = this.#referrers.get(subject) ?? new Map()
    const own = objectOf(annotations ?? annotationsOf(bytes))
    list.set(digest, {
      ...descriptorOf(digest, known),
      ...(own === null ? {} : { annotations: own }),
    })
    this.#referrers.set(subject, list)
  }

  tag(tag: Tag, digest: Digest, updatedAt: number | undefined): void {
    this.#tags.set(tag, { digest, ...(updatedAt === undefined ? {} : { updatedAt }) })
  }

  hasTag(tag: string): boolean {
    return this.#tags.has(tag as Tag)
  }

  /** The descriptors of the manifests of each subject, by digest. */
  *referrers(): Generator<[subject: string, manifests: readonly IndexEntry[]]> {
    for (const [subject, list] of this.#referrers) {
      yield [subject, [...list.values()].sort((one, other) => (one.digest < other.digest ? -1 : 1))]
    }
  }

  /** Tags first, then what neither a tag nor another manifest leads to. */
  *entries(annotationsOf: (tag: Tag | null) => Record<string, string>): Generator<IndexEntry> {
    const tagged: Set<Digest> = new Set()
    for (const [tag, { digest, updatedAt }] of [...this.#tags].sort()) {
      const known = this.#manifests.get(digest)
      if (known === undefined) continue
      tagged.add(digest)
      const annotations = { ...annotationsOf(tag), ...timesOf(known, updatedAt) }
      yield { ...descriptorOf(digest, known), annotations }
    }
    for (const [digest, known] of [...this.#manifests].sort()) {
      if (tagged.has(digest) || this.#named.has(digest)) continue
      const annotations = { ...annotationsOf(null), ...timesOf(known, undefined) }
      yield { ...descriptorOf(digest, known), annotations }
    }
  }
}

function descriptorOf(
  digest: Digest,
  { mediaType, size, artifactType }: KnownManifest,
): Omit<IndexEntry, 'annotations'> {
  return { mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }) }
}

function timesOf(
  { pushedAt }: KnownManifest,
  updatedAt: number | undefined,
): Record<string, string> {
  return {
    ...(pushedAt === undefined ? {} : { [annotationKeys.pushedAt]: timeText(pushedAt) }),
    ...(updatedAt === undefined ? {} : { [annotationKeys.updatedAt]: timeText(updatedAt) }),
  }
}

function timeText(time: number): string {
  return new Date(Math.floor(time)).toISOString()
}

function objectOf(annotations: Annotations): Record<string, string> | null {
  return annotations.length === 0 ? null : Object.fromEntries(annotations)
}
