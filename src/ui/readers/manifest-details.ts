import { classifyDigest, type Digest, parseDigest } from '../../oci/digest.ts'
import { isNonDistributable } from '../../oci/media-types.ts'
import { inTurn } from './in-turn.ts'
import type { ParseBudget } from './parse-budget.ts'
import {
  type Entry,
  entries,
  type Fields,
  fields,
  type Listed,
  list,
  nothing,
  number,
  readShape,
  text,
} from './shapes.ts'

/** A platform as people write it: `linux/arm64/v8`, with the version of the system where it is said. */
export interface Platform {
  /** `os/architecture`, and `/variant` where there is one. */
  readonly name: string
  readonly osVersion?: string
}

/** What a manifest says of a piece of content. Nothing of it is checked. */
export interface ContentDetails {
  readonly mediaType: string
  /** Null where it is not a digest, or of an algorithm that this registry cannot verify. */
  readonly digest: Digest | null
  /** In bytes; 0 where it is not a size. */
  readonly size: number
  /** Whether clients fetch it from somewhere else. */
  readonly elsewhere: boolean
  readonly annotations: Listed<Entry>
  readonly artifactType: string | null
  readonly platform: Platform | null
}

/** What a manifest says. Lists have at most {@link mostNamed} items, and say how many there are. */
export interface ManifestDetails {
  readonly mediaType: string | null
  readonly artifactType: string | null
  readonly config: ContentDetails | null
  readonly layers: Listed<ContentDetails>
  readonly manifests: Listed<ContentDetails>
  readonly subject: ContentDetails | null
  readonly annotations: Listed<Entry>
}

/** Layers, or manifests of an index, that are looked at. */
export const mostNamed = 1000
const mostAnnotations = 200
/** Annotations of one layer, of which there may be a thousand. */
const mostOfOne = 20

const descriptorShape = fields({
  mediaType: text(255),
  digest: text(512),
  size: number,
  urls: list(text(1), 1),
  artifactType: text(255),
  annotations: entries(mostOfOne),
  platform: fields({
    os: text(64),
    architecture: text(64),
    variant: text(64),
    'os.version': text(64),
  }),
})

const manifestShape = fields({
  mediaType: text(255),
  artifactType: text(255),
  config: descriptorShape,
  layers: list(descriptorShape, mostNamed),
  manifests: list(descriptorShape, mostNamed),
  subject: descriptorShape,
  annotations: entries(mostAnnotations, 4000),
})

type DescriptorFields = NonNullable<ReturnType<typeof descriptorShape>>

/**
 * Reads a manifest as {@link readManifestDetails} does, in turn with those of other requests.
 *
 * @param budget of the view
 * @returns why it was not read otherwise
 */
export async function manifestDetails(
  bytes: Uint8Array,
  budget: ParseBudget,
): Promise<ManifestDetails | 'too-large' | 'unreadable'> {
  return inTurn(bytes.byteLength, () =>
    budget.takes(bytes) ? (readManifestDetails(bytes) ?? 'unreadable') : 'too-large',
  )
}

/** Reads an image manifest or an index, of OCI or Docker; null where it cannot be read. */
export function readManifestDetails(bytes: Uint8Array): ManifestDetails | null {
  const found = readShape(bytes, manifestShape)
  if (found === null) return null
  return {
    mediaType: found.mediaType ?? null,
    // Go's clients write an empty one where they have none.
    artifactType: found.artifactType || null,
    config: found.config === undefined ? null : contentOf(found.config),
    layers: contentsOf(found.layers),
    manifests: contentsOf(found.manifests),
    subject: found.subject === undefined ? null : contentOf(found.subject),
    annotations: found.annotations ?? nothing,
  }
}

function contentsOf(found: Listed<DescriptorFields> | undefined): Listed<ContentDetails> {
  if (found === undefined) return nothing
  return { items: found.items.map(contentOf), count: found.count }
}

function contentOf(found: DescriptorFields): ContentDetails {
  const { mediaType = '', digest = '', size = 0, urls = nothing, artifactType, annotations } = found
  return {
    mediaType,
    digest: classifyDigest(digest).kind === 'supported' ? parseDigest(digest) : null,
    size: Number.isSafeInteger(size) && size >= 0 ? size : 0,
    elsewhere: urls.count > 0 || isNonDistributable(mediaType),
    annotations: annotations ?? nothing,
    artifactType: artifactType || null,
    platform: found.platform === undefined ? null : platformOf(found.platform),
  }
}

/** The platform of a descriptor or a config; null where it does not say one. */
export function platformOf(
  found: Fields<{ os: Text; architecture: Text; variant: Text; 'os.version': Text }>,
): Platform | null {
  const { os, architecture, variant, 'os.version': osVersion } = found
  if (!os && !architecture) return null
  const name = [os || 'unknown', architecture || 'unknown', variant].filter(Boolean).join('/')
  return { name, ...(osVersion ? { osVersion } : {}) }
}

type Text = ReturnType<typeof text>

/** The size of what an image names, in bytes: its config and layers, each digest once, but for what is elsewhere. */
export function namedBytes({ config, layers }: ManifestDetails): number {
  const all = config === null ? layers.items : [config, ...layers.items]
  const here = all.filter(({ elsewhere }) => !elsewhere)
  const sizes = new Map(here.map(({ digest, size }) => [digest, size]))
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

/** The value of an annotation or label; null where it is not there. */
export function entryOf({ items }: Listed<Entry>, key: string): string | null {
  return items.find(([name]) => name === key)?.[1] ?? null
}
