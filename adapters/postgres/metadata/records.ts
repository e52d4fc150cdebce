import type { Annotations, Descriptor, Digest } from '../../../src/index.ts'
import type { ManifestRecord, NewManifestRecord } from '../../../src/kit.ts'
import type { SqlRow } from '../sql-driver.ts'
import { columnText, textOfColumn } from './column-text.ts'
import { digestOfHex, digestsOfHex, hexOfDigest } from './digest-hex.ts'

/** A row of {@link descriptorColumns}. */
export interface DescriptorRow extends SqlRow {
  readonly digest: string
  readonly size: unknown
  readonly media_type: string
  readonly artifact_type: string | null
  readonly annotations: string | null
}

/** A row of {@link recordColumns}. */
export interface RecordRow extends DescriptorRow {
  readonly key: string
  readonly subject: string | null
  readonly refs: string
  readonly pushed_at: unknown
  readonly untagged_at: unknown
  readonly pulled_at: unknown
  readonly pushed_by: string | null
  readonly content_size: unknown
}

/** What a list says of the manifest `m` whose bytes are `b`. */
export const descriptorColumns: string =
  "encode(m.digest, 'hex') as digest, b.size, m.media_type, m.artifact_type, m.annotations"

/** What is known of the manifest `m` whose bytes are `b`. */
export const recordColumns: string = `${descriptorColumns}, b.key, m.subject, encode(m.refs, 'hex') as refs, m.pushed_at,
  m.untagged_at, m.pulled_at, m.pushed_by, m.content_size`

/** A manifest as columns: `media_type, artifact_type, subject, annotations, refs, pushed_by, content_size`. */
export function columnsOf(record: NewManifestRecord): ReadonlyArray<string | number | null> {
  const { mediaType, artifactType, subject, annotations, references } = record
  const { pushedBy, contentSize = null } = record
  return [
    columnText(mediaType),
    artifactType === undefined ? null : columnText(artifactType),
    subject === undefined ? null : columnText(subject),
    annotations === undefined ? null : JSON.stringify(annotations.flat()),
    references.map(hexOfDigest).join(''),
    pushedBy === undefined ? null : columnText(pushedBy),
    contentSize,
  ]
}

/** The descriptor that a row has. */
export function descriptorOf(row: DescriptorRow): Descriptor {
  const { digest, size, media_type, artifact_type, annotations } = row
  return {
    mediaType: textOfColumn(media_type),
    digest: digestOfHex(digest),
    size: Number(size),
    ...(artifact_type === null ? {} : { artifactType: textOfColumn(artifact_type) }),
    ...(annotations === null ? {} : { annotations: annotationsOf(annotations) }),
  }
}

/** The record that a row has. */
export function recordOf(row: RecordRow): ManifestRecord {
  const { key, subject, refs, pushed_at, untagged_at, pulled_at, pushed_by, content_size } = row
  const descriptor = descriptorOf(row)
  const { digest, size } = descriptor
  const references: readonly Digest[] = digestsOfHex(refs)
  return {
    ...descriptor,
    blob: { digest, size, key },
    ...(subject === null ? {} : { subject: textOfColumn(subject) }),
    references,
    pushedAt: Number(pushed_at),
    ...(untagged_at === null ? {} : { untaggedAt: Number(untagged_at) }),
    ...(pulled_at === null ? {} : { pulledAt: Number(pulled_at) }),
    ...(pushed_by === null ? {} : { pushedBy: textOfColumn(pushed_by) }),
    ...(content_size === null ? {} : { contentSize: Number(content_size) }),
  }
}

function annotationsOf(column: string): Annotations {
  const flat = JSON.parse(column) as string[]
  const entries: Array<readonly [string, string]> = []
  for (let at = 0; at < flat.length; at += 2) entries.push([flat[at] ?? '', flat[at + 1] ?? ''])
  return entries
}
