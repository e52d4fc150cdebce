import type { Digest } from '../../oci/digest.ts'
import { manifestShape } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { ManifestEntry, ManifestRecord } from '../../ports/metadata-store.ts'
import { boundedText } from '../bounded.ts'
import { kindOfRecord } from '../readers/kinds.ts'
import type { Viewer } from '../viewer.ts'
import type { Visit } from '../visit.ts'
import type { ListedManifest } from './repository-data.ts'

const pageSize = 50
/** Manifests that one list returns. */
const atOnce = 1000
/** Lists for one request: 5,000 manifests. */
const mostLists = 5
/** Parts of indexes that are looked at: an index may name 10,000. */
const mostParts = 200_000

/** Part of a repository's manifests without a tag. */
export interface LoadedUntagged {
  readonly items: readonly ListedManifest[]
  readonly next: string | null
  /** Whether the search ended before the page was full. */
  readonly isPartial: boolean
}

/**
 * Loads manifests that have no tag, are about no other, and are no part of an index, as far as the first 5,000
 * manifests tell. Those are parts of what is shown elsewhere.
 */
export async function loadUntagged(
  visit: Visit,
  repository: RepositoryName,
  after: string | null,
): Promise<LoadedUntagged> {
  const parts: Set<Digest> = new Set()
  let seen = 0
  const alone: ManifestRecord[] = []
  const noteAlone = ({ record, tagCount }: ManifestEntry): void => {
    if (tagCount === 0 && record.subject === undefined) alone.push(record)
  }
  let looked = await look(visit, repository, null, (entry) => {
    if (after === null) noteAlone(entry)
    const { mediaType, references } = entry.record
    if (manifestShape(mediaType) !== 'index' || seen >= mostParts) return
    for (const digest of references) parts.add(digest)
    seen += references.length
  })
  const isFound = ({ digest }: ManifestRecord): boolean => !parts.has(digest)
  if (after !== null) {
    looked = await look(visit, repository, after, noteAlone, () => {
      return alone.length > pageSize && alone.filter(isFound).length > pageSize
    })
  }
  const found = alone.filter(isFound)
  const isFull = found.length > pageSize
  const items = found.slice(0, pageSize).map((record) => listed(record, visit.viewer))
  const next = isFull ? (items.at(-1)?.digest ?? null) : looked
  return { items, next, isPartial: !isFull && looked !== null }
}

/** Looks at manifests until that is enough, up to 5,000. Returns the last one where more follow; null at the end. */
async function look(
  { deps, viewer }: Visit,
  repository: RepositoryName,
  after: string | null,
  note: (entry: ManifestEntry) => void,
  isEnough: () => boolean = () => false,
): Promise<string | null> {
  let last = after
  for (let lists = 0; lists < mostLists; lists += 1) {
    const request = { ...(last === null ? {} : { after: last }), limit: atOnce }
    const page = await deps.service.listManifests(viewer.call, repository, request)
    for (const entry of page.items) note(entry)
    last = page.items.at(-1)?.record.digest ?? last
    if (!page.more) return null
    if (isEnough()) break
  }
  return last
}

function listed(record: ManifestRecord, viewer: Viewer): ListedManifest {
  const { digest, mediaType, artifactType, pushedAt, untaggedAt = null } = record
  return {
    digest,
    mediaType: boundedText(mediaType, 200) ?? '',
    kind: kindOfRecord(mediaType, artifactType),
    artifactType: boundedText(artifactType, 200),
    size: record.contentSize ?? null,
    pushedAt,
    pushedBy: viewer.seesNames ? boundedText(record.pushedBy, 64) : null,
    untaggedAt,
  }
}
