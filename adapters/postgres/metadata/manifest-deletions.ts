import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type {
  KeptManifest,
  ManifestDeletion,
  ManifestRecord,
  RemovedManifest,
} from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { Outgoing } from '../outbox/outgoing.ts'
import type { SqlLast, SqlQuery } from '../sql-driver.ts'
import { clearTags } from './clearing.ts'
import { hexOfDigest } from './digest-hex.ts'
import type { Place } from './facts.ts'
import { flush } from './flush.ts'
import { leaseEnd } from './leases.ts'
import { load, loadPlaces, placesOf } from './load.ts'
import { unname } from './put-manifest.ts'
import { type RecordRow, recordColumns, recordOf } from './records.ts'
import { repositoryId } from './repository-reads.ts'

/** Tags that are named when their manifest is deleted; the rest is counted. */
const namedTags = 1000
/** Tags that are read and asked for in one step. */
const stride = 1000
/** How often the tags of a manifest are looked through without its lock, while others set more. */
const mostLooks = 3

const storedText = `select ${recordColumns}, m.id, m.tag_count, m.tagged
  from manifests m join blobs b on b.digest = m.digest
  where m.repo = ${repositoryId} and m.digest = decode($2, 'hex')`

const tagsText = `select name from tags where manifest = $1 and name > $2
  order by manifest, name limit $3`

/**
 * Notes what can be brought back of the manifest `$1`: `$3` are those of its references that are manifests, `$6` the
 * blobs that it keeps. Of many tags, the rest follows in steps.
 */
const trashText = `with gone as materialized (select * from manifests where id = $1),
  entry as (
    insert into deleted (kind, name, digest, media_type, artifact_type, subject, annotations, refs, needs, pushed_at,
      pulled_at, pushed_by, content_size, tag_count, deleted_at, ends_at)
    select 'manifest', $2, digest, media_type, artifact_type, subject, annotations, refs, decode($3, 'hex'), pushed_at,
      pulled_at, pushed_by, content_size, tag_count, $4::bigint, $5::bigint from gone returning id),
  kept as (
    insert into deleted_blobs (entry, digest)
    select entry.id, decode(hex, 'hex') from entry cross join unnest($6::text[]) as hex order by 2),
  many as (
    insert into untagging (repo, manifest, entry)
    select gone.repo, gone.id, entry.id from gone cross join entry where gone.tag_count > ${namedTags})
  insert into deleted_tags (entry, name, updated_at)
  select entry.id, t.name, t.updated_at from entry cross join lateral (
    select name, updated_at from tags where manifest = $1 order by manifest, name limit ${namedTags}) as t`

interface StoredRow extends RecordRow {
  readonly id: unknown
  readonly tag_count: unknown
  readonly tagged: unknown
}

/** What was found of an immutable tag, as long as no tag was set since. */
interface Look {
  readonly tagged: number
  readonly tag: Tag | null
}

/** Removes a manifest and its tags; null when it was not there. */
export async function deleteManifest(
  database: Database,
  name: RepositoryName,
  digest: Digest,
  options: ManifestDeletion,
  outgoing: Outgoing,
): Promise<RemovedManifest | KeptManifest | null> {
  const { isImmutable } = options
  const remove = (look: Look | null, isLast: boolean) =>
    database.transaction(async (query, last, committed) => {
      const removal = { name, digest, options, look, isLast }
      const outcome = await removeLocked(query, last, database.clockOffset, removal)
      if (outcome !== null && outcome !== 'unchecked' && outcome.kind === 'removed') {
        const messages = options.tell?.(outcome) ?? []
        outgoing.put([{ repository: name, messages }], last, committed)
      }
      return outcome
    })
  for (let round = 1; ; round += 1) {
    const look = isImmutable == null ? null : await lookAhead(database, name, digest, isImmutable)
    const outcome = await remove(look, round >= mostLooks)
    if (outcome === 'unchecked') continue
    if (outcome?.kind === 'removed' && outcome.tagCount > namedTags) await clearTags(database)
    return outcome
  }
}

/** Looks through the tags of a manifest without a lock; null where there are few, or it is not there. */
async function lookAhead(
  database: Database,
  name: RepositoryName,
  digest: Digest,
  isImmutable: (tag: Tag) => boolean,
): Promise<Look | null> {
  const query: SqlQuery = (text, params = []) => database.query(text, params)
  const [stored] = await query<StoredRow>(storedText, [name, hexOfDigest(digest)])
  if (stored === undefined || Number(stored.tag_count) <= stride) return null
  return { tagged: Number(stored.tagged), tag: await firstTag(query, stored.id, isImmutable) }
}

async function firstTag(
  query: SqlQuery,
  manifest: unknown,
  isSought: (tag: Tag) => boolean,
): Promise<Tag | null> {
  let after = ''
  for (;;) {
    const tags = await tagsOf(query, manifest, after, stride)
    const found = tags.find(isSought)
    if (found !== undefined) return found
    if (tags.length < stride) return null
    after = tags.at(-1) ?? after
  }
}

async function tagsOf(
  query: SqlQuery,
  manifest: unknown,
  after: string,
  limit: number,
): Promise<readonly Tag[]> {
  const rows = await query<{ name: Tag }>(tagsText, [Number(manifest), after, limit])
  return rows.map((row) => row.name)
}

interface Removal {
  readonly name: RepositoryName
  readonly digest: Digest
  readonly options: ManifestDeletion
  readonly look: Look | null
  /** Whether to look through all tags under the lock, however many they are. */
  readonly isLast: boolean
}

async function removeLocked(
  query: SqlQuery,
  last: SqlLast,
  clockOffset: number,
  removal: Removal,
): Promise<RemovedManifest | KeptManifest | 'unchecked' | null> {
  const { name, digest, options, look, isLast } = removal
  const { leaseMs, isImmutable, unlessHas = [], trashMs = 0 } = options
  const { notSince = Number.POSITIVE_INFINITY } = options
  const wanted = { repositories: [name], places: placesOf(name, [digest, ...unlessHas]) }
  const view = await load(query, [wanted], clockOffset)
  const [stored] = await query<StoredRow>(storedText, [name, hexOfDigest(digest)])
  if (stored === undefined) return null
  const record: ManifestRecord = recordOf(stored)
  const tagCount = Number(stored.tag_count)
  const place = view.place(name, digest)
  if (isImmutable != null) {
    let tag: Tag | null
    if (look !== null && look.tagged === Number(stored.tagged)) {
      const isThere = look.tag !== null && (await hasTag(query, stored.id, look.tag))
      if (look.tag !== null && !isThere) return 'unchecked'
      tag = look.tag
    } else if (tagCount <= stride || isLast) tag = await firstTag(query, stored.id, isImmutable)
    else return 'unchecked'
    if (tag !== null || place.namers > 0) return { kind: 'kept', tag }
  }
  const since = Math.max(record.pushedAt, record.untaggedAt ?? 0)
  if (since >= notSince) return { kind: 'kept', tag: null, since }
  const has = unlessHas.find((each) => view.hasManifest(view.place(name, each)))
  if (has !== undefined) return { kind: 'kept', tag: null, has }
  const tags = await tagsOf(query, stored.id, '', namedTags)
  const children = [...new Set(record.references)]
  const places = children.map((child) => view.place(name, child))
  await loadPlaces(
    query,
    view,
    places.filter((child) => child !== place),
    2,
  )
  if (trashMs > 0) {
    const isRecorded = ({ manifest }: Place): boolean => manifest.now !== null
    const kept = places.filter(({ link, digest: child }) => link.now !== null && child !== digest)
    last(trashText, [
      ...[Number(stored.id), name],
      places.filter(isRecorded).map(hexOfPlace).join(''),
      ...[view.now, leaseEnd(view, trashMs)],
      [hexOfDigest(digest), ...kept.map(hexOfPlace)],
    ])
  }
  view.removeManifest(place)
  for (const child of children) unname(view, place, child, leaseMs)
  place.repository.tags -= tagCount
  // No bytes are condemned by it.
  await flush(query, last, view, 0)
  return { kind: 'removed', record, tags, tagCount }
}

function hexOfPlace({ digest }: Place): string {
  return hexOfDigest(digest)
}

async function hasTag(query: SqlQuery, manifest: unknown, tag: Tag): Promise<boolean> {
  const rows = await query('select 1 from tags where manifest = $1 and name = $2', [
    Number(manifest),
    tag,
  ])
  return rows.length > 0
}
