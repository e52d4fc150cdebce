import { afterAll, beforeAll, describe, test } from 'vitest'
import { openRegistry, type Serving, serve } from '../../adapters/node-fs/index.ts'
import { createRegistry } from '../../src/index.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { partStore, registryContract } from '../../src/testing/index.ts'
import { afterTest, temporaryFolder } from '../disk/temporary.ts'
import { fetchFrom } from '../runtimes/over-the-wire.ts'

describe('a registry in memory', () => {
  for (const { name, run } of registryContract) test(name, () => run(() => createRegistry().fetch))
})

describe("a registry under S3's rules", () => {
  for (const { name, run } of registryContract) {
    const blobs = partStore({ minPartBytes: 1024, keysPerPage: 2 })
    const stores = { blobs, uploads: memoryUploads(), metadata: memoryMetadata() }
    test(name, () => run(() => createRegistry({ stores }).fetch))
  }
})

describe('a registry on disk', () => {
  for (const { name, run } of registryContract) {
    test(name, () =>
      run(async () => {
        const registry = await openRegistry({ directory: await temporaryFolder() })
        afterTest(() => registry.close())
        return registry.fetch
      }),
    )
  }
})

describe('a registry over the wire, one for all cases', () => {
  let serving: Serving
  beforeAll(async () => {
    serving = await serve(createRegistry(), { port: 0 })
  })
  afterAll(() => serving.close(0))
  for (const { name, run } of registryContract) test(name, () => run(() => fetchFrom(serving.url)))
})
