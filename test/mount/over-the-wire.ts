import { expect } from 'vitest'
import { type Client, clientOf, digestOf, type PushedImage } from '../http/client.ts'

/**
 * A client of the registry at `base`, which may end in a prefix. The client adds the prefix to a path
 * that lacks it; the paths of a Location have it already.
 */
export function clientAt(base: string): Client {
  const { origin, pathname } = new URL(base)
  const prefix = pathname.replace(/\/$/, '')
  return clientOf({
    fetch(request) {
      const path = request.url.slice(new URL(request.url).origin.length)
      const below = path.startsWith('/v2') && !path.startsWith(`${prefix}/v2`) ? prefix : ''
      return fetch(new Request(`${origin}${below}${path}`, request))
    },
  })
}

/** Reads a whole image back and compares it. */
export async function pullImage(
  client: Client,
  repository: string,
  reference: string,
  image: PushedImage,
): Promise<void> {
  const manifest = await client.send('GET', `/v2/${repository}/manifests/${reference}`)
  expect([manifest.status, await manifest.text()]).toEqual([200, image.text])
  expect(manifest.headers.get('docker-content-digest')).toBe(image.digest)
  for (const digest of [image.config, image.layer]) {
    const blob = await client.send('GET', `/v2/${repository}/blobs/${digest}`)
    const bytes = new Uint8Array(await blob.arrayBuffer())
    expect([blob.status, digestOf(bytes)]).toEqual([200, digest])
    expect(blob.headers.get('content-length')).toBe(String(bytes.byteLength))
  }
}
