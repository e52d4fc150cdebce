import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { openRegistry, type Serving, serve } from '../../adapters/node-fs/index.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { partStore, registryContract } from '../../src/testing/index.ts'
import { afterTest, temporaryFolder } from '../disk/temporary.ts'
import { fetchFrom } from '../runtimes/over-the-wire.ts'
import { sampleOf } from '../sample.ts'

/** Of the cases, all of which a registry in memory is held to. */
const some = (every: number): typeof registryContract =>
  sampleOf('cases of contracts', registryContract, every)

describe('a registry in memory', () => {
  for (const { name, run } of registryContract) test(name, () => run(() => createRegistry().fetch))
})

describe("a registry under S3's rules", () => {
  for (const { name, run } of some(10)) {
    const blobs = partStore({ minPartBytes: 1024, keysPerPage: 2 })
    const stores = { blobs, uploads: memoryUploads(), metadata: memoryMetadata() }
    test(name, () => run(() => createRegistry({ stores }).fetch))
  }
})

describe('a registry on disk', () => {
  for (const { name, run } of some(3)) {
    test(name, () =>
      run(async () => {
        const registry = await openRegistry({ directory: await temporaryFolder() })
        afterTest(() => registry.close())
        return registry.fetch
      }),
    )
  }
})

describe.each(['in memory', 'on disk'])(
  'a registry %s over the wire, one for all cases',
  (where) => {
    let registry: Registry
    let serving: Serving
    let directory: string | null = null
    beforeAll(async () => {
      directory = where === 'on disk' ? await mkdtemp(join(tmpdir(), 'layerdock-contract-')) : null
      registry = directory === null ? createRegistry() : await openRegistry({ directory })
      serving = await serve(registry, { port: 0 })
    })
    afterAll(async () => {
      await serving.close(0)
      await registry.close()
      if (directory !== null) await rm(directory, { recursive: true })
    })
    for (const { name, run } of some(where === 'on disk' ? 3 : 10))
      test(name, () => run(() => fetchFrom(serving.url)))
  },
)
