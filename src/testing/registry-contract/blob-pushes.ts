import { equals } from '../contract.ts'
import { digestOfBytes, sampleBytes, sampleDigest } from '../samples.ts'
import { place, streamed, withQuery } from './contract-client.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

const bytes = sampleBytes(100_000)

/** Blobs on their way in, in one piece. */
export const blobPushCases: readonly RegistryCase[] = [
  registryCase('the API says that it is there', async (client) => {
    await client.expect(200, 'GET', '/v2/')
    await client.expect(200, 'HEAD', '/v2/')
  }),

  registryCase('a blob is pushed by POST and PUT', async (client) => {
    const digest = await digestOfBytes(bytes)
    const session = await client.openUpload(client.here)
    const put = await client.expect(201, 'PUT', withQuery(session, { digest }), { body: bytes })
    equals((await client.expect(200, 'GET', place(put))).bytes, bytes, 'what Location leads to')
  }),

  registryCase('a blob is pushed by one POST', async (client) => {
    const digest = await digestOfBytes(bytes)
    const path = `${client.here}/blobs/uploads/?digest=${digest}`
    const posted = await client.expect(201, 'POST', path, { body: bytes })
    equals((await client.expect(200, 'GET', place(posted))).bytes, bytes, 'the bytes')
  }),

  registryCase('a blob is pushed without a length', async (client) => {
    const digest = await digestOfBytes(bytes)
    const session = await client.openUpload(client.here)
    await client.expect(202, 'PATCH', session, { body: streamed(bytes) })
    await client.expect(201, 'PUT', withQuery(session, { digest }))
    const pulled = await client.expect(200, 'GET', `${client.here}/blobs/${digest}`)
    equals(pulled.bytes, bytes, 'the bytes')
  }),

  registryCase('a blob may have a digest of sha512', async (client) => {
    const digest = await digestOfBytes(bytes, 'sha512')
    for (const query of ['', '?digest-algorithm=sha512']) {
      const session = await client.openUpload(client.here, query)
      await client.expect(201, 'PUT', withQuery(session, { digest }), { body: bytes })
    }
    const pulled = await client.expect(200, 'GET', `${client.here}/blobs/${digest}`)
    equals(pulled.bytes, bytes, 'the bytes')
  }),

  registryCase('a blob of no bytes is a blob', async (client) => {
    const digest = await client.pushBlob(client.here, '')
    const pulled = await client.expect(200, 'GET', `${client.here}/blobs/${digest}`)
    equals([pulled.bytes.byteLength, pulled.headers.get('content-length')], [0, '0'], 'its length')
  }),

  registryCase('a blob of some megabytes is pushed and pulled', async (client) => {
    const large = sampleBytes(7 * 1024 * 1024 + 5)
    const digest = await client.pushBlob(client.here, large)
    const pulled = await client.expect(200, 'GET', `${client.here}/blobs/${digest}`)
    equals(pulled.bytes, large, 'the bytes')
  }),

  registryCase('a blob may be pushed twice, and by many at once', async (client) => {
    const pushes = Array.from({ length: 5 }, () => client.pushBlob(client.here, bytes))
    const [digest] = await Promise.all(pushes)
    await client.pushBlob(client.here, bytes)
    const pulled = await client.expect(200, 'GET', `${client.here}/blobs/${digest}`)
    equals(pulled.bytes, bytes, 'the bytes')
  }),

  registryCase('bytes of another digest are refused and not kept', async (client) => {
    const wrong = sampleDigest(1)
    const session = await client.openUpload(client.here)
    const put = withQuery(session, { digest: wrong })
    await client.refused(400, 'DIGEST_INVALID', 'PUT', put, { body: bytes })
    const post = `${client.here}/blobs/uploads/?digest=${wrong}`
    await client.refused(400, 'DIGEST_INVALID', 'POST', post, { body: bytes })
    for (const digest of [wrong, await digestOfBytes(bytes)]) {
      await client.expect(404, 'HEAD', `${client.here}/blobs/${digest}`)
    }
  }),

  registryCase('what is no digest is refused', async (client) => {
    const session = await client.openUpload(client.here)
    await client.refused(400, 'DIGEST_INVALID', 'PUT', session)
    for (const digest of ['sha256:abc', `md5:${'0'.repeat(32)}`, 'latest']) {
      await client.refused(400, 'DIGEST_INVALID', 'PUT', withQuery(session, { digest }))
    }
    const query = '?digest-algorithm=md5'
    const path = `${client.here}/blobs/uploads/${query}`
    await client.refused(400, 'DIGEST_INVALID', 'POST', path)
  }),
]
