import type { Annotations } from '../oci/descriptor.ts'
import { type Digest, parseDigest } from '../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Effect } from './effects.ts'

/**
 * An effect as it stands in journals and snapshots: a JSON array on one line, its kind first. The
 * grammars of names, tags and digests leave nothing to be escaped, and most lines are made of
 * those alone: putting them together here is several times faster than JSON.stringify.
 */
export function encodeEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'link':
      return `["link","${effect.repository}",${blobText(effect.blob)}]`
    case 'manifest':
      return `["manifest","${effect.repository}",${recordText(effect.record)}]`
    case 'tag':
      return `["tag","${effect.repository}","${effect.digest}","${effect.tags.join('","')}"]`
    case 'untag':
      return `["untag","${effect.repository}","${effect.tag}"]`
    case 'unlink':
    case 'unmanifest':
      return `["${effect.kind}","${effect.repository}","${effect.digest}"]`
    case 'repository':
      return `["repository","${effect.repository}"]`
    case 'hold':
      return `["hold",${blobText(effect.blob)}]`
    case 'forget':
      return `["forget","${effect.digest}"]`
  }
}

/**
 * Reads effects back. Checked by hand, for a schema would take longer than all the rest of a start
 * with many tags. One decoder reads one file: it remembers the name it read last.
 */
export class EffectDecoder {
  #repository: RepositoryName | null = null

  /** The effect a parsed line is; null when it is none. */
  decode(line: unknown): Effect | null {
    if (!Array.isArray(line)) return null
    const [kind, first, second, third, fourth]: unknown[] = line
    if (kind === 'hold') {
      const blob = line.length === 4 ? readBlob(first, second, third) : null
      return blob && { kind, blob }
    }
    if (kind === 'forget') {
      const digest = line.length === 2 ? classifyDigest(first) : null
      return digest && { kind, digest }
    }
    const repository = this.#readRepository(first)
    if (repository === null) return null
    switch (kind) {
      case 'tag': {
        const digest = classifyDigest(second)
        const tags = readTags(line.slice(3))
        return digest && tags && { kind, repository, digest, tags }
      }
      case 'link': {
        const blob = line.length === 5 ? readBlob(second, third, fourth) : null
        return blob && { kind, repository, blob }
      }
      case 'manifest': {
        const record = line.length === 3 ? readRecord(second) : null
        return record && { kind, repository, record }
      }
      case 'untag': {
        const tag = line.length === 3 ? readTag(second) : null
        return tag && { kind, repository, tag }
      }
      case 'unlink':
      case 'unmanifest': {
        const digest = line.length === 3 ? classifyDigest(second) : null
        return digest && { kind, repository, digest }
      }
      case 'repository':
        return line.length === 2 ? { kind, repository } : null
      default:
        return null
    }
  }

  /** Lines of one repository stand together, so its name is seldom checked twice. */
  #readRepository(value: unknown): RepositoryName | null {
    if (typeof value !== 'string') return null
    if (value !== this.#repository) this.#repository = parseRepositoryName(value)
    return this.#repository
  }
}

function blobText({ digest, size, key }: BlobRef): string {
  return `"${digest}",${size},${JSON.stringify(key)}`
}

/** A record as JSON. Its blob has the record's own digest and size, so only the key is written. */
function recordText(record: ManifestRecord): string {
  const { digest, size, mediaType, blob, references, artifactType, subject, annotations } = record
  const { key } = blob
  const fields = { digest, size, mediaType, key, references, artifactType, subject, annotations }
  return JSON.stringify(fields)
}

function readRecord(value: unknown): ManifestRecord | null {
  if (typeof value !== 'object' || value === null) return null
  const fields = value as { readonly [name in keyof ManifestRecord | 'key']?: unknown }
  const blob = readBlob(fields.digest, fields.size, fields.key)
  const references = readReferences(fields.references)
  const { mediaType, artifactType, subject, annotations } = fields
  if (blob === null || references === null || typeof mediaType !== 'string') return null
  if (!isTextOrAbsent(artifactType) || !isTextOrAbsent(subject)) return null
  if (annotations !== undefined && !isAnnotations(annotations)) return null
  return {
    digest: blob.digest,
    size: blob.size,
    mediaType,
    blob,
    references,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}

function readReferences(value: unknown): readonly Digest[] | null {
  if (!Array.isArray(value)) return null
  for (const item of value) if (classifyDigest(item) === null) return null
  return value as Digest[]
}

function isAnnotations(value: unknown): value is Annotations {
  return Array.isArray(value) && value.every(isPair)
}

function isPair(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  return typeof value[0] === 'string' && typeof value[1] === 'string'
}

function readBlob(digest: unknown, size: unknown, key: unknown): BlobRef | null {
  const read = classifyDigest(digest)
  if (read === null || !isSize(size) || typeof key !== 'string') return null
  return { digest: read, size, key }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function classifyDigest(value: unknown): Digest | null {
  return typeof value === 'string' ? parseDigest(value) : null
}

function readTags(values: readonly unknown[]): readonly Tag[] | null {
  if (values.length === 0) return null
  for (const value of values) if (readTag(value) === null) return null
  return values as readonly Tag[]
}

function readTag(value: unknown): Tag | null {
  return typeof value === 'string' ? parseTag(value) : null
}
