import { afterAll } from 'vitest'
import { s3Blobs } from '../../adapters/s3/index.ts'
import type { BlobStore } from '../../src/kit.ts'
import { registryContract } from '../../src/testing/index.ts'
import { partBucket, partStoreIn } from '../../src/testing/part-store.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { type ObjectStorage, seaweedfs, versitygw } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import type { TestService } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { type RegistryNodes, registryNodes } from './nodes.ts'

// The contract of a registry, with every request at another of three nodes.

withServices('three nodes over PostgreSQL and a bucket in memory', { postgres }, (running) => {
  let nodes: Promise<RegistryNodes> | null = null
  afterAll(async () => (await nodes)?.close())
  contractTests(registryContract, {}, async () => {
    const options = { minPartBytes: 1024, keysPerPage: 2 }
    const bucket = partBucket(options)
    nodes ??= registryNodes(running.postgres, () => partStoreIn(bucket, options))
    return (await nodes).fetch
  })
})

const services: ReadonlyArray<[string, TestService<ObjectStorage>]> = [
  ['SeaweedFS', seaweedfs],
  ['versitygw', versitygw],
]
for (const [name, storage] of services) {
  withServices(`three nodes over PostgreSQL and ${name}`, { postgres, storage }, (running) => {
    let nodes: Promise<RegistryNodes> | null = null
    afterAll(async () => (await nodes)?.close())

    async function open(): Promise<RegistryNodes> {
      const { endpoint, region, accessKeyId, secretAccessKey } = running.storage
      const credentials = { accessKeyId, secretAccessKey }
      const bucket = await running.storage.bucket()
      const blobs = (): BlobStore => s3Blobs({ bucket, endpoint, region, credentials })
      return registryNodes(running.postgres, blobs)
    }
    contractTests(registryContract, {}, async () => {
      nodes ??= open()
      return (await nodes).fetch
    })
  })
}
