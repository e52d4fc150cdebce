import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'

/** Some bytes with their descriptor. */
interface Content {
  readonly bytes: Buffer
  readonly digest: string
  readonly mediaType: string
}

/** An image of one layer, which every client takes. */
export interface Image {
  readonly manifest: Content
  readonly config: Content
  readonly layer: Content
}

const contentOf = (mediaType: string, bytes: Buffer): Content => {
  return { bytes, mediaType, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }
}
const descriptorOf = ({ mediaType, digest, bytes }: Content): object => {
  return { mediaType, digest, size: bytes.byteLength }
}

/** @param size how many bytes its layer has before compression, which leaves as many */
export function imageOf(text: string, size = 100): Image {
  const content = Buffer.concat([Buffer.from(text), randomBytes(size)])
  const layer = contentOf('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(content))
  const { digest } = contentOf('', content)
  const config = contentOf(
    'application/vnd.oci.image.config.v1+json',
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: [digest] },
      }),
    ),
  )
  const document = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptorOf(config),
    layers: [descriptorOf(layer)],
  }
  const manifest = contentOf(document.mediaType, Buffer.from(JSON.stringify(document)))
  return { manifest, config, layer }
}

/** Pushes an image to `host`, as a user whose password is `secret` where one is named. */
export async function pushTo(
  host: string,
  repository: string,
  tag: string,
  { manifest, config, layer }: Image,
  user?: string,
): Promise<void> {
  const headers: Record<string, string> =
    user === undefined ? {} : { Authorization: `Basic ${btoa(`${user}:secret`)}` }
  for (const { digest, bytes } of [config, layer]) {
    const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`
    const answer = await fetch(`http://${host}${path}`, {
      method: 'POST',
      headers,
      body: new Uint8Array(bytes),
    })
    expect(answer.status).toBe(201)
  }
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { ...headers, 'Content-Type': manifest.mediaType },
    body: new Uint8Array(manifest.bytes),
  })
  expect(answer.status).toBe(201)
}

/** Writes an image as a layout, in which its tag is `v1`. */
export function writeLayout(folder: string, { manifest, config, layer }: Image): void {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  for (const { digest, bytes } of [manifest, config, layer]) {
    writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), bytes)
  }
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' }
  const index = { schemaVersion: 2, manifests: [{ ...descriptorOf(manifest), annotations }] }
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
}
