import type { RepositoryName } from '../../oci/repository-name.ts'
import { atOnce } from '../facts/at-once.ts'
import type { ManifestSummary, NamedPlatform } from '../facts/summaries.ts'
import type { Listed } from '../readers/shapes.ts'
import type { Visit } from '../visit.ts'
import type { ListedPlatform } from './repository-data.ts'

/** Platforms of an index that are looked into. */
const mostPlatforms = 12

/** Loads the platforms of an image, or of an index, with what a client downloads for each. */
export async function loadPlatforms(
  visit: Visit,
  repository: RepositoryName,
  summary: ManifestSummary | null,
): Promise<Listed<ListedPlatform>> {
  if (summary?.kind === 'image') {
    const own = await platformOfImage(visit, repository, summary)
    return { items: own === null ? [] : [own], count: own === null ? 0 : 1 }
  }
  const { items: named, count } = summary?.platforms ?? { items: [], count: 0 }
  const items = await atOnce(named.slice(0, mostPlatforms), 4, (one) =>
    platformOfIndex(visit, repository, one),
  )
  return { items, count }
}

async function platformOfIndex(
  { deps, facts, viewer: { call } }: Visit,
  repository: RepositoryName,
  { name, digest }: NamedPlatform,
): Promise<ListedPlatform> {
  if (digest === null) return { name, digest, size: null, isPresent: false }
  const found = await facts.manifest(call, repository, digest)
  // One that was not read may be there all the same.
  const isPresent =
    found !== null ||
    (await deps.service.statManifest(call, repository, { kind: 'digest', digest })) !== null
  return { name, digest, size: found?.downloadSize ?? null, isPresent }
}

async function platformOfImage(
  { facts, viewer }: Visit,
  repository: RepositoryName,
  { config, downloadSize }: ManifestSummary,
): Promise<ListedPlatform | null> {
  const found = config === null ? null : await facts.config(viewer.call, repository, config)
  const name = found?.platform ?? null
  return name === null ? null : { name, digest: null, size: downloadSize, isPresent: true }
}
