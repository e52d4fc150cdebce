import type { Digest } from '../../oci/digest.ts'
import type { ImageConfig } from '../readers/image-config.ts'
import { entryOf, type ManifestDetails } from '../readers/manifest-details.ts'

/** A manifest, and its config where it is an image. */
type Compared = readonly [details: ManifestDetails, image: ImageConfig | null]

/** Platforms that both have: those of an index, and that of an image. In the order of the first. */
export function commonPlatforms(from: Compared, to: Compared): readonly string[] {
  const theirs = new Set(platformsOf(to))
  return [...new Set(platformsOf(from))].filter((platform) => theirs.has(platform))
}

function platformsOf([details, image]: Compared): readonly string[] {
  if (image !== null) return image.platform === null ? [] : [image.platform.name]
  return children(details).map(([platform]) => platform)
}

/** The first manifest of an index for a platform. */
export function platformChild(details: ManifestDetails, platform: string): Digest | null {
  return children(details).find(([name]) => name === platform)?.[1] ?? null
}

/** Statements about a platform are no platforms. */
function children({ manifests }: ManifestDetails): readonly (readonly [string, Digest])[] {
  return manifests.items.flatMap(({ platform, digest, annotations }) => {
    const isStatement = entryOf(annotations, 'vnd.docker.reference.type') !== null
    return platform === null || digest === null || isStatement
      ? []
      : [[platform.name, digest] as const]
  })
}
