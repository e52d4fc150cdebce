import { JsonProblem } from '../core/json-scan.ts'
import { readDocument } from '../core/manifest-document.ts'
import { type ManifestFacts, parseManifest } from '../core/manifest-facts.ts'
import { algorithmOf, type Digest, type DigestAlgorithm, digestOf } from '../oci/digest.ts'
import { manifestShape } from '../oci/media-types.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'
import {
  ContentFault,
  type NamedContent,
  type SourceManifest,
  type TargetManifest,
} from './content.ts'

/** Bytes of a manifest at most: four times what a registry takes by default. */
export const mostManifestBytes: number = 16 * 1024 * 1024
/** Entries of `layers` or `manifests` at most. */
const mostDescriptors = 100_000

/** A manifest that was looked into. */
export interface ReadManifest {
  readonly manifest: TargetManifest
  /** Manifests that it names. */
  readonly children: readonly NamedContent[]
  /** Blobs that it names and that registries have: not those that clients fetch from somewhere else. */
  readonly blobs: readonly NamedContent[]
}

/**
 * Looks into a manifest that nobody has looked at yet.
 *
 * @throws ContentFault `damaged` where its bytes are not those of its digest, `unsupported` where a registry
 *   does not take it.
 */
export async function readManifest(
  manifest: SourceManifest,
  startHash: HashFactory,
): Promise<ReadManifest> {
  const { digest, bytes } = manifest
  if (bytes.byteLength > mostManifestBytes) {
    throw new ContentFault('unsupported', `it is larger than ${mostManifestBytes} bytes`)
  }
  const found = await hashOf(startHash, algorithmOf(digest), bytes)
  if (found !== digest) throw new ContentFault('damaged', `its bytes are ${found}`)
  try {
    return look(manifest)
  } catch (error) {
    throw unsupported(error)
  }
}

function look(manifest: SourceManifest): ReadManifest {
  const { bytes } = manifest
  const document = readDocument(new TextDecoder().decode(bytes), mostDescriptors)
  const facts: ManifestFacts = parseManifest(
    bytes,
    document.mediaType ?? manifest.mediaType,
    mostDescriptors,
  )
  const children: NamedContent[] = []
  const blobs: NamedContent[] = []
  const { config, layers, manifests } = document
  const seen: Set<Digest> = new Set()
  for (const one of [...(config ? [config] : []), ...(layers ?? []), ...(manifests ?? [])]) {
    const { verifiable, elsewhere, size, mediaType } = one
    if (verifiable === null || elsewhere || seen.has(verifiable)) continue
    seen.add(verifiable)
    const isManifest = (manifests ?? null) !== null && manifestShape(mediaType) !== null
    ;(isManifest ? children : blobs).push({ digest: verifiable, size })
  }
  return { manifest: { ...manifest, mediaType: facts.mediaType, facts }, children, blobs }
}

/** The digest of bytes. */
export async function hashOf(
  startHash: HashFactory,
  algorithm: DigestAlgorithm,
  bytes: Uint8Array,
): Promise<Digest> {
  const hash = startHash(algorithm)
  await hash.update(bytes)
  return digestOf(algorithm, await hash.digest())
}

function unsupported(error: unknown): unknown {
  if (error instanceof JsonProblem) return new ContentFault('unsupported', error.message)
  if (!(error instanceof RegistryError)) return error
  return new ContentFault('unsupported', error.advice ?? error.message)
}
