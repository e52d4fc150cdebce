import type { Digest } from '../../oci/digest.ts'
import { boundedLines, boundedText } from '../bounded.ts'
import { type ImageConfig, readImageConfig } from '../readers/image-config.ts'
import { type ArtifactKind, kindOf } from '../readers/kinds.ts'
import {
  entryOf,
  type ManifestDetails,
  namedBytes,
  readManifestDetails,
} from '../readers/manifest-details.ts'
import type { Entry, Listed } from '../readers/shapes.ts'

/** A platform that an index names. */
export interface NamedPlatform {
  /** As clients write it: `linux/arm64/v8`. */
  readonly name: string
  readonly digest: Digest | null
}

/** What a list shows of a manifest. It is kept for as long as there is room, so it is small. */
export interface ManifestSummary {
  readonly kind: ArtifactKind
  /** What it says it is, or what its config is; null for images. */
  readonly artifactType: string | null
  /** Of an index; without what attests other manifests of it. */
  readonly platforms: Listed<NamedPlatform>
  readonly config: { readonly digest: Digest; readonly size: number } | null
  /** What a client downloads, in bytes; null for an index, of which it takes a part, and where that is not known. */
  readonly downloadSize: number | null
  /** Annotations that describe it. */
  readonly described: readonly Entry[]
}

/** What a list shows of the config of an image. */
export interface ConfigSummary {
  readonly platform: string | null
  /** Labels that describe the image. */
  readonly described: readonly Entry[]
}

/** How the keys begin that describe an image, in annotations and labels. */
export const describing = 'org.opencontainers.image.'
const alsoDescribing: ReadonlySet<string> = new Set(['io.artifacthub.package.readme-url'])

const mostPlatforms = 64

/** Summarizes a manifest without trust; null where it cannot be read. */
export function summarizeManifest(bytes: Uint8Array, mediaType: string): ManifestSummary | null {
  const details = readManifestDetails(bytes)
  if (details === null) return null
  const kind = kindOf(mediaType, details)
  const { artifactType, config } = details
  const isImage = kind === 'image' || kind === 'index'
  return {
    kind,
    artifactType: isImage ? null : boundedText(artifactType ?? config?.mediaType, 200),
    platforms: platformsOf(details),
    config: config?.digest ? { digest: config.digest, size: config.size } : null,
    downloadSize: kind === 'index' ? null : downloadSize(details),
    described: describedBy(details.annotations),
  }
}

/** Summarizes the config of an image without trust; null where it cannot be read. */
export function summarizeConfig(bytes: Uint8Array): ConfigSummary | null {
  const config: ImageConfig | null = readImageConfig(bytes)
  if (config === null) return null
  const platform = boundedText(config.platform?.name, 100)
  return { platform, described: describedBy(config.labels) }
}

/** BuildKit names what it attests as a manifest of an unknown platform. */
function platformsOf({ manifests }: ManifestDetails): Listed<NamedPlatform> {
  const found = manifests.items.filter(
    ({ platform, annotations }) =>
      platform !== null &&
      !platform.name.startsWith('unknown/') &&
      entryOf(annotations, 'vnd.docker.reference.type') === null,
  )
  const items = found.slice(0, mostPlatforms).map(({ platform, digest }) => ({
    name: boundedText(platform?.name, 100) ?? '',
    digest,
  }))
  return { items, count: found.length }
}

function downloadSize(details: ManifestDetails): number | null {
  const { items, count } = details.layers
  // Not all of them were looked at.
  return items.length < count ? null : namedBytes(details)
}

function describedBy({ items }: Listed<Entry>): readonly Entry[] {
  const found: Entry[] = []
  for (const [key, value] of items) {
    if (!key.startsWith(describing) && !alsoDescribing.has(key)) continue
    const text = boundedLines(value, 4_000)
    if (text !== null && key.length <= 100 && found.length < 20) found.push([key, text])
  }
  return found
}
