import { testRegistry } from 'layerdock/testing'
import { expect, test } from 'vitest'
import type { Digest } from '../../../src/index.ts'
import { sha256 } from '../../core/registry-in-hand.ts'
import { askerOf } from '../ask.ts'

const image = 'application/vnd.oci.image.manifest.v1+json'
const index = 'application/vnd.oci.image.index.v1+json'

test('a manifest knows every index that names it, among however many manifests', async () => {
  const registry = testRegistry({ allowSparse: true })
  const put = async (mediaType: string, document: object): Promise<Digest> => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType, ...document })
    const digest = sha256(body)
    const headers = { 'Content-Type': mediaType }
    const path = `/v2/team/app/manifests/${digest}`
    const { status } = await registry.fetch(path, { method: 'PUT', headers, body })
    expect(status).toBe(201)
    return digest
  }
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256('{}'), size: 2 }
  const images: Digest[] = []
  for (let count = 0; count < 1_200; count++) {
    images.push(await put(image, { config, layers: [], annotations: { count: String(count) } }))
  }
  const [child, other] = images as [Digest, Digest]
  const parents: Digest[] = []
  const naming = (digest: Digest): object[] => [{ mediaType: image, digest, size: 1 }]
  for (let count = 0; count < 10; count++) {
    parents.push(await put(index, { manifests: naming(child), annotations: { n: String(count) } }))
  }
  const ask = askerOf(registry)
  const parentsOf = async (digest: Digest): Promise<readonly Digest[]> => {
    const path = `/_layerdock/repositories/team/app@${digest}`
    const { parents } = await ask.json<{ parents: readonly { digest: Digest }[] }>(path)
    return parents.map(({ digest }) => digest)
  }
  expect(await parentsOf(child)).toEqual([...parents].sort())
  expect(await parentsOf(other)).toEqual([])
})
