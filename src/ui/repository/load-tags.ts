import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import type { FoundTag, TagSearch } from '../../ports/browsing.ts'
import { boundedText } from '../bounded.ts'
import { atOnce } from '../facts/at-once.ts'
import { wholeSize } from '../facts/whole-size.ts'
import { attachedTag, kindOfType } from '../readers/kinds.ts'
import type { Visit } from '../visit.ts'
import { loadPlatforms } from './load-platforms.ts'
import type { ListedTags } from './repository-data.ts'

/** Manifests that are looked into at the same time. */
const lanes = 8

/** Part of a repository's tags. */
export interface LoadedTags {
  readonly items: readonly ListedTags[]
  readonly next: string | null
}

/**
 * Loads a page of tags, those of one digest together where the first of them is.
 *
 * @throws RegistryError `nameUnknown`, `pageInvalid`.
 */
export async function loadTags(
  visit: Visit,
  repository: RepositoryName,
  search: TagSearch,
): Promise<LoadedTags> {
  const { deps, viewer } = visit
  const found = await deps.service.findTags(viewer.call, repository, search)
  if (found === null) throw new RegistryError('nameUnknown')
  const groups: Map<Digest, FoundTag[]> = new Map()
  for (const tag of found.items) {
    const others = groups.get(tag.digest)
    if (others === undefined) groups.set(tag.digest, [tag])
    else others.push(tag)
  }
  const digests = [...groups.keys()]
  const isWhole = found.next === null && search.after === undefined && search.filter === undefined
  const [referrers, items] = await Promise.all([
    deps.service.countReferrers(viewer.call, repository, digests),
    atOnce([...groups], lanes, ([digest, tags]) =>
      listed(visit, repository, digest, tags, isWhole),
    ),
  ])
  return {
    items: items.map((item, index) => {
      const counts = referrers[index] ?? []
      const isSigned =
        item.isSigned || counts.some(({ artifactType }) => kindOfType(artifactType) === 'signature')
      return { ...item, isSigned, referrers: counts.reduce((sum, { count }) => sum + count, 0) }
    }),
    next: found.next,
  }
}

async function listed(
  visit: Visit,
  repository: RepositoryName,
  digest: Digest,
  found: readonly FoundTag[],
  isWhole: boolean,
): Promise<ListedTags> {
  const { viewer } = visit
  const { call } = viewer
  const [first] = found as readonly [FoundTag, ...FoundTag[]]
  const [summary, hasSignatureTag, others] = await Promise.all([
    visit.facts.manifest(call, repository, digest),
    hasCosignTag(visit, repository, digest),
    isWhole ? null : tagsOf(visit, repository, digest),
  ])
  const platforms = await loadPlatforms(visit, repository, summary)
  const here = found.map(({ tag }) => tag)
  const elsewhere = (others?.tags ?? []).filter((tag) => !here.includes(tag))
  return {
    digest,
    tags: [...here, ...elsewhere],
    tagCount: Math.max(others?.tagCount ?? 0, here.length),
    updatedAt: first.updatedAt,
    pushedBy: viewer.seesNames ? boundedText(first.pushedBy, 64) : null,
    size: wholeSize(
      first.contentSize ?? summary?.downloadSize ?? null,
      platforms.items.map(({ size }) => size),
    ),
    kind: summary?.kind ?? null,
    artifactType: summary?.artifactType ?? null,
    platforms: platforms.items,
    platformCount: platforms.count,
    isSigned: hasSignatureTag,
    referrers: 0,
    attachedTo: attachedTag(first.tag)?.subject ?? null,
  }
}

/** All tags of a digest, also on other pages: the first 20. */
async function tagsOf(
  { deps, viewer }: Visit,
  repository: RepositoryName,
  digest: Digest,
): Promise<{ readonly tags: readonly Tag[]; readonly tagCount: number } | null> {
  // No other digest comes between this text and the digest.
  const last = digest.length - 1
  const after = digest.slice(0, last) + String.fromCharCode(digest.charCodeAt(last) - 1)
  const page = await deps.service.listManifests(viewer.call, repository, { after, limit: 1 })
  const [entry] = page.items
  if (entry?.record.digest !== digest) return null
  return { tags: entry.tags.slice(0, 20), tagCount: entry.tagCount }
}

/** Whether cosign left a signature under a tag, as it does where referrers are not used. */
async function hasCosignTag(
  { deps, viewer }: Visit,
  repository: RepositoryName,
  digest: Digest,
): Promise<boolean> {
  const tag = parseTag(`${digest.replace(':', '-')}.sig`)
  if (tag === null) return false
  const reference = { kind: 'tag', tag } as const
  return (await deps.service.statManifest(viewer.call, repository, reference)) !== null
}
