import { s3Blobs } from '../../adapters/s3/index.ts'
import { createRegistry } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { blobStoreContract, registryContract } from '../../src/testing/index.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { type ObjectStorage, seaweedfs, versitygw } from '../services/object-storage.ts'
import type { TestService } from '../services/test-service.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { optionsOf } from './bucket-content.ts'
import { s3Place, s3Supports } from './places.ts'

function contractsOn(name: string, service: TestService<ObjectStorage>): void {
  withServices(`the contracts in a bucket of ${name}`, { service }, (running) => {
    const options = optionsOf(() => running.service)
    contractTests(blobStoreContract, s3Supports, async () => s3Place(await options()))
    if (!isFull && service === versitygw) return
    contractTests(registryContract, {}, async () => {
      const { metadata, uploads } = memoryStores()
      const blobs = s3Blobs(await options())
      const registry = createRegistry({ stores: { blobs, metadata, uploads } })
      return (request) => registry.fetch(request)
    })
  })
}

contractsOn('SeaweedFS', seaweedfs)
contractsOn('versitygw', versitygw)
