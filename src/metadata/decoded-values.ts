import type { Annotations } from '../oci/descriptor.ts'
import { type Digest, parseDigest } from '../oci/digest.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { isSha256At } from './digest-text.ts'

function isAnnotations(value: unknown): value is Annotations {
  return Array.isArray(value) && value.every(isPair)
}

function isPair(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  return typeof value[0] === 'string' && typeof value[1] === 'string'
}

/** What not every record has. */
type OptionalFields = Pick<ManifestRecord, OptionalName>
type OptionalName =
  | 'artifactType'
  | 'subject'
  | 'annotations'
  | 'untaggedAt'
  | 'pulledAt'
  | 'contentSize'
  | 'pushedBy'
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Those fields of a record that it need not have; null where one is not what it should be. */
export function readOptional(
  fields: { readonly [name in OptionalName]?: unknown },
): OptionalFields | null {
  const { artifactType, subject, annotations, untaggedAt, pulledAt, contentSize, pushedBy } = fields
  if (!isTextOrAbsent(artifactType) || !isTextOrAbsent(subject)) return null
  if (!isTextOrAbsent(pushedBy) || !isCountOrAbsent(contentSize)) return null
  if (!isCountOrAbsent(untaggedAt) || !isCountOrAbsent(pulledAt)) return null
  const read: Mutable<OptionalFields> = {}
  if (annotations !== undefined) {
    if (!isAnnotations(annotations)) return null
    read.annotations = annotations
  }
  if (artifactType !== undefined) read.artifactType = artifactType
  if (subject !== undefined) read.subject = subject
  if (untaggedAt !== undefined) read.untaggedAt = untaggedAt
  if (pulledAt !== undefined) read.pulledAt = pulledAt
  if (contentSize !== undefined) read.contentSize = contentSize
  if (pushedBy !== undefined) read.pushedBy = pushedBy
  return read
}

export function readBlob(digest: unknown, size: unknown, key: unknown): BlobRef | null {
  const read = readDigest(digest)
  if (read === null || !isCount(size) || typeof key !== 'string') return null
  return { digest: read, size, key }
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isCountOrAbsent(value: unknown): value is number | undefined {
  return value === undefined || isCount(value)
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

export function readDigest(value: unknown): Digest | null {
  if (typeof value !== 'string') return null
  return value.length === 71 && isSha256At(value, 0) ? (value as Digest) : parseDigest(value)
}

/** What `read` makes of each value of a list; null where it makes nothing of one. */
export function readAll<T>(values: unknown, read: (value: unknown) => T | null): T[] | null {
  if (!Array.isArray(values)) return null
  const all: T[] = []
  for (const value of values) {
    const item = read(value)
    if (item === null) return null
    all.push(item)
  }
  return all
}
