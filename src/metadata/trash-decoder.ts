import type { RepositoryName } from '../oci/repository-name.ts'
import { parseTag } from '../oci/tag.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { isCount, readAll, readBlob, readDigest } from './decoded-values.ts'
import type { Effect, WrittenContent } from './effects.ts'
import { isEntryId } from './entry-ids.ts'
import type { TrashTerm } from './trash-entries.ts'

/** The term at the end of a line, if there is one; null where something else is there. */
export function readTerm(
  line: readonly unknown[],
  start: number,
): { readonly trash?: TrashTerm } | null {
  if (line.length === start) return {}
  const [id, deletedAt, keepUntil] = line.slice(start)
  if (line.length !== start + 3) return null
  if (!isEntryId(id) || !isCount(deletedAt) || !isCount(keepUntil)) return null
  return { trash: { id, deletedAt, keepUntil } }
}

/** An entry of the trash, as a snapshot has it. */
export function readTrashEntry(
  line: readonly unknown[],
  repository: RepositoryName,
  readRecord: (value: unknown) => ManifestRecord | null,
): Effect | null {
  const [kind, id, , deletedAt, keepUntil] = line
  if (kind !== 'trash' || !isEntryId(id) || !isCount(deletedAt) || !isCount(keepUntil)) return null
  const content = readContent(line[5], line.slice(6), readRecord)
  return content && { kind, id, repository, deletedAt, keepUntil, content }
}

function readContent(
  kind: unknown,
  fields: readonly unknown[],
  readRecord: (value: unknown) => ManifestRecord | null,
): WrittenContent | null {
  const [first, second, third] = fields
  switch (kind) {
    case 'tag': {
      const tag = typeof first === 'string' ? parseTag(first) : null
      const digest = readDigest(second)
      if (fields.length !== 3 || tag === null || digest === null || !isCount(third)) return null
      return { kind, tag, digest, updatedAt: third }
    }
    case 'blob': {
      const blob = fields.length === 3 ? readBlob(first, second, third) : null
      return blob && { kind, blob }
    }
    case 'manifest': {
      const record = fields.length === 3 ? readRecord(first) : null
      const blobs = readAll(second, (blob) =>
        Array.isArray(blob) && blob.length === 3 ? readBlob(blob[0], blob[1], blob[2]) : null,
      )
      const manifests = readAll(third, readDigest)
      return record && blobs && manifests && { kind, record, blobs, manifests }
    }
    case 'repository':
      return fields.length === 0 ? { kind } : null
    default:
      return null
  }
}
