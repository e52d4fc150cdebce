import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { DeletionPreview, PreviewedManifest } from '../ports/browsing-reads.ts'
import type { ManifestEntry, MetadataStore } from '../ports/metadata-store.ts'
import { findEntry, usesOf } from './digest-use.ts'
import { freedByManifests, freedByRepository, unknownBytes } from './freed-bytes.ts'
import { childrenOf, mostNamed, parentsOf, referrersOf } from './left-behind.ts'
import { Slices } from './slices.ts'

/** Digests that a preview looks up. */
const mostLookedUp = 20_000

/** What would change, before its consequences are looked for. */
interface Asked {
  readonly absent: readonly Reference[]
  /** Manifests that go. */
  readonly going: ReadonlyMap<Digest, ManifestEntry>
  /** Tags that go, by the manifests that stay. */
  readonly tags: ReadonlyMap<Digest, readonly Tag[]>
  readonly asked: ReadonlySet<string>
}

/**
 * What a deletion would do. The work is bounded: what would take more is told as null.
 *
 * @throws RegistryError `nameUnknown`; what the signal aborts with.
 */
export async function previewDeletion(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  targets: readonly Reference[] | 'repository',
): Promise<DeletionPreview> {
  if (!(await metadata.hasRepository(repository))) {
    throw new RegistryError('nameUnknown', { detail: { name: repository } })
  }
  if (targets === 'repository') return previewRepository(metadata, signal, repository)

  const found = await find(metadata, signal, repository, targets)
  const { absent, going, tags, asked } = found
  const entries = [...going.values()]
  let tagCount = entries.reduce((sum, entry) => sum + entry.tagCount, 0)
  const untagged: PreviewedManifest[] = []
  for (const [digest, names] of tags) {
    tagCount += names.length
    const entry = await findEntry(metadata, repository, digest)
    if (entry?.tagCount === names.length) untagged.push(previewed(entry))
  }
  const digests = reachedBy(entries)
  const uses = digests && (await usesOf(metadata, signal, repository, [...digests]))
  const referrers = await referrersOf(metadata, signal, repository, going)
  const parents = await parentsOf(metadata, signal, repository, going, uses)
  const children = await childrenOf(metadata, signal, repository, going, uses, tags)
  return {
    absent,
    manifests: entries.slice(0, mostNamed).map(previewed),
    manifestCount: entries.length,
    tagCount,
    aliases: aliasesOf(entries, asked),
    untagged: untagged.slice(0, mostNamed),
    referrers: referrers.named,
    referrerCount: referrers.count,
    parents: parents.named.map(previewed),
    parentCount: parents.count,
    children: children.named.map(previewed),
    childCount: children.count,
    ...(uses === null ? unknownBytes : freedByManifests(going, uses)),
  }
}

/** All of a repository goes, so that nothing is left of what goes. */
async function previewRepository(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
): Promise<DeletionPreview> {
  const [counts, page] = await Promise.all([
    metadata.countRepository(repository),
    metadata.listManifests(repository, { limit: mostNamed }),
  ])
  return {
    absent: [],
    manifests: page?.items.map(previewed) ?? [],
    manifestCount: counts?.manifests ?? 0,
    tagCount: counts?.tags ?? 0,
    aliases: [],
    untagged: [],
    referrers: [],
    referrerCount: 0,
    parents: [],
    parentCount: 0,
    children: [],
    childCount: 0,
    ...(await freedByRepository(metadata, signal, repository, mostLookedUp)),
  }
}

/** Finds what is asked for: a tag whose manifest goes in any case goes with that. */
async function find(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  targets: readonly Reference[],
): Promise<Asked> {
  const slices = new Slices()
  const absent: Reference[] = []
  const going: Map<Digest, ManifestEntry> = new Map()
  const asked: Set<Tag> = new Set()
  const resolved: Map<Tag, Digest> = new Map()
  for (const target of targets) {
    signal.throwIfAborted()
    await slices.next()
    if (target.kind === 'digest') {
      const entry = await findEntry(metadata, repository, target.digest)
      if (entry === null) absent.push(target)
      else going.set(entry.record.digest, entry)
    } else {
      const record = await metadata.resolveTag(repository, target.tag)
      if (record === null) absent.push(target)
      else resolved.set(target.tag, record.digest)
      asked.add(target.tag)
    }
  }
  const tags: Map<Digest, Tag[]> = new Map()
  for (const [tag, digest] of resolved) {
    if (going.has(digest)) continue
    const same = tags.get(digest)
    if (same === undefined) tags.set(digest, [tag])
    else same.push(tag)
  }
  return { absent, going, tags, asked }
}

/** What the manifests are and name; null where that is too much to be looked up. */
function reachedBy(entries: readonly ManifestEntry[]): ReadonlySet<Digest> | null {
  const digests: Set<Digest> = new Set()
  for (const { record } of entries) {
    digests.add(record.digest)
    for (const digest of record.references) digests.add(digest)
    if (digests.size > mostLookedUp) return null
  }
  return digests
}

/** Tags that go with a manifest though they were not asked for. */
function aliasesOf(entries: readonly ManifestEntry[], asked: ReadonlySet<string>): readonly Tag[] {
  const aliases: Tag[] = []
  for (const { tags } of entries) {
    for (const tag of tags) {
      if (aliases.length === mostNamed) return aliases
      if (!asked.has(tag)) aliases.push(tag)
    }
  }
  return aliases
}

/** A manifest as previews name it. */
export function previewed({ record, tags, tagCount }: ManifestEntry): PreviewedManifest {
  const { digest, size, mediaType, artifactType } = record
  return {
    digest,
    size,
    mediaType,
    tags,
    tagCount,
    ...(artifactType === undefined ? {} : { artifactType }),
  }
}
