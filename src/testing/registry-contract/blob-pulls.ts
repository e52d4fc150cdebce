import { equals } from '../contract.ts'
import { sampleBytes, sampleDigest } from '../samples.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

const bytes = sampleBytes(100_000)

/** Blobs on their way out. */
export const blobPullCases: readonly RegistryCase[] = [
  registryCase('a pull says what it brings, and HEAD the same without it', async (client) => {
    const digest = await client.pushBlob(client.here, bytes)
    for (const method of ['GET', 'HEAD']) {
      const answer = await client.expect(200, method, `${client.here}/blobs/${digest}`)
      equals(answer.headers.get('content-length'), '100000', `Content-Length of ${method}`)
      equals(answer.headers.get('docker-content-digest'), digest, `the digest of ${method}`)
      equals(answer.bytes, method === 'HEAD' ? new Uint8Array(0) : bytes, `the body of ${method}`)
    }
  }),

  registryCase('a part of a blob is pulled to the byte', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=1000-70000', 1000, 70_001],
      ['bytes=99999-', 99_999, 100_000],
      ['bytes=-10', 99_990, 100_000],
      ['bytes=50000-999999', 50_000, 100_000],
    ] as const) {
      const part = await client.expect(206, 'GET', path, { headers: { Range: range } })
      equals(part.bytes, bytes.subarray(start, end), range)
      const said = part.headers.get('content-range')
      equals(said, `bytes ${start}-${end - 1}/100000`, `Content-Range of ${range}`)
    }
  }),

  registryCase('a part beyond the end is refused', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    const answer = await client.expect(416, 'GET', path, { headers: { Range: 'bytes=100000-' } })
    equals(answer.headers.get('content-range'), 'bytes */100000', 'Content-Range')
  }),

  registryCase('a blob that the client has is not sent again', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    const etag = (await client.expect(200, 'HEAD', path)).headers.get('etag') ?? ''
    const again = await client.expect(304, 'GET', path, { headers: { 'If-None-Match': etag } })
    equals(again.bytes.byteLength, 0, 'bytes of the answer')
    await client.expect(200, 'GET', path, { headers: { 'If-None-Match': '"another"' } })
  }),

  registryCase('a blob is read through a repository that has it, and no other', async (client) => {
    const digest = await client.pushBlob(client.here, bytes)
    await client.pushBlob(client.there, 'something else')
    await client.refused(404, 'BLOB_UNKNOWN', 'GET', `${client.there}/blobs/${digest}`)
    await client.expect(404, 'HEAD', `${client.there}/blobs/${digest}`)
  }),

  registryCase('a blob that is not there is unknown', async (client) => {
    const path = `${client.here}/blobs/${sampleDigest(1)}`
    await client.refused(404, 'BLOB_UNKNOWN', 'GET', path)
    await client.pushBlob(client.here, bytes)
    await client.refused(404, 'BLOB_UNKNOWN', 'GET', path)
    await client.expect(404, 'HEAD', path)
  }),
]
