import { buildImage } from '../built-content.ts'
import { equals } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import type { ContractClient } from './contract-client.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

async function tagsOf(client: ContractClient): Promise<unknown> {
  return JSON.parse((await client.expect(200, 'GET', `${client.here}/tags/list`)).text).tags
}

/** Blobs, tags and manifests that go. */
export const deletionCases: readonly RegistryCase[] = [
  registryCase('a deleted blob is gone, until it is pushed again', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, 'text')}`
    await client.expect(202, 'DELETE', path)
    await client.refused(404, 'BLOB_UNKNOWN', 'GET', path)
    await client.refused(404, 'BLOB_UNKNOWN', 'DELETE', path)
    await client.pushBlob(client.here, 'text')
    equals((await client.expect(200, 'GET', path)).text, 'text', 'the bytes, pushed again')
  }),

  registryCase('a deleted tag leaves the manifest and its other tags', async (client) => {
    const built = await client.pushImage(client.here, 'one')
    await client.pushManifest(client.here, 'two', built)
    await client.expect(202, 'DELETE', `${client.here}/manifests/one`)
    await client.refused(404, 'MANIFEST_UNKNOWN', 'GET', `${client.here}/manifests/one`)
    await client.refused(404, 'MANIFEST_UNKNOWN', 'DELETE', `${client.here}/manifests/one`)
    for (const reference of ['two', built.descriptor.digest]) {
      const pulled = await client.expect(200, 'GET', `${client.here}/manifests/${reference}`)
      equals(pulled.bytes, built.bytes, reference)
    }
    equals(await tagsOf(client), ['two'], 'the tags')
  }),

  registryCase('a deleted manifest takes its tags along, here alone', async (client) => {
    const built = await client.pushImage(client.here, 'one')
    await client.pushManifest(client.here, 'two', built)
    const other = await client.pushImage(client.here, 'other', 'another')
    await client.pushWhole(client.there, built, 'one')
    const { digest } = built.descriptor
    await client.expect(202, 'DELETE', `${client.here}/manifests/${digest}`)
    for (const reference of ['one', 'two', digest]) {
      await client.refused(404, 'MANIFEST_UNKNOWN', 'GET', `${client.here}/manifests/${reference}`)
    }
    equals(await tagsOf(client), ['other'], 'the tags')
    const left = await client.expect(200, 'GET', `${client.here}/manifests/other`)
    equals(left.bytes, other.bytes, 'another manifest')
    const elsewhere = await client.expect(200, 'GET', `${client.there}/manifests/one`)
    equals(elsewhere.bytes, built.bytes, 'the manifest elsewhere')
  }),

  registryCase('a deleted manifest is pushed again', async (client) => {
    const built = await buildImage({ layers: ['one'] })
    const digest = await client.pushWhole(client.here, built, 'v1')
    await client.expect(202, 'DELETE', `${client.here}/manifests/${digest}`)
    await client.pushWhole(client.here, built, 'v1')
    const pulled = await client.expect(200, 'GET', `${client.here}/manifests/v1`)
    equals(pulled.bytes, built.bytes, 'the bytes')
  }),

  registryCase('what is not there cannot be deleted', async (client) => {
    await client.pushImage(client.here, 'v1')
    for (const reference of ['nothing', sampleDigest(1)]) {
      const path = `${client.here}/manifests/${reference}`
      await client.refused(404, 'MANIFEST_UNKNOWN', 'DELETE', path)
    }
    await client.refused(404, 'BLOB_UNKNOWN', 'DELETE', `${client.here}/blobs/${sampleDigest(1)}`)
  }),
]
