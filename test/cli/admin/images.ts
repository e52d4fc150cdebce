import { expect } from 'vitest'
import { digestOf } from '../harness.ts'

const imageType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'

async function pushBytes(url: string, repository: string, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes)
  const path = `${url}/v2/${repository}/blobs/uploads/?digest=${digest}`
  const answer = await fetch(path, { method: 'POST', body: new Uint8Array(bytes) })
  expect(answer.status).toBe(201)
  return digest
}

/** Pushes a manifest under tags; its digest. */
async function pushManifest(
  url: string,
  repository: string,
  manifest: { readonly mediaType: string },
  tags: readonly string[],
): Promise<string> {
  const body = JSON.stringify({ schemaVersion: 2, ...manifest })
  const digest = digestOf(Buffer.from(body))
  const headers = { 'Content-Type': manifest.mediaType }
  for (const reference of tags.length === 0 ? [digest] : tags) {
    const path = `${url}/v2/${repository}/manifests/${reference}`
    const answer = await fetch(path, { method: 'PUT', headers, body })
    expect(answer.status).toBe(201)
  }
  return digest
}

/** Pushes an image of one layer; its digest. */
export async function pushImage(
  url: string,
  repository: string,
  text: string,
  ...tags: readonly string[]
): Promise<string> {
  const [config, layer] = [Buffer.from(`{"of":"${text}"}`), Buffer.from(`layer of ${text}`)]
  const descriptor = async (bytes: Buffer) => ({
    mediaType: 'application/octet-stream',
    digest: await pushBytes(url, repository, bytes),
    size: bytes.length,
  })
  const manifest = {
    mediaType: imageType,
    config: await descriptor(config),
    layers: [await descriptor(layer)],
  }
  return await pushManifest(url, repository, manifest, tags)
}

/** Pushes an index of one image; its digest. */
export async function pushIndex(
  url: string,
  repository: string,
  image: string,
  ...tags: readonly string[]
): Promise<string> {
  const found = await fetch(`${url}/v2/${repository}/manifests/${image}`)
  const size = (await found.arrayBuffer()).byteLength
  const manifests = [{ mediaType: imageType, digest: image, size }]
  return await pushManifest(url, repository, { mediaType: indexType, ...{ manifests } }, tags)
}

/** Pushes an artifact that refers to an image; its digest. */
export async function pushReferrer(
  url: string,
  repository: string,
  image: string,
): Promise<string> {
  const found = await fetch(`${url}/v2/${repository}/manifests/${image}`)
  const size = (await found.arrayBuffer()).byteLength
  const config = Buffer.from('{}')
  const digest = await pushBytes(url, repository, config)
  const manifest = {
    mediaType: imageType,
    artifactType: 'application/vnd.example.signature',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest, size: config.length },
    layers: [],
    subject: { mediaType: imageType, digest: image, size },
  }
  return await pushManifest(url, repository, manifest, [])
}

/** The digest of an image that is there with all its blobs, byte for byte; else what is not. */
export async function pulled(url: string, repository: string, reference: string): Promise<string> {
  const answer = await fetch(`${url}/v2/${repository}/manifests/${reference}`)
  if (answer.status !== 200) return `${answer.status}`
  const text = await answer.text()
  const { config, layers = [] } = JSON.parse(text)
  for (const { digest } of config === undefined ? [] : [config, ...layers]) {
    const blob = await fetch(`${url}/v2/${repository}/blobs/${digest}`)
    const bytes = Buffer.from(await blob.arrayBuffer())
    if (blob.status !== 200 || digestOf(bytes) !== digest) return `without ${digest}`
  }
  return digestOf(Buffer.from(text))
}

/** Deletes what is under a path of the repository, or the repository. */
export async function remove(url: string, path: string): Promise<void> {
  expect((await fetch(`${url}/v2/${path}`, { method: 'DELETE' })).status).toBe(202)
}
