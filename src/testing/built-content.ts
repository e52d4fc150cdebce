import { type Digest, mediaTypes } from '../index.ts'
import type { ArtifactParts, Bytes, ImageParts, Layer } from './contents.ts'
import { digestOfBytes } from './samples.ts'

/** Content with the descriptor by which manifests name it. */
export interface Blob {
  readonly bytes: Uint8Array
  readonly descriptor: {
    readonly mediaType: string
    readonly digest: Digest
    /** In bytes. */
    readonly size: number
    readonly annotations?: Readonly<Record<string, string>>
  }
}

/** A manifest and everything it needs in its repository. */
export interface Built extends Blob {
  readonly blobs: readonly Blob[]
  readonly manifests: readonly Built[]
}

type Annotations = Readonly<Record<string, string>> | undefined

/** The manifest of an image. */
export async function buildImage({ layers = [], config, annotations }: ImageParts): Promise<Built> {
  const built = await Promise.all(
    layers.map((layer) => buildLayer(layer, 'application/vnd.oci.image.layer.v1.tar')),
  )
  const rootfs = { type: 'layers', diff_ids: built.map(({ descriptor }) => descriptor.digest) }
  const configBlob = await buildBlob(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs, ...config }),
    'application/vnd.oci.image.config.v1+json',
  )
  const fields = { ...named(configBlob, built), annotations }
  return { ...(await buildManifest(fields)), blobs: [configBlob, ...built], manifests: [] }
}

/** The manifest of an artifact about `subject`, or about nothing. */
export async function buildArtifact(parts: ArtifactParts, subject: Built | null): Promise<Built> {
  const empty = await buildBlob('{}', 'application/vnd.oci.empty.v1+json')
  const files = await Promise.all(
    (parts.layers ?? []).map((layer) => buildLayer(layer, mediaTypes.octetStream)),
  )
  const fields = {
    artifactType: parts.type,
    ...named(empty, files.length === 0 ? [empty] : files),
    subject: subject === null ? undefined : bare(subject),
    annotations: parts.annotations,
  }
  return { ...(await buildManifest(fields)), blobs: [empty, ...files], manifests: [] }
}

/** The index of manifests by platform. */
export async function buildIndex(
  byPlatform: readonly (readonly [platform: string, manifest: Built])[],
  annotations: Annotations,
): Promise<Built> {
  const manifests = byPlatform.map(([platform, manifest]) => {
    const [os, architecture, variant] = platform.split('/')
    return { ...bare(manifest), platform: { os, architecture, variant } }
  })
  const mediaType = mediaTypes.ociIndex
  const text = JSON.stringify({ schemaVersion: 2, mediaType, manifests, annotations })
  const children = byPlatform.map(([, manifest]) => manifest)
  return { ...(await buildBlob(text, mediaType)), blobs: [], manifests: children }
}

function buildManifest(fields: object): Promise<Blob> {
  const mediaType = mediaTypes.ociManifest
  return buildBlob(JSON.stringify({ schemaVersion: 2, mediaType, ...fields }), mediaType)
}

function buildLayer(layer: Layer, mediaType: string): Promise<Blob> {
  if (typeof layer === 'string' || layer instanceof Uint8Array) return buildBlob(layer, mediaType)
  return buildBlob(layer.content, layer.mediaType ?? mediaType, layer.annotations)
}

async function buildBlob(
  content: Bytes,
  mediaType: string,
  annotations?: Annotations,
): Promise<Blob> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const digest = await digestOfBytes(bytes)
  const said = annotations === undefined ? {} : { annotations }
  return { bytes, descriptor: { mediaType, digest, size: bytes.byteLength, ...said } }
}

function named(config: Blob, layers: readonly Blob[]): object {
  return { config: config.descriptor, layers: layers.map(({ descriptor }) => descriptor) }
}

/** A descriptor of a manifest, without what the manifest says of itself. */
function bare({ descriptor: { mediaType, digest, size } }: Blob): object {
  return { mediaType, digest, size }
}
