import type { Annotations } from '../oci/descriptor.ts'
import { type Digest, parseDigest } from '../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { isSha256At } from './digest-text.ts'
import type { Effect } from './effects.ts'

/** What stands in for what effects of format 1 do not say. */
export interface FormatOneDefaults {
  /** When manifests were pushed and tags set, in milliseconds since the epoch. */
  readonly time: number
  /** When leases end, in the store's own time. */
  readonly keepUntil: number
}

/**
 * Reads effects, of this format and of format 1. Checked by hand: a schema would take longer than all
 * the rest of a start with many tags. A decoder remembers what it read last, and hands out the same string
 * for the same text: such a string is neither checked nor hashed again.
 */
export class EffectDecoder {
  readonly #defaults: FormatOneDefaults
  #repository: RepositoryName | null = null
  /** That of the last record: its tags follow it. */
  #digest: Digest | null = null
  /** Those of the last record: images of one repository have most of their layers in common. */
  #references: readonly Digest[] = []
  #sawFormatOne = false

  constructor(defaults: FormatOneDefaults) {
    this.#defaults = defaults
  }

  /** Whether it has read an effect of format 1. */
  get sawFormatOne(): boolean {
    return this.#sawFormatOne
  }

  /** The effect a parsed line is; null when it is not one. */
  decode(line: unknown): Effect | null {
    if (!Array.isArray(line)) return null
    switch (line[0]) {
      case 'tag':
        return this.#readTags(line)
      case 'link':
        return this.#readLink(line)
      case 'manifest':
        return this.#readManifest(line)
      case 'time': {
        const now: unknown = line[1]
        return line.length === 2 && isCount(now) ? { kind: 'time', now } : null
      }
      case 'pulls': {
        const since: unknown = line[1]
        return line.length === 2 && isCount(since) ? { kind: 'pulls', since } : null
      }
      case 'located':
      case 'stored':
      case 'hold': {
        const blob = line.length === 4 ? readBlob(line[1], line[2], line[3]) : null
        if (line[0] === 'hold') this.#sawFormatOne = true
        return blob && { kind: line[0] === 'located' ? 'located' : 'stored', blob }
      }
      case 'missing':
      case 'forget':
        return this.#readKey(line, line[0])
      default:
        return this.#readRest(line)
    }
  }

  #readLink(line: readonly unknown[]): Effect | null {
    const repository = this.#readRepository(line[1])
    const blob = readBlob(line[2], line[3], line[4])
    const keepUntil = line.length === 5 ? this.#default('keepUntil') : line[5]
    if (repository === null || blob === null || line.length > 6 || !isCount(keepUntil)) return null
    return { kind: 'link', repository, blob, keepUntil }
  }

  #readManifest(line: readonly unknown[]): Effect | null {
    const repository = this.#readRepository(line[1])
    const record = this.#readRecord(line[2])
    if (repository === null || record === null || line.length > 4) return null
    if (line.length === 3) return { kind: 'manifest', repository, record, keepUntil: 0 }
    const keepUntil = line[3]
    if (!isCount(keepUntil) || keepUntil === 0) return null
    return { kind: 'manifest', repository, record, keepUntil }
  }

  #readTags(line: readonly unknown[]): Effect | null {
    const repository = this.#readRepository(line[1])
    const digest = this.#readDigest(line[2])
    if (repository === null || digest === null || line.length < 4) return null
    const tags: Tag[] = []
    const times: number[] = []
    let time: unknown = typeof line[3] === 'string' ? this.#default('time') : undefined
    let isDue = false
    for (let at = 3; at < line.length; at += 1) {
      const item = line[at]
      if (typeof item === 'number') {
        if (isDue || item === time) return null
        time = item
        isDue = true
        continue
      }
      const tag = typeof item === 'string' ? parseTag(item) : null
      if (tag === null || !isCount(time)) return null
      tags.push(tag)
      times.push(time)
      isDue = false
    }
    return isDue ? null : { kind: 'tag', repository, digest, tags, times }
  }

  #readKey(line: readonly unknown[], kind: 'missing' | 'forget'): Effect | null {
    const digest = readDigest(line[1])
    if (digest === null) return null
    if (kind === 'forget' && line.length === 2) {
      this.#sawFormatOne = true
      return { kind, digest, key: null }
    }
    const key = line[2]
    return line.length === 3 && typeof key === 'string' ? { kind, digest, key } : null
  }

  #readRest(line: readonly unknown[]): Effect | null {
    const repository = this.#readRepository(line[1])
    const kind = line[0]
    if (repository === null) return null
    switch (kind) {
      case 'untag': {
        const tag = line.length === 3 && typeof line[2] === 'string' ? parseTag(line[2]) : null
        return tag && { kind, repository, tag }
      }
      case 'unlink': {
        const digest = line.length === 3 ? readDigest(line[2]) : null
        return digest && { kind, repository, digest }
      }
      case 'keep':
      case 'unmanifest': {
        const isOld = kind === 'unmanifest' && line.length === 3
        const keepUntil = isOld ? this.#default('keepUntil') : line[3]
        const digest = readDigest(line[2])
        if (digest === null || line.length > 4 || !isCount(keepUntil)) return null
        return { kind, repository, digest, keepUntil }
      }
      case 'untagged': {
        const [, , text, time] = line
        const digest = line.length === 4 ? readDigest(text) : null
        return digest !== null && isCount(time) ? { kind, repository, digest, time } : null
      }
      case 'pulled': {
        const [, , time, ...texts] = line
        const digests = texts.flatMap((text) => readDigest(text) ?? [])
        if (!isCount(time) || digests.length === 0 || digests.length < texts.length) return null
        return { kind, repository, time, digests }
      }
      case 'repository':
      case 'unrepository':
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

  #readRecord(value: unknown): ManifestRecord | null {
    if (typeof value !== 'object' || value === null) return null
    const fields = value as { readonly [name in keyof ManifestRecord | 'key']?: unknown }
    const blob = readBlob(fields.digest, fields.size, fields.key)
    const references = this.#readReferences(fields.references)
    const { mediaType, artifactType, subject, annotations, untaggedAt, pulledAt } = fields
    const pushedAt = fields.pushedAt === undefined ? this.#default('time') : fields.pushedAt
    if (blob === null || references === null || typeof mediaType !== 'string') return null
    if (!isTextOrAbsent(artifactType) || !isTextOrAbsent(subject) || !isCount(pushedAt)) return null
    if (annotations !== undefined && !isAnnotations(annotations)) return null
    if (untaggedAt !== undefined && !isCount(untaggedAt)) return null
    if (pulledAt !== undefined && !isCount(pulledAt)) return null
    const { digest, size } = blob
    this.#digest = digest
    const record: Mutable<ManifestRecord> = { digest, size, mediaType, blob, references, pushedAt }
    if (artifactType !== undefined) record.artifactType = artifactType
    if (subject !== undefined) record.subject = subject
    if (annotations !== undefined) record.annotations = annotations
    if (untaggedAt !== undefined) record.untaggedAt = untaggedAt
    if (pulledAt !== undefined) record.pulledAt = pulledAt
    return record
  }

  #readReferences(value: unknown): readonly Digest[] | null {
    if (!Array.isArray(value)) return null
    const last = this.#references
    const references: Digest[] = []
    for (const [at, item] of value.entries()) {
      const before = last[at]
      const digest = item === before && before !== undefined ? before : readDigest(item)
      if (digest === null) return null
      references.push(digest)
    }
    this.#references = references
    return references
  }

  #readDigest(value: unknown): Digest | null {
    return value === this.#digest ? this.#digest : readDigest(value)
  }

  #default(field: keyof FormatOneDefaults): number {
    this.#sawFormatOne = true
    return this.#defaults[field]
  }
}

function isAnnotations(value: unknown): value is Annotations {
  return Array.isArray(value) && value.every(isPair)
}

function isPair(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  return typeof value[0] === 'string' && typeof value[1] === 'string'
}

function readBlob(digest: unknown, size: unknown, key: unknown): BlobRef | null {
  const read = readDigest(digest)
  if (read === null || !isCount(size) || typeof key !== 'string') return null
  return { digest: read, size, key }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function readDigest(value: unknown): Digest | null {
  if (typeof value !== 'string') return null
  return value.length === 71 && isSha256At(value, 0) ? (value as Digest) : parseDigest(value)
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
