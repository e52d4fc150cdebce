import * as v from 'valibot'
import type { Annotations } from '../oci/descriptor.ts'
import { classifyDigest, type Digest } from '../oci/digest.ts'
import {
  isNonDistributable,
  type ManifestShape,
  manifestShape,
  mediaTypes,
  normalizeMediaType,
} from '../oci/media-types.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { ManifestChange } from '../ports/metadata-store.ts'
import { ambiguityOf } from './json-shape.ts'

/** What the registry needs to know of a manifest; everything else in it is the client's. */
export interface ManifestFacts {
  readonly mediaType: string
  /** Its own, or its config's media type; absent for an index without one. */
  readonly artifactType?: string
  readonly annotations: Annotations
  /** The subject's digest, verbatim. */
  readonly subject?: string
  /** Content it names that must be there. */
  readonly requires: ManifestChange['requires']
  /** Content it names, there or not. */
  readonly references: readonly Digest[]
  /** The size that its descriptors say all that content has together, in bytes. */
  readonly contentSize: number
}

interface DescriptorFacts {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly urls?: readonly string[] | null | undefined
}

interface DocumentFacts {
  readonly schemaVersion: 2
  readonly mediaType?: string | undefined
  readonly artifactType?: string | undefined
  readonly config?: DescriptorFacts | undefined
  readonly layers?: readonly DescriptorFacts[] | null | undefined
  readonly manifests?: readonly DescriptorFacts[] | null | undefined
  readonly subject?: DescriptorFacts | null | undefined
  readonly annotations?: Annotations | null | undefined
}

const descriptor: v.GenericSchema<unknown, DescriptorFacts> = v.object({
  mediaType: v.string(),
  digest: v.string(),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  urls: v.nullish(v.array(v.string())),
})

/** As entries: valibot's record would drop `__proto__`, which is a legal key. */
const annotations: v.GenericSchema<unknown, Annotations> = v.pipe(
  v.custom<Record<string, string>>(
    (input) =>
      typeof input === 'object' &&
      input !== null &&
      !Array.isArray(input) &&
      Object.values(input).every((value) => typeof value === 'string'),
    'Invalid type: Expected an object of strings',
  ),
  v.transform((input) => Object.entries(input)),
)

const document: v.GenericSchema<unknown, DocumentFacts> = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.optional(v.string()),
  artifactType: v.optional(v.string()),
  config: v.optional(descriptor),
  // Go's clients write an empty list of theirs as null.
  layers: v.nullish(v.array(descriptor)),
  manifests: v.nullish(v.array(descriptor)),
  subject: v.nullish(descriptor),
  annotations: v.nullish(annotations),
})

/**
 * Reads a manifest that a client sent (image-spec, manifest.md and image-index.md).
 *
 * @param bytes exactly as pushed
 * @param contentType as the client said, if it did
 * @throws RegistryError `manifestInvalid`, with the reason as detail
 */
export function parseManifest(bytes: Uint8Array, contentType?: string): ManifestFacts {
  const facts = parseDocument(bytes)
  const mediaType = mediaTypeOf(facts, contentType)
  const shape = manifestShape(mediaType)
  if (shape === null) {
    throw invalid(`${mediaType} is not a manifest type this registry takes`)
  }
  checkShape(facts, shape)
  const content = contentOf(facts, shape)
  const artifactType = artifactTypeOf(facts, shape)
  const subject = subjectOf(facts)
  return {
    mediaType,
    annotations: facts.annotations ?? [],
    ...content,
    ...(artifactType === null ? {} : { artifactType }),
    ...(subject === null ? {} : { subject }),
  }
}

/** The annotations of a manifest that was taken once, whatever is taken today. */
export function annotationsOf(bytes: Uint8Array): Annotations {
  const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes))
  const result = v.safeParse(v.object({ annotations: v.nullish(annotations) }), parsed)
  return result.success ? (result.output.annotations ?? []) : []
}

function parseDocument(bytes: Uint8Array): DocumentFacts {
  let parsed: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const ambiguity = ambiguityOf(text)
    if (ambiguity !== null) throw invalid(ambiguity)
    parsed = JSON.parse(text)
  } catch (error) {
    if (error instanceof RegistryError) throw error
    throw invalid('it is not JSON in UTF-8')
  }
  const result = v.safeParse(document, parsed)
  if (result.success) return result.output
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  throw invalid(path === null ? issue.message : `${path}: ${issue.message}`)
}

function mediaTypeOf(facts: DocumentFacts, contentType: string | undefined): string {
  const own = facts.mediaType === undefined ? null : normalizeMediaType(facts.mediaType)
  // Clients compare it to the letter, so what only means one after some tidying is none.
  if (facts.mediaType !== undefined && own !== facts.mediaType) {
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
    if (facts.config === undefined) throw invalid('an image manifest has a config')
    if (facts.layers === undefined) throw invalid('an image manifest has layers, if only []')
  } else {
    if (facts.layers) throw invalid('an index has no layers')
    if (facts.config !== undefined) throw invalid('an index has no config')
    if (facts.manifests === undefined) throw invalid('an index has manifests, if only []')
  }
}

function contentOf(
  facts: DocumentFacts,
  shape: ManifestShape,
): Pick<ManifestFacts, 'requires' | 'references' | 'contentSize'> {
  const named: readonly DescriptorFacts[] =
    shape === 'image' ? [...asList(facts.config), ...(facts.layers ?? [])] : (facts.manifests ?? [])
  const requires: Map<Digest, 'blob' | 'manifest'> = new Map()
  const references: Set<Digest> = new Set()
  let contentSize = 0
  for (const entry of named) {
    contentSize += entry.size
    const reading = classifyDigest(entry.digest)
    if (reading.kind === 'malformed') throw invalid(`${quoted(entry.digest)} is not a digest`)
    const elsewhere = isNonDistributable(entry.mediaType) || (entry.urls?.length ?? 0) > 0
    if (reading.kind === 'unsupported') {
      if (elsewhere) continue
      throw invalid(`${quoted(entry.digest)}: use sha256 or sha512`)
    }
    references.add(reading.digest)
    if (!elsewhere) requires.set(reading.digest, shape === 'image' ? 'blob' : 'manifest')
  }
  return {
    references: [...references],
    contentSize,
    requires: [...requires].map(([digest, kind]) => ({ digest, kind })),
  }
}

function artifactTypeOf(facts: DocumentFacts, shape: ManifestShape): string | null {
  if (facts.artifactType !== undefined && facts.artifactType !== '') return facts.artifactType
  if (shape === 'index') return null
  return facts.config?.mediaType ?? null
}

function subjectOf(facts: DocumentFacts): string | null {
  if (facts.subject === undefined || facts.subject === null) return null
  const { digest } = facts.subject
  if (classifyDigest(digest).kind === 'malformed') {
    throw invalid(`its subject ${quoted(digest)} is not a digest`)
  }
  return digest
}

function asList<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value]
}

/** A client's string, short enough to be sent back. */
function quoted(text: string): string {
  return JSON.stringify(cut(text, 100))
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

function invalid(problem: string): RegistryError {
  // Valibot quotes what it found, which may be as long as the manifest.
  const reason = cut(problem, 300)
  return new RegistryError('manifestInvalid', {
    message: `this is not a manifest the registry can take: ${reason}`,
    detail: { reason },
  })
}
