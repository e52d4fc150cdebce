/** Bytes, or a text that stands for its bytes in UTF-8. */
export type Bytes = string | Uint8Array

/** A layer of an image, or a file of an artifact: its content, or that with what is said of it. */
export type Layer =
  | Bytes
  | {
      readonly content: Bytes
      readonly mediaType?: string
      readonly annotations?: Readonly<Record<string, string>>
    }

/** What an image consists of. */
export interface ImageParts {
  /** Default: none. A text is as good as a tarball, since a registry never looks inside. */
  readonly layers?: readonly Layer[]
  /** Fields of the image's config; what is not given is that of an image for linux/amd64. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** What an artifact consists of. */
export interface ArtifactParts {
  /** Its `artifactType`, a media type. */
  readonly type: string
  /** The name of what it is about: then it is listed among that manifest's referrers. */
  readonly subject?: string
  /** Its files. Default: none, which the manifest says with one empty layer. */
  readonly layers?: readonly Layer[]
  readonly annotations?: Readonly<Record<string, string>>
}

/** What {@link image}, {@link index} and {@link artifact} make, for `push` of a test registry. */
export type Content =
  | { readonly kind: 'image'; readonly parts: ImageParts }
  | { readonly kind: 'artifact'; readonly parts: ArtifactParts }
  | {
      readonly kind: 'index'
      /** Names of the manifests, by platform. */
      readonly manifests: Readonly<Record<string, string>>
      readonly annotations?: Readonly<Record<string, string>>
    }

/** What to push, by name: see `push` of a test registry. */
export type Contents = Readonly<Record<string, Content>>

/** An OCI image. */
export function image(parts: ImageParts = {}): Content {
  return { kind: 'image', parts }
}

/**
 * An OCI index.
 *
 * @param manifests the names of images, by platform: `{ 'linux/arm64/v8': 'app:arm' }`
 */
export function index(
  manifests: Readonly<Record<string, string>>,
  annotations?: Readonly<Record<string, string>>,
): Content {
  return { kind: 'index', manifests, ...(annotations === undefined ? {} : { annotations }) }
}

/** Something that is no image: a signature, an SBOM, a chart. */
export function artifact(parts: ArtifactParts): Content {
  return { kind: 'artifact', parts }
}
