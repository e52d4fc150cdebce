import type { Digest, RegistryEvent, RepositoryName, Tag } from '../../src/index.ts'

export const digest: Digest = `sha256:${'a'.repeat(64)}` as Digest
export const otherDigest: Digest = `sha256:${'b'.repeat(64)}` as Digest
export const repository: RepositoryName = 'team/app' as RepositoryName

const origin = {
  time: 1_700_000_000_123,
  repository,
  principal: { id: 'ci', details: { groups: ['builders'] } },
  requestId: 'request-1',
  peer: { address: '192.0.2.7', secure: true },
}
const manifest = { digest, size: 708, mediaType: 'application/vnd.oci.image.manifest.v1+json' }

/** A push of some tags. */
export function pushOf(...tags: readonly string[]): RegistryEvent {
  return {
    ...origin,
    ...manifest,
    kind: 'manifest-pushed',
    tags: tags as Tag[],
    contentSize: 4096,
    created: true,
  }
}

/** An event of each kind. */
export const events: { readonly [K in RegistryEvent['kind']]: RegistryEvent } = {
  'manifest-pushed': pushOf('1.2.3'),
  'manifest-pulled': { ...origin, ...manifest, kind: 'manifest-pulled', tag: '1.2.3' as Tag },
  'manifest-deleted': {
    ...origin,
    ...manifest,
    kind: 'manifest-deleted',
    tags: ['1.2.3' as Tag],
    tagCount: 1,
  },
  'manifest-restored': {
    ...origin,
    ...manifest,
    kind: 'manifest-restored',
    tags: ['1.2.3' as Tag],
    tagCount: 1,
  },
  'tag-moved': { ...origin, kind: 'tag-moved', tag: '1.2.3' as Tag, digest, previous: otherDigest },
  'tag-deleted': { ...origin, kind: 'tag-deleted', tag: '1.2.3' as Tag, digest },
  'tag-restored': { ...origin, kind: 'tag-restored', tag: '1.2.3' as Tag, digest },
  'blob-pushed': { ...origin, kind: 'blob-pushed', digest, size: 9 },
  'blob-pulled': { ...origin, kind: 'blob-pulled', digest, size: 9 },
  'blob-mounted': {
    ...origin,
    kind: 'blob-mounted',
    digest,
    size: 9,
    from: 'team/base' as RepositoryName,
  },
  'blob-deleted': { ...origin, kind: 'blob-deleted', digest },
  'blob-restored': { ...origin, kind: 'blob-restored', digest },
  'repository-deleted': { ...origin, kind: 'repository-deleted', manifests: 3, tags: 2 },
  'repository-restored': { ...origin, kind: 'repository-restored', manifests: 3, tags: 2 },
}
