import { classifyDigest, type Digest, longestDigest } from '../oci/digest.ts'
import { isMediaType, isNonDistributable, longestMediaType } from '../oci/media-types.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { JsonReader } from './json-reader.ts'
import type { JsonProblem } from './json-scan.ts'
import { KnownKeys } from './known-keys.ts'

/** What a manifest says of a piece of content. */
export interface DescriptorFacts {
  readonly mediaType: string
  /** Verbatim; well formed, of any algorithm. */
  readonly digest: string
  /** Null for an algorithm that this registry cannot verify. */
  readonly verifiable: Digest | null
  /** In bytes. */
  readonly size: number
  /** Whether clients fetch it from somewhere else, so that no registry has to have it. */
  readonly elsewhere: boolean
}

/** The fields of a manifest that a registry acts on. Null is how Go's clients write "none". */
export interface DocumentFacts {
  readonly mediaType: string | null
  readonly artifactType: string | null
  readonly config: DescriptorFacts | null
  readonly layers: readonly DescriptorFacts[] | null
  /** Undefined where the document does not have the key. */
  readonly manifests: readonly DescriptorFacts[] | null | undefined
  readonly subject: DescriptorFacts | null
  /** As JSON text: an object of strings. */
  readonly annotations: string | null
}

const documentKeys = new KnownKeys([
  'schemaVersion',
  'mediaType',
  'config',
  'layers',
  'manifests',
  'subject',
  'artifactType',
  'annotations',
])

const descriptorKeys = new KnownKeys(['mediaType', 'digest', 'size', 'urls', 'annotations'])

/** Keys of a document, known or not. */
const mostKeys = 1000

/** Annotations of a document or a descriptor. */
const mostAnnotations = 10_000

/**
 * Reads the text of a manifest (image-spec, manifest.md and image-index.md), and stops at the first
 * thing that is wrong with it.
 *
 * @param mostDescriptors entries that `layers` and `manifests` may each have
 * @throws JsonProblem
 * @throws RegistryError `tooManyDescriptors`
 */
export function readDocument(text: string, mostDescriptors: number): DocumentFacts {
  const reader = new JsonReader(text)
  const seen: Set<string> = new Set()
  const facts: { -readonly [Key in keyof DocumentFacts]: DocumentFacts[Key] } = {
    mediaType: null,
    artifactType: null,
    config: null,
    layers: null,
    manifests: undefined,
    subject: null,
    annotations: null,
  }
  let version: number | null = null
  reader.object((key) => {
    if (!documentKeys.check(reader, key, seen)) {
      if (seen.has(key)) throw reader.problem('stands in it twice')
      if (seen.size === mostKeys) throw reader.problem(`is one of more than ${mostKeys} keys`)
      seen.add(key)
      reader.skip()
      return
    }
    switch (key) {
      case 'schemaVersion':
        version = reader.number()
        break
      case 'mediaType':
        facts.mediaType = reader.null() ? null : reader.string(longestMediaType)
        break
      case 'artifactType':
        facts.artifactType = reader.null() ? null : readArtifactType(reader)
        break
      case 'config':
      case 'subject':
        facts[key] = reader.null() ? null : readDescriptor(reader)
        break
      case 'layers':
      case 'manifests':
        facts[key] = reader.null() ? null : readDescriptors(reader, key, mostDescriptors)
        break
      default:
        facts.annotations = reader.null() ? null : reader.stringMap(mostAnnotations)
    }
  })
  reader.end()
  if (version !== 2) throw reader.problem('has another schemaVersion than 2')
  return facts
}

/**
 * Finds the annotations of a manifest that was taken once, whatever is taken today: JSON text of an
 * object, or null where there is none.
 *
 * @throws JsonProblem
 */
export function findAnnotations(text: string): string | null {
  const reader = new JsonReader(text)
  let found: string | null = null
  reader.object((key) => {
    if (key !== 'annotations') reader.skip()
    else if (!reader.null()) found = reader.stringMap(Number.POSITIVE_INFINITY)
  })
  return found
}

function readDescriptors(
  reader: JsonReader,
  key: string,
  most: number,
): readonly DescriptorFacts[] {
  const list: DescriptorFacts[] = []
  reader.array((index) => {
    if (index === most) {
      throw new RegistryError('tooManyDescriptors', { detail: { field: key, limit: most } })
    }
    list.push(readDescriptor(reader))
  })
  return list
}

function readDescriptor(reader: JsonReader): DescriptorFacts {
  const seen: Set<string> = new Set()
  const found: { mediaType?: string; digest?: string; verifiable?: Digest; size?: number } = {}
  let urls = 0
  reader.object((key) => {
    if (!descriptorKeys.check(reader, key, seen)) {
      reader.skip()
      return
    }
    switch (key) {
      case 'mediaType':
        found.mediaType = readMediaType(reader)
        break
      case 'digest': {
        found.digest = reader.string(longestDigest)
        const reading = classifyDigest(found.digest)
        if (reading.kind === 'malformed') throw notADigest(reader, found.digest)
        if (reading.kind === 'supported') found.verifiable = reading.digest
        break
      }
      case 'size': {
        const size = reader.number()
        if (!Number.isSafeInteger(size) || size < 0) throw reader.problem('is not a size in bytes')
        found.size = size
        break
      }
      case 'urls':
        if (!reader.null()) urls = reader.stringList()
        break
      default:
        if (!reader.null()) reader.stringMap(mostAnnotations)
    }
  })
  const { mediaType, digest, size, verifiable = null } = found
  if (mediaType === undefined) throw reader.problem('has no mediaType')
  if (digest === undefined) throw reader.problem('has no digest')
  if (size === undefined) throw reader.problem('has no size')
  const elsewhere = urls > 0 || isNonDistributable(mediaType)
  return { mediaType, digest, verifiable, size, elsewhere }
}

/** Go's clients write an empty one where they have none. */
function readArtifactType(reader: JsonReader): string | null {
  const text = reader.string(longestMediaType)
  if (text === '') return null
  if (!isMediaType(text)) throw reader.problem('is not a media type')
  return text
}

function readMediaType(reader: JsonReader): string {
  const text = reader.string(longestMediaType)
  if (!isMediaType(text)) throw reader.problem('is not a media type')
  return text
}

function notADigest(reader: JsonReader, text: string): JsonProblem {
  return reader.problem(`is not a digest: ${JSON.stringify(text.slice(0, 100))}`)
}
