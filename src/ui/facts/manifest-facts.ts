import { type Digest, parseDigest } from '../../oci/digest.ts'
import {
  type Bounded,
  boundedCount,
  boundedEntries,
  boundedList,
  boundedText,
  objectOf,
} from '../bounded.ts'

/** Content that a manifest names. */
export interface NamedContent {
  readonly mediaType: string | null
  /** As it stands there: of any algorithm, and for links only where {@link digest} is not null. */
  readonly digest: Digest | null
  /** In bytes, as the manifest says; null where it says nothing that can be. */
  readonly size: number | null
  readonly artifactType: string | null
  readonly annotations: Bounded<readonly [key: string, text: string]>
}

/** A platform that an index names. */
export interface NamedManifest extends NamedContent {
  readonly platform: Platform | null
}

/** What an image runs on. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant: string | null
  readonly osVersion: string | null
}

/** What a manifest says, bounded and made of plain values. */
export interface ManifestFacts {
  readonly kind: 'image' | 'index' | 'artifact' | 'unknown'
  readonly mediaType: string
  readonly artifactType: string | null
  readonly config: NamedContent | null
  readonly layers: Bounded<NamedContent>
  /** Of an index. */
  readonly manifests: Bounded<NamedManifest>
  readonly subject: NamedContent | null
  readonly annotations: Bounded<readonly [key: string, text: string]>
}

/** Layers or manifests that are looked at. */
const mostNamed = 1_000

/** Reads a manifest without trust; what cannot be read is left out. */
export function readManifestFacts(bytes: Uint8Array, mediaType: string): ManifestFacts {
  const document = objectOf(parsed(bytes)) ?? {}
  const config = namedContent(document.config)
  const artifactType = boundedText(document.artifactType, 200)
  const layers = boundedList(document.layers ?? document.blobs, mostNamed, namedContent)
  return {
    kind: kindOf(document, config, artifactType),
    mediaType: boundedText(mediaType, 200) ?? '',
    artifactType,
    config,
    layers,
    manifests: boundedList(document.manifests, mostNamed, namedManifest),
    subject: namedContent(document.subject),
    annotations: boundedEntries(document.annotations, 100, 4_000),
  }
}

const imageConfigs: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

function kindOf(
  { manifests, layers, blobs }: Readonly<Record<string, unknown>>,
  config: NamedContent | null,
  artifactType: string | null,
): ManifestFacts['kind'] {
  if (Array.isArray(manifests)) return 'index'
  if (artifactType === null && imageConfigs.has(config?.mediaType ?? '')) return 'image'
  if (config !== null || Array.isArray(layers) || Array.isArray(blobs)) return 'artifact'
  return 'unknown'
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}

function namedContent(value: unknown): NamedContent | null {
  const document = objectOf(value)
  if (document === null) return null
  const { digest } = document
  return {
    mediaType: boundedText(document.mediaType, 200),
    digest: typeof digest === 'string' ? parseDigest(digest) : null,
    size: boundedCount(document.size),
    artifactType: boundedText(document.artifactType, 200),
    annotations: boundedEntries(document.annotations, 20, 500),
  }
}

function namedManifest(value: unknown): NamedManifest | null {
  const content = namedContent(value)
  return content === null ? null : { ...content, platform: platformOf(objectOf(value)?.platform) }
}

/** A platform as an index or a config says it; null where it names none. */
export function platformOf(value: unknown): Platform | null {
  const document = objectOf(value)
  const os = boundedText(document?.os, 40)
  const architecture = boundedText(document?.architecture, 40)
  if (document === null || os === null || architecture === null) return null
  return {
    os,
    architecture,
    variant: boundedText(document.variant, 40),
    osVersion: boundedText(document['os.version'], 60),
  }
}

/** A platform as clients write it: `linux/arm64/v8`. */
export function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === null ? [] : [variant])].join('/')
}

/** The text of an annotation; null where there is none. */
export function annotationOf(
  { annotations }: Pick<ManifestFacts, 'annotations'>,
  key: string,
): string | null {
  for (const [name, text] of annotations.items) if (name === key) return text
  return null
}

/** What a client downloads, in bytes, as the manifest says; null for an index, of which it takes a part. */
export function downloadSize(facts: ManifestFacts | null): number | null {
  if (facts === null || facts.kind === 'index' || facts.kind === 'unknown') return null
  const { config, layers } = facts
  // Not all of them were looked at.
  if (layers.items.length < layers.total) return null
  return layers.items.reduce((sum, { size }) => sum + (size ?? 0), config?.size ?? 0)
}
