import { equals } from '../contract.ts'
import { sampleBytes, sampleDigest } from '../samples.ts'
import { place, withQuery } from './contract-client.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

const bytes = sampleBytes(5000)

/** Blobs that one repository takes over from another. */
export const mountCases: readonly RegistryCase[] = [
  registryCase('a blob is mounted from another repository', async (client) => {
    const digest = await client.pushBlob(client.here, bytes)
    const query = new URLSearchParams({ mount: digest, from: client.here })
    const mounted = await client.expect(201, 'POST', `${client.there}/blobs/uploads/?${query}`)
    equals(place(mounted), `/v2/${client.there}/blobs/${digest}`, 'where it is')
    equals((await client.expect(200, 'GET', place(mounted))).bytes, bytes, 'the bytes')
  }),

  registryCase('a mount outlives the deletion of its source', async (client) => {
    const digest = await client.pushBlob(client.here, bytes)
    const query = new URLSearchParams({ mount: digest, from: client.here })
    await client.expect(201, 'POST', `${client.there}/blobs/uploads/?${query}`)
    await client.expect(202, 'DELETE', `${client.here}/blobs/${digest}`)
    const pulled = await client.expect(200, 'GET', `${client.there}/blobs/${digest}`)
    equals(pulled.bytes, bytes, 'the bytes')
  }),

  registryCase('a mount of what the source does not have opens an upload', async (client) => {
    const digest = await client.pushBlob(client.here, bytes)
    await client.pushBlob(client.there, 'something else')
    for (const [mount, from] of [
      [sampleDigest(1), client.here],
      [digest, client.there],
      [digest, `${client.here}/nothing`],
    ] as const) {
      const target = `${client.here}/target/blobs/uploads/?${new URLSearchParams({ mount, from })}`
      const session = place(await client.expect(202, 'POST', target))
      await client.expect(204, 'GET', session)
      await client.expect(204, 'DELETE', session)
    }
    await client.expect(404, 'HEAD', `${client.here}/target/blobs/${digest}`)
  }),

  registryCase('a mount hint that cannot be used opens an upload', async (client) => {
    const digest = await client.pushBlob(client.here, bytes)
    for (const [mount, from] of [
      [digest, 'llama3:latest'],
      [digest, 'localhost:5000/library/app'],
      [digest, client.here.toUpperCase()],
      [digest, ''],
      ['', client.here],
      ['sha256:abc', client.here],
      [digest.toUpperCase(), client.here],
      ['md5:d41d8cd98f00b204e9800998ecf8427e', client.here],
    ] as const) {
      const query = new URLSearchParams({ mount, from })
      const session = await client.openUpload(client.there, `?${query}`)
      await client.expect(204, 'DELETE', session)
    }
    await client.expect(404, 'HEAD', `${client.there}/blobs/${digest}`)
  }),

  registryCase('the upload that a mount opened takes the blob', async (client) => {
    const query = new URLSearchParams({ mount: sampleDigest(1), from: client.here })
    const opened = await client.expect(202, 'POST', `${client.there}/blobs/uploads/?${query}`)
    const digest = await client.pushBlob(client.here, bytes)
    await client.expect(201, 'PUT', withQuery(place(opened), { digest }), { body: bytes })
    const pulled = await client.expect(200, 'GET', `${client.there}/blobs/${digest}`)
    equals(pulled.bytes, bytes, 'the bytes')
  }),
]
