import { type S3Options, s3Blobs } from '../../adapters/s3/index.ts'
import { createRegistry } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { blobStoreContract, casesFor, registryContract } from '../../src/testing/index.ts'
import { s3Place, s3Supports } from './places.ts'

/** A case for any test runner. */
export interface ContractRun {
  readonly name: string
  run(): Promise<void>
}

/** The contracts of blobs and registries, each case under a prefix of its own of the bucket. */
export function contractRuns(options: S3Options): readonly ContractRun[] {
  const own = (): S3Options => ({ ...options, prefix: `${options.prefix}/${crypto.randomUUID()}` })
  return [
    ...casesFor(blobStoreContract, s3Supports).runnable.map(({ name, run }) => ({
      name: `blobs in a bucket: ${name}`,
      run: () => run(() => s3Place(own())),
    })),
    ...registryContract.map(({ name, run }) => ({
      name: `a registry on a bucket: ${name}`,
      async run() {
        const { metadata, uploads } = memoryStores()
        const blobs = s3Blobs(own())
        const registry = createRegistry({ stores: { blobs, metadata, uploads } })
        await run(() => (request) => registry.fetch(request))
        await blobs.close()
      },
    })),
  ]
}
