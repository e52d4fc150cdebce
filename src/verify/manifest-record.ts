import { parseManifest } from '../core/manifest-facts.ts'
import { type NewRecord, recordOf } from '../core/manifest-record.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'

/** What is recorded of a manifest, beside what its bytes say. */
export type ComparedRecord =
  | { readonly kind: 'same' }
  /** `record` is what should be recorded; null where the bytes are no manifest of the recorded type. */
  | { readonly kind: 'other'; readonly detail: string; readonly record: NewRecord | null }

/** Compares the record of a manifest with its bytes, which are those of its digest. */
export function compareRecord(found: ManifestRecord, bytes: Uint8Array): ComparedRecord {
  let record: NewRecord
  try {
    const facts = parseManifest(bytes, found.mediaType, Number.POSITIVE_INFINITY)
    record = recordOf(facts, found.digest, bytes.byteLength)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    const [{ reason = error.message } = {}] = error.details as readonly {
      readonly reason?: string
    }[]
    const detail = `it is recorded as ${found.mediaType}, and its bytes are none: ${reason}`
    return { kind: 'other', detail, record: null }
  }
  const detail = differenceOf(found, record)
  return detail === null ? { kind: 'same' } : { kind: 'other', detail, record }
}

function differenceOf(found: ManifestRecord, record: NewRecord): string | null {
  if (found.size !== record.size || found.blob.size !== record.size) {
    return `its size is recorded as ${found.size}, and is ${record.size}`
  }
  for (const name of ['artifactType', 'subject'] as const) {
    const [recorded = 'none', own = 'none'] = [found[name], record[name]]
    if (recorded !== own) return `its ${name} is recorded as ${recorded}, and is ${own}`
  }
  if (!isSameSet(found.references, record.references)) {
    return `it is recorded to name ${found.references.length} digests, and names ${record.references.length} others`
  }
  return isSameAnnotations(found.annotations, record.annotations)
    ? null
    : 'its annotations are recorded otherwise'
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const known = new Set(others)
  return new Set(some).size === known.size && some.every((one) => known.has(one))
}

/** A record may have left out annotations that today's would keep: an empty list says so. */
function isSameAnnotations(
  recorded: Descriptor['annotations'],
  own: Descriptor['annotations'],
): boolean {
  if (recorded !== undefined && recorded.length === 0) return own !== undefined
  return own?.length === 0 || JSON.stringify(recorded) === JSON.stringify(own)
}
