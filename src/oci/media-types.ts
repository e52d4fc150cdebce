/** The media types a registry deals in (image-spec, media-types.md; Docker image manifest v2). */
export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  octetStream: 'application/octet-stream',
  json: 'application/json',
} as const

/** Whether a manifest names a config and layers, or other manifests. */
export type ManifestShape = 'image' | 'index'

/** The shape a manifest media type promises, or null when it is not a manifest's. */
export function manifestShape(mediaType: string): ManifestShape | null {
  switch (mediaType) {
    case mediaTypes.ociManifest:
    case mediaTypes.dockerManifest:
      return 'image'
    case mediaTypes.ociIndex:
    case mediaTypes.dockerManifestList:
      return 'index'
    default:
      return null
  }
}

/** RFC 6838 names; what does not match could not be sent back as a header. */
const mediaTypeGrammar = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i

/** In characters: RFC 6838 allows 127 on each side of the slash. */
export const longestMediaType = 255

const withParameters = /^[^;]+;[\t\x20-\x7e]*$/

/** Whether `text` is a media type, with or without parameters, that a record may keep as it is. */
export function isMediaType(text: string): boolean {
  if (text.length > longestMediaType) return false
  return (
    mediaTypeGrammar.test(text) || (withParameters.test(text) && normalizeMediaType(text) !== null)
  )
}

/** A media type without parameters and in lowercase, or null when it is not one. */
export function normalizeMediaType(text: string): string | null {
  const end = text.indexOf(';')
  const bare = (end === -1 ? text : text.slice(0, end)).trim()
  // Checked before it is lowercased: the Kelvin sign would become an ordinary k.
  return mediaTypeGrammar.test(bare) ? bare.toLowerCase() : null
}

/** Layers that a registry is not expected to hold (image-spec, "Non-Distributable Layers"). */
export function isNonDistributable(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.') ||
    mediaType.startsWith('application/vnd.docker.image.rootfs.foreign.')
  )
}
