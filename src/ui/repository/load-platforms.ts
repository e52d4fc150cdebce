import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Bounded } from '../bounded.ts'
import { atOnce } from '../facts/at-once.ts'
import {
  annotationOf,
  downloadSize,
  type ManifestFacts,
  type NamedManifest,
  platformText,
} from '../facts/manifest-facts.ts'
import type { Visit } from '../visit.ts'
import type { ListedPlatform } from './repository-data.ts'

/** Platforms of an index that are looked into. */
const mostPlatforms = 12

/** Loads the platforms of an image, or of an index, with what a client downloads for each. */
export async function loadPlatforms(
  visit: Visit,
  repository: RepositoryName,
  facts: ManifestFacts | null,
): Promise<Bounded<ListedPlatform>> {
  if (facts?.kind === 'image') {
    const own = await platformOfImage(visit, repository, facts)
    return { items: own === null ? [] : [own], total: own === null ? 0 : 1 }
  }
  if (facts?.kind !== 'index') return { items: [], total: 0 }
  const named = facts.manifests.items.filter(isPlatform)
  const items = await atOnce(named.slice(0, mostPlatforms), 4, (one) =>
    platformOfIndex(visit, repository, one),
  )
  return { items, total: named.length }
}

/** BuildKit names what it attests as a manifest of an unknown platform. */
function isPlatform(manifest: NamedManifest): boolean {
  if (annotationOf(manifest, 'vnd.docker.reference.type') !== null) return false
  return manifest.platform !== null && manifest.platform.os !== 'unknown'
}

async function platformOfIndex(
  { deps, viewer }: Visit,
  repository: RepositoryName,
  { platform, digest }: NamedManifest,
): Promise<ListedPlatform> {
  const name = platform === null ? '' : platformText(platform)
  const facts = digest === null ? null : await deps.facts.manifest(viewer.call, repository, digest)
  return { name, digest, size: downloadSize(facts), isPresent: facts !== null }
}

async function platformOfImage(
  { deps, viewer }: Visit,
  repository: RepositoryName,
  facts: ManifestFacts,
): Promise<ListedPlatform | null> {
  const { digest = null, size = null } = facts.config ?? {}
  if (digest === null || size === null) return null
  const config = await deps.facts.config(viewer.call, repository, digest, size)
  if (config?.platform === undefined || config.platform === null) return null
  const name = platformText(config.platform)
  return { name, digest: null, size: downloadSize(facts), isPresent: true }
}
