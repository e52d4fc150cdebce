import type { Digest, RepositoryName } from '../../../src/index.ts'
import { manifestShape } from '../../../src/kit.ts'
import type { SqlValue } from '../sql-driver.ts'
import { hexOfDigest } from './digest-hex.ts'
import type { Place } from './facts.ts'
import type { View } from './view.ts'

/** Digests that are added up for one manifest at most. The size of one that names more stays unknown. */
const mostDigests = 10_000

/** Of a manifest: what it is, and what it names. */
interface Naming {
  readonly mediaType: string
  readonly references: readonly Digest[]
}

/**
 * What a manifest names: for an index also what its manifests name, as far as `find` knows them. Empty where that is
 * too much.
 */
export function contentOf(
  { mediaType, references }: Naming,
  find: (digest: Digest) => Naming | null,
): readonly Digest[] {
  const digests = new Set(references)
  if (manifestShape(mediaType) !== 'index') return digests.size > mostDigests ? [] : [...digests]
  // A set that grows while it is walked over is walked to its new end.
  for (const digest of digests) {
    for (const reference of find(digest)?.references ?? []) digests.add(reference)
    if (digests.size > mostDigests) return []
  }
  return [...digests]
}

/** What indexes name that an index names: for its size, their manifests have to be known. */
export function namedByIndexes(
  view: View,
  name: RepositoryName,
  references: readonly Digest[],
): readonly Digest[] {
  const named = references.flatMap((digest) => {
    const there = view.place(name, digest).manifest.now
    return there !== null && manifestShape(there.mediaType) === 'index' ? there.references : []
  })
  return named.length > mostDigests ? [] : named
}

/**
 * What the manifests name that are recorded without a size: rows of the repository, the manifest, and what it names,
 * for `sizeManifests`.
 */
export function namedContent(view: View, places: readonly Place[]): SqlValue[][] {
  const rows: SqlValue[][] = []
  for (const { repository, digest, manifest } of places) {
    const { before, now } = manifest
    if (now === null || now === before || now.contentSize !== null) continue
    const find = (child: Digest): Naming | null =>
      view.places.get(`${repository.name} ${child}`)?.manifest.now ?? null
    for (const child of contentOf(now, find)) {
      rows.push([repository.id, hexOfDigest(digest), hexOfDigest(child)])
    }
  }
  return rows
}

/** Whether a manifest that was there is recorded with another size: its tags have it as well. */
export function isResized({ manifest: { before, now } }: Place): boolean {
  if (before === null || now === null || now === before) return false
  return now.contentSize !== null && now.contentSize !== before.contentSize
}
