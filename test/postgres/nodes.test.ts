import { createHash } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { s3Blobs } from '../../adapters/s3/index.ts'
import type { BlobStore } from '../../src/kit.ts'
import { registryContract } from '../../src/testing/index.ts'
import { partBucket, partStoreIn } from '../../src/testing/part-store.ts'
import { sampleBytes } from '../../src/testing/samples.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { watched } from '../s3/places.ts'
import { type ObjectStorage, seaweedfs, versitygw } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import type { TestService } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { type RegistryNodes, registryNodes } from './nodes.ts'

const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

// The contract of a registry, with every request at another of three nodes.

withServices('three nodes over PostgreSQL and a bucket in memory', { postgres }, (running) => {
  let nodes: Promise<RegistryNodes> | null = null
  afterAll(async () => (await nodes)?.close())
  contractTests(
    registryContract,
    {},
    async () => {
      const options = { minPartBytes: 1024, keysPerPage: 2 }
      const bucket = partBucket(options)
      nodes ??= registryNodes(running.postgres, () => partStoreIn(bucket, options))
      return (await nodes).fetch
    },
    4,
  )
})

const services: ReadonlyArray<[string, TestService<ObjectStorage>]> = [
  ['SeaweedFS', seaweedfs],
  ['versitygw', versitygw],
]
for (const [name, storage] of services) {
  withServices(`three nodes over PostgreSQL and ${name}`, { postgres, storage }, (running) => {
    let nodes: Promise<RegistryNodes> | null = null
    afterAll(async () => (await nodes)?.close())

    const transport = watched()
    async function open(): Promise<RegistryNodes> {
      const { endpoint, region, accessKeyId, secretAccessKey } = running.storage
      const credentials = { accessKeyId, secretAccessKey }
      const bucket = await running.storage.bucket()
      const blobs = (): BlobStore => s3Blobs({ bucket, endpoint, region, credentials, transport })
      return registryNodes(running.postgres, blobs)
    }
    contractTests(registryContract, {}, async () => {
      nodes ??= open()
      return (await nodes).fetch
    })

    test('chunks that go to another node each time are sent once, and never read again', async () => {
      nodes ??= open()
      const { fetch } = await nodes
      const ask = (path: string, init: RequestInit): Promise<Response> =>
        fetch(new Request(new URL(path, 'http://localhost'), init))
      const posted = await ask('/v2/chunks/blobs/uploads/', { method: 'POST' })
      const least = Number(posted.headers.get('oci-chunk-min-length'))

      const bytes = new Uint8Array(sampleBytes(3 * least + 1000))
      let location = posted.headers.get('location') ?? ''
      transport.requests.length = 0
      for (let at = 0; at < bytes.byteLength; at += least) {
        const chunk = bytes.slice(at, at + least)
        const headers = { 'content-range': `${at}-${at + chunk.byteLength - 1}` }
        const patched = await ask(location, { method: 'PATCH', body: chunk, headers })
        expect(patched.status).toBe(202)
        location = patched.headers.get('location') ?? ''
      }
      const digest = digestOf(bytes)
      const put = await ask(`${location}?digest=${digest}`, { method: 'PUT' })
      expect(put.status).toBe(201)
      // Each chunk is a part, and the last one an object that is copied.
      const writes = transport.requests.filter((request) => /^(PUT|GET$)/.test(request))
      const part = 'PUT partNumber'
      expect(writes).toEqual([part, part, part, 'PUT', `${part} copy`])
      const pulled = await ask(`/v2/chunks/blobs/${digest}`, {})
      expect(digestOf(new Uint8Array(await pulled.arrayBuffer()))).toBe(digest)
    })
  })
}
