import type { Digest } from '../../oci/digest.ts'
import { manifestShape } from '../../oci/media-types.ts'
import type { ManifestInfo } from '../../ports/registry-service.ts'
import {
  type ContentDetails,
  entryOf,
  type ManifestDetails,
  namedBytes,
} from '../readers/manifest-details.ts'
import type { Listed } from '../readers/shapes.ts'
import type { Parent, PlatformFacts } from './artifact-data.ts'
import { findEntry, type RepositoryReader, readManifest } from './read-content.ts'

/** Manifests of an index that are looked up. */
const mostLookedUp = 100
/** Looked up at the same time. */
const atOnce = 10
/** Larger ones are not read for their size, in bytes. */
const mostManifestBytes = 256 * 1024
const mostParents = 100

/** The manifests that an index names, with what the repository knows of them. */
export async function loadPlatforms(
  reader: RepositoryReader,
  { manifests }: ManifestDetails,
): Promise<Listed<PlatformFacts>> {
  const items: PlatformFacts[] = []
  for (let start = 0; start < manifests.items.length; start += atOnce) {
    const some = manifests.items.slice(start, start + atOnce)
    const isLooked = start < mostLookedUp
    items.push(...(await Promise.all(some.map((one) => platformFacts(reader, one, isLooked)))))
  }
  return { items, count: manifests.count }
}

async function platformFacts(
  reader: RepositoryReader,
  content: ContentDetails,
  isLooked: boolean,
): Promise<PlatformFacts> {
  const { digest, mediaType, artifactType, platform, size, annotations } = content
  const entry = isLooked && digest !== null ? await findEntry(reader, digest) : null
  const isAttestation = entryOf(annotations, 'vnd.docker.reference.type') === 'attestation-manifest'
  return {
    digest,
    mediaType,
    artifactType,
    // BuildKit says that a statement about a platform runs on an unknown one.
    platform: isAttestation ? null : platform,
    size,
    contentSize: entry && (entry.record.contentSize ?? (await readSize(reader, entry.record))),
    isPresent: isLooked ? entry !== null : null,
    attests: isAttestation ? (entryOf(annotations, 'vnd.docker.reference.digest') ?? '') : null,
    annotations,
  }
}

/** The size that the manifest itself says, where the store has noted none. */
async function readSize(
  reader: RepositoryReader,
  { digest, size, mediaType }: ManifestInfo,
): Promise<number | null> {
  if (size > mostManifestBytes || manifestShape(mediaType) === 'index') return null
  const { details } = (await readManifest(reader, { kind: 'digest', digest })) ?? {}
  return typeof details === 'object' ? namedBytes(details) : null
}

/** Indexes that name a manifest. */
export async function findParents(
  { service, call, repository }: RepositoryReader,
  digest: Digest,
): Promise<readonly Parent[]> {
  const { items } = await service.findParents(call, repository, digest)
  return items
    .filter(({ mediaType }) => manifestShape(mediaType) === 'index')
    .slice(0, mostParents)
    .map(({ digest, tags, tagCount }) => ({ digest, tags: { items: tags, count: tagCount } }))
}
