import { expect, test } from 'vitest'
import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { callContext, createRegistry, repositoryName } from '../../src/index.ts'
import { bytesSource, openMetadata } from '../../src/kit.ts'
import { sampleBytes } from '../../src/testing/index.ts'
import { digestOfBytes } from '../../src/testing/samples.ts'
import { faultyStore } from './faulty-store.ts'
import { afterTest } from './temporary.ts'

test('a collection shares syncs of the folder and of the journal', async () => {
  const { store, files } = await faultyStore()
  const metadata = await openMetadata({ log: store.log })
  afterTest(() => metadata.close())
  const stores = { blobs: store.blobs, uploads: store.uploads, metadata }
  const { service, collectGarbage } = createRegistry({
    stores,
    hash: nodeHash,
    limits: { trashMs: 0 },
  })
  const [call, app] = [callContext(), repositoryName('app')]
  await Promise.all(
    Array.from({ length: 40 }, async (_, seed) => {
      const bytes = sampleBytes(100, seed)
      const digest = await digestOfBytes(bytes)
      await service.pushBlob(call, app, digest, { source: bytesSource(bytes) })
      await service.deleteBlob(call, app, digest)
    }),
  )
  files.calls.length = 0
  expect(await collectGarbage()).toMatchObject({ blobs: 40 })
  const syncs = files.lines.filter((line) => /^(sync-directory|datasync) /.test(line))
  expect(syncs.length).toBeGreaterThan(1)
  expect(syncs.length).toBeLessThan(40)
})
