import { JsonReader } from '../../core/json-reader.ts'
import { JsonProblem } from '../../core/json-scan.ts'
import { longestDigest } from '../../oci/digest.ts'
import { longestMediaType } from '../../oci/media-types.ts'
import { ContentFault } from '../content.ts'

/** Bytes of an `index.json` at most: some 300,000 entries. */
export const mostIndexBytes: number = 64 * 1024 * 1024

/** What an `index.json` says of one manifest. Nothing of it was checked. */
export interface LayoutEntry {
  readonly mediaType: string
  readonly digest: string
  readonly annotations: ReadonlyMap<string, string>
}

/** Annotations of entries that say where they belong. */
export const annotationKeys = {
  /** A tag, or a whole reference (image-spec, annotations.md). */
  refName: 'org.opencontainers.image.ref.name',
  /** A whole reference: containerd and `docker save` write it. */
  containerdName: 'io.containerd.image.name',
  /** Ours: the repository as it is. */
  repository: 'dev.layerdock.repository',
  /** Ours: the tag as it is, which may not be legal as a name in a layout. */
  tag: 'dev.layerdock.tag',
  /** Ours: when the tag was set (RFC 3339). */
  updatedAt: 'dev.layerdock.tag.updated',
  /** Ours: when the manifest was pushed (RFC 3339). */
  pushedAt: 'dev.layerdock.pushed',
  /** Ours and olareg's: the entry is a list of the referrers of this digest, and nothing that was pushed. */
  referrersOf: 'dev.layerdock.referrers-of',
  olaregReferrers: 'org.olareg.referrer.subject',
} as const

/**
 * Reads an `index.json` (image-spec, image-layout.md), or the manifests of an index.
 *
 * @throws ContentFault
 */
export function readLayoutIndex(bytes: Uint8Array): readonly LayoutEntry[] {
  try {
    return read(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    if (!(error instanceof JsonProblem) && !(error instanceof TypeError)) throw error
    throw new ContentFault('damaged', `its index is not one: ${error.message}`)
  }
}

function read(text: string): readonly LayoutEntry[] {
  const reader = new JsonReader(text)
  const entries: LayoutEntry[] = []
  reader.object((key) => {
    if (key !== 'manifests' || reader.null()) {
      if (key !== 'manifests') reader.skip()
      return
    }
    reader.array(() => entries.push(readEntry(reader)))
  })
  reader.end()
  return entries
}

function readEntry(reader: JsonReader): LayoutEntry {
  let mediaType = ''
  let digest = ''
  let annotations: ReadonlyMap<string, string> = new Map()
  reader.object((key) => {
    if (key === 'mediaType') mediaType = reader.null() ? '' : reader.string(longestMediaType)
    else if (key === 'digest') digest = reader.null() ? '' : reader.string(longestDigest)
    else if (key === 'annotations' && !reader.null()) {
      const text = reader.stringMap(mostAnnotations)
      annotations = new Map(Object.entries(JSON.parse(text) as Record<string, string>))
    } else if (key !== 'annotations') reader.skip()
  })
  return { mediaType, digest, annotations }
}

const mostAnnotations = 1000
