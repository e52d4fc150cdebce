import type { Digest } from '../../src/oci/digest.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { Tag } from '../../src/oci/tag.ts'
import type { BlobRef } from '../../src/ports/blob-store.ts'
import type { ManifestRecord } from '../../src/ports/metadata-store.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'

/** Few names, so that random histories meet; some are properties of plain objects. */
export const repositories: readonly RepositoryName[] = ['constructor', 'a/b', 'a'].map(
  repositoryNamed,
)

export const tags: readonly Tag[] = ['__proto__', 'constructor', 'toString', 'latest'].map(tagNamed)

export const digests: readonly Digest[] = [1, 2, 3, 4, 5, 6].map((number) => sampleDigest(number))

/** What a manifest may refer to; not all of it is a digest. */
export const subjects: readonly string[] = [sampleDigest(1), '__proto__', 'blake3:\u{1f4a5}\ud800']

/** Bytes of a sample digest, wherever `copy` put them. */
export function blobOf(digest: Digest, copy = 0): BlobRef {
  return {
    digest,
    size: 100 + digests.indexOf(digest),
    key: `copy ${copy} of ${digest.slice(0, 12)}`,
  }
}

/** A manifest record of a sample digest. */
export function recordOf(digest: Digest, more: Partial<ManifestRecord> = {}): ManifestRecord {
  const blob = blobOf(digest)
  return {
    digest,
    size: blob.size,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    blob,
    references: [],
    pushedAt: 1_700_000_000_000,
    ...more,
  }
}
