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

/** What those from version 5 on have as well: what waits to be sent, and what is not sent any more. */
export const told = {
  repository: repositoryNamed('told/here'),
  waiting: { endpoint: 'one', text: '{"waits":"é"}', tries: 1, error: 'refused\u0000' },
  dead: { endpoint: 'two', text: '{"dead":1}', tries: 1, error: 'gone' },
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
  await putTold(store)
}

async function putTold(store: MetadataStore): Promise<void> {
  const { repository, waiting, dead } = told
  const blob = { digest: sampleDigest(5), size: 50, key: 'told/layer' }
  await store.linkBlob(repository, blob, 1e12, {
    tell: () => [waiting, dead].map(({ endpoint, text }) => ({ endpoints: [endpoint], text })),
  })
  const claims = await store.outbox?.claim(['one', 'two'], { limit: 2, forMs: 1000 })
  for (const entry of claims?.entries ?? []) {
    if (entry.endpoint === 'two') await store.outbox?.bury(entry, dead.error)
    else await store.outbox?.retry(entry, { inMs: 0, error: waiting.error })
  }
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
