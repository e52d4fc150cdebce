import type { MetadataStore } from '../../src/kit.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'

/** What the dumps of earlier versions have in them. */
export const kept = {
  repository: repositoryNamed('kept/here'),
  tag: tagNamed('v1'),
  layer: { digest: sampleDigest(1), size: 10, key: 'kept/layer' },
  manifest: { digest: sampleDigest(2), size: 20, key: 'kept/manifest' },
  condemned: { digest: sampleDigest(3), size: 30, key: 'kept/condemned' },
} as const

/** What those from version 3 on have of both manifests as well. */
export const pushed = { pushedBy: 'anna', contentSize: 10 } as const

/** What those from version 2 on have as well: it was deleted, and can be brought back. */
export const deleted = {
  repository: repositoryNamed('deleted/here'),
  tag: tagNamed('v2'),
  manifest: { digest: sampleDigest(4), size: 40, key: 'deleted/manifest' },
} as const

/** Puts it there. */
export async function putContent(store: MetadataStore): Promise<void> {
  const { repository, tag, layer, manifest, condemned } = kept
  await store.linkBlob(repository, layer, 1e12)
  await store.linkBlob(repository, condemned, 0)
  await store.putManifest(repository, {
    record: {
      ...{ ...manifest, blob: manifest, mediaType: 'a/b', artifactType: 'c/d' },
      ...{ subject: layer.digest, references: [layer.digest], annotations: [['key', 'é\u0000']] },
      ...pushed,
    },
    tags: [tag],
    immutable: [],
    requires: [{ digest: layer.digest, kind: 'blob' }],
  })
  await store.condemn(10)
  await putDeleted(store)
}

async function putDeleted(store: MetadataStore): Promise<void> {
  const { repository, tag, manifest } = deleted
  await store.putManifest(repository, {
    record: { ...manifest, blob: manifest, mediaType: 'a/b', references: [], ...pushed },
    ...{ tags: [tag], immutable: [], requires: [] },
  })
  await store.notePulls?.([{ repository, digest: manifest.digest, at: 7_200_000 }])
  const options = { leaseMs: 0, trashMs: 1e12 }
  await store.deleteManifest(repository, manifest.digest, options)
}
