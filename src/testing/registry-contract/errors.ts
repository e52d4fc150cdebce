import { mediaTypes } from '../../index.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

/** What a registry says to requests that cannot be right. */
export const errorCases: readonly RegistryCase[] = [
  registryCase('names that are none are refused', async (client) => {
    for (const name of ['UPPER', 'a..b', '-a', 'a_', `${'a'.repeat(256)}`]) {
      await client.refused(400, 'NAME_INVALID', 'GET', `${name}/tags/list`)
      await client.refused(400, 'NAME_INVALID', 'POST', `${name}/blobs/uploads/`)
    }
  }),

  registryCase('names that mean something to JavaScript are names', async (client) => {
    for (const name of ['constructor', 'tostring', 'hasownproperty']) {
      const repository = `${client.here}/${name}`
      await client.refused(404, 'NAME_UNKNOWN', 'GET', `${repository}/tags/list`)
      const built = await client.pushImage(repository, '__proto__')
      const pulled = await client.expect(200, 'GET', `${repository}/manifests/__proto__`)
      equals(pulled.bytes, built.bytes, name)
    }
  }),

  registryCase('tags that are none are refused, or not there', async (client) => {
    const headers = { 'Content-Type': mediaTypes.ociManifest }
    for (const tag of ['.a', '-a', 'a'.repeat(129)]) {
      const path = `${client.here}/manifests/${tag}`
      await client.expect(400, 'PUT', path, { headers, body: '{}' })
      await client.refused(404, 'MANIFEST_UNKNOWN', 'GET', path)
    }
  }),

  registryCase('digests that are none are refused', async (client) => {
    for (const digest of ['sha256:abc', `sha256:${'A'.repeat(64)}`]) {
      await client.refused(400, 'DIGEST_INVALID', 'GET', `${client.here}/blobs/${digest}`)
      await client.refused(400, 'DIGEST_INVALID', 'GET', `${client.here}/manifests/${digest}`)
    }
  }),

  registryCase('a manifest that is not there is unknown', async (client) => {
    for (const reference of ['latest', sampleDigest(1)]) {
      const path = `${client.here}/manifests/${reference}`
      await client.refused(404, 'MANIFEST_UNKNOWN', 'GET', path)
      equals((await client.expect(404, 'HEAD', path)).bytes.byteLength, 0, 'bytes of HEAD')
    }
  }),

  registryCase('a session that never was is unknown', async (client) => {
    for (const id of [crypto.randomUUID(), 'not-a-session']) {
      const path = `${client.here}/blobs/uploads/${id}`
      await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', 'GET', path)
      await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', 'PATCH', path, { body: 'text' })
    }
  }),

  registryCase('a method that an endpoint does not have is refused', async (client) => {
    const answer = await client.refused(405, 'UNSUPPORTED', 'POST', `${client.here}/tags/list`)
    holds((answer.headers.get('allow') ?? '').includes('GET'), 'it says which it has')
    await client.refused(405, 'UNSUPPORTED', 'DELETE', '/v2/')
  }),

  registryCase('a page that is none is refused', async (client) => {
    await client.pushImage(client.here, 'v1')
    for (const n of ['-1', 'x', '1.5']) {
      await client.refused(400, 'UNSUPPORTED', 'GET', `${client.here}/tags/list?n=${n}`)
    }
  }),
]
