import { expect } from 'vitest'
import { digestOf, pushBlob } from './harness.ts'
import type { RunningServer } from './program.ts'

const imageType = 'application/vnd.oci.image.manifest.v1+json'

/** Pushes an image of one layer to the repository `a`. */
export async function pushImage(url: string, tag: string, layer: Buffer): Promise<void> {
  const config = Buffer.from('{}')
  const descriptorOf = (bytes: Buffer) => ({
    mediaType: 'application/octet-stream',
    digest: digestOf(bytes),
    size: bytes.length,
  })
  for (const bytes of [config, layer]) await pushBlob(url, bytes)
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    config: descriptorOf(config),
    layers: [descriptorOf(layer)],
  })
  const headers = { 'Content-Type': imageType }
  const answer = await fetch(`${url}/v2/a/manifests/${tag}`, { method: 'PUT', headers, body })
  expect(answer.status).toBe(201)
}

/** What a client gets of a tag: its manifest, and its layer. */
export async function pull(url: string, tag: string): Promise<string> {
  const manifest = await (await fetch(`${url}/v2/a/manifests/${tag}`)).text()
  const [layer] = JSON.parse(manifest).layers
  const bytes = await (await fetch(`${url}/v2/a/blobs/${layer.digest}`)).arrayBuffer()
  expect(digestOf(new Uint8Array(bytes))).toBe(layer.digest)
  return manifest
}

/** The tags of the repository `a`. */
export async function tagsOf(url: string): Promise<unknown> {
  return (await (await fetch(`${url}/v2/a/tags/list`)).json()).tags
}

/** Stops a server. */
export async function end({ child, ended }: RunningServer): Promise<void> {
  child.kill('SIGTERM')
  await ended
}
