import { type S3Options, s3Blobs } from '../../adapters/s3/index.ts'
import { createRegistry } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { blobStoreContract, registryContract } from '../../src/testing/index.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { type ObjectStorage, seaweedfs, versitygw } from '../services/object-storage.ts'
import type { TestService } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { s3Place, s3Supports } from './places.ts'

function contractsOn(name: string, service: TestService<ObjectStorage>): void {
  withServices(`the contracts in a bucket of ${name}`, { service }, (running) => {
    let bucket: Promise<string> | null = null
    const options = async (): Promise<S3Options> => {
      const { endpoint, region, accessKeyId, secretAccessKey } = running.service
      bucket ??= running.service.bucket()
      const credentials = { accessKeyId, secretAccessKey }
      const prefix = running.service.prefix()
      return { bucket: await bucket, prefix, endpoint, region, credentials }
    }

    contractTests(blobStoreContract, s3Supports, async () => s3Place(await options()))
    contractTests(registryContract, {}, async () => {
      const { metadata, uploads } = memoryStores()
      const registry = createRegistry({
        stores: { blobs: s3Blobs(await options()), metadata, uploads },
      })
      return (request) => registry.fetch(request)
    })
  })
}

contractsOn('SeaweedFS', seaweedfs)
contractsOn('versitygw', versitygw)
