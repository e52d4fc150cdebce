import type { Annotations } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import {
  type ManifestShape,
  manifestShape,
  mediaTypes,
  normalizeMediaType,
} from '../oci/media-types.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { ManifestChange } from '../ports/metadata-store.ts'
import { JsonProblem } from './json-scan.ts'
import {
  type DescriptorFacts,
  type DocumentFacts,
  findAnnotations,
  readDocument,
} from './manifest-document.ts'

/** What the registry needs to know of a manifest; everything else in it is the client's. */
export interface ManifestFacts {
  readonly mediaType: string
  /** Its own, or its config's media type; absent for an index without one. */
  readonly artifactType?: string
  /** Null: more than a record should hold; {@link annotationsOf} reads them. */
  readonly annotations: Annotations | null
  /** The subject's digest, verbatim. */
  readonly subject?: string
  /** Content it names that must be there. */
  readonly requires: ManifestChange['requires']
  /** Content that must not be collected while the manifest stands. */
  readonly references: readonly Digest[]
  /** The size that its descriptors say all that content has together, in bytes. */
  readonly contentSize: number
  /**
   * The same without what clients fetch from somewhere else, and each digest once. Null for an index: its descriptors
   * say only how large its manifests themselves are.
   */
  readonly imageSize: number | null
}

/** Annotations up to this size, in characters of JSON, stay in memory; larger ones are read when asked for. */
const keptAnnotations = 2048

/**
 * Reads a manifest that a client sent (image-spec, manifest.md and image-index.md). The work and the
 * memory it takes grow with its length alone, whatever it holds.
 *
 * @param bytes exactly as pushed
 * @param contentType as the client said, if it did
 * @param mostDescriptors layers, or manifests of an index, that it may name
 * @throws RegistryError `manifestInvalid`, with the reason as detail; `tooManyDescriptors`
 */
export function parseManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
  mostDescriptors: number,
): ManifestFacts {
  const facts = parseDocument(bytes, mostDescriptors)
  const mediaType = mediaTypeOf(facts, contentType)
  const shape = manifestShape(mediaType)
  if (shape === null) {
    throw invalid(`${mediaType} is not a manifest type this registry takes`)
  }
  checkShape(facts, shape)
  const named = namedBy(facts, shape)
  const references = referencesOf(named)
  const artifactType = artifactTypeOf(facts, shape)
  const kind = shape === 'image' ? 'blob' : 'manifest'
  return {
    mediaType: copied(mediaType),
    annotations: keptAnnotationsOf(facts),
    references,
    contentSize: named.reduce((sum, { size }) => sum + size, 0),
    imageSize: shape === 'image' ? sizeOnce(named) : null,
    requires: references.map((digest) => ({ digest, kind })),
    ...(artifactType === null ? {} : { artifactType: copied(artifactType) }),
    ...(facts.subject === null ? {} : { subject: copied(facts.subject.digest) }),
  }
}

/** The same, apart from the document: a slice of that would keep all of it in memory. */
function copied<T extends string | readonly string[]>(strings: T): T {
  return JSON.parse(JSON.stringify(strings)) as T
}

/** The annotations of a manifest that was taken once, whatever is taken today. */
export function annotationsOf(bytes: Uint8Array): Annotations {
  try {
    const text = findAnnotations(new TextDecoder().decode(bytes))
    return text === null ? [] : entriesOf(text)
  } catch (error) {
    if (error instanceof JsonProblem) return []
    throw error
  }
}

function keptAnnotationsOf(facts: DocumentFacts): Annotations | null {
  const { annotations } = facts
  if (annotations === null) return []
  return annotations.length > keptAnnotations ? null : entriesOf(annotations)
}

/** As entries: an object would lose a key called `__proto__`. */
function entriesOf(json: string): Annotations {
  return Object.entries(JSON.parse(json) as Record<string, string>)
}

function parseDocument(bytes: Uint8Array, mostDescriptors: number): DocumentFacts {
  try {
    return readDocument(decodeUtf8(bytes), mostDescriptors)
  } catch (error) {
    throw error instanceof JsonProblem ? invalid(error.message) : error
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalid('it is not JSON in UTF-8')
  }
}

function mediaTypeOf(facts: DocumentFacts, contentType: string | undefined): string {
  const own = facts.mediaType === null ? null : normalizeMediaType(facts.mediaType)
  // Clients compare it to the letter, so what only means one after some tidying is none.
  if (facts.mediaType !== null && own !== facts.mediaType) {
    throw invalid('its mediaType is not one')
  }
  if (contentType !== undefined) {
    const given = normalizeMediaType(contentType)
    if (given === null) throw invalid('the Content-Type is not a media type')
    if (own !== null && own !== given) {
      throw invalid(`the Content-Type says ${given}, its mediaType ${own}`)
    }
    return given
  }
  if (own !== null) return own
  return (facts.manifests ?? null) === null ? mediaTypes.ociManifest : mediaTypes.ociIndex
}

/** A document that reads as an image to one client and as an index to another is neither. */
function checkShape(facts: DocumentFacts, shape: ManifestShape): void {
  if (shape === 'image') {
    if (facts.manifests) throw invalid('an image manifest has no manifests')
    if (facts.config === null) throw invalid('an image manifest has a config')
  } else {
    if (facts.layers !== null) throw invalid('an index has no layers')
    if (facts.config !== null) throw invalid('an index has no config')
    if ((facts.manifests ?? null) === null) throw invalid('an index has manifests, if only []')
  }
}

function namedBy(facts: DocumentFacts, shape: ManifestShape): readonly DescriptorFacts[] {
  const { config, layers, manifests } = facts
  if (shape === 'index') return manifests ?? []
  return [...(config ? [config] : []), ...(layers ?? [])]
}

/** Content that has to be here. What clients fetch from somewhere else is none of it. */
function referencesOf(named: readonly DescriptorFacts[]): readonly Digest[] {
  const references: Set<Digest> = new Set()
  for (const { digest, verifiable, elsewhere } of named) {
    if (elsewhere) continue
    if (verifiable === null) throw invalid(`${quoted(digest)}: use sha256 or sha512`)
    references.add(verifiable)
  }
  return copied([...references])
}

function sizeOnce(named: readonly DescriptorFacts[]): number {
  const sizes = new Map(
    named.flatMap(({ digest, size, elsewhere }) => (elsewhere ? [] : [[digest, size] as const])),
  )
  let bytes = 0
  for (const size of sizes.values()) bytes += size
  return Math.min(bytes, Number.MAX_SAFE_INTEGER)
}

function artifactTypeOf(facts: DocumentFacts, shape: ManifestShape): string | null {
  if (facts.artifactType !== null) return facts.artifactType
  return shape === 'index' ? null : (facts.config?.mediaType ?? null)
}

/** A client's string, short enough to be sent back. */
function quoted(text: string): string {
  return JSON.stringify(cut(text, 100))
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

function invalid(problem: string): RegistryError {
  const reason = cut(problem, 300)
  return new RegistryError('manifestInvalid', {
    advice: reason,
    detail: { reason },
  })
}
