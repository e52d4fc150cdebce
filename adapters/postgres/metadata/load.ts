import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import { nowMs } from '../database.ts'
import type { SqlQuery, SqlRow } from '../sql-driver.ts'
import { textOfColumn } from './column-text.ts'
import { digestOfHex, digestsOfHex, hexOfDigest } from './digest-hex.ts'
import { type BlobFacts, type Cell, countsOf, isEmpty, type Place } from './facts.ts'
import { View } from './view.ts'

/** What a change has to know. */
export interface Wanted {
  /** The repositories that are read or changed: they stay locked until the end. */
  readonly repositories: readonly RepositoryName[]
  readonly places?: ReadonlyArray<readonly [RepositoryName, Digest]>
  readonly tags?: ReadonlyArray<readonly [RepositoryName, Tag]>
  /** Digests that will be named: their bytes are not deleted meanwhile. */
  readonly named?: readonly Digest[]
  /** Keys that will be named. */
  readonly keys?: readonly string[]
}

/** What one repository has to do with some digests, to be read. */
export function placesOf(
  name: RepositoryName,
  digests: readonly Digest[],
): ReadonlyArray<readonly [RepositoryName, Digest]> {
  return digests.map((digest) => [name, digest])
}

/** Repositories are locked by their names, in the same order by all, whether they are there or not. */
export const lockRepositories = `select pg_advisory_xact_lock(lock)::text from (
  select distinct hashtextextended(name, 0) as lock from unnest($1::text[]) as name order by lock) as locks`

/** Whether something holds the blob `b`: what nothing holds waits for a collection. */
export const isHeld = `(exists (select 1 from links h where h.digest = b.digest)
      or exists (select 1 from manifests h where h.digest = b.digest)
      or exists (select 1 from deleted_blobs h where h.digest = b.digest))`

const repositoriesText = `select r.id, r.name, c.manifests, c.tags, c.blobs, c.bytes, c.pushed_at
  from unnest($1::text[]) as wanted (name)
  join repositories r on r.name = wanted.name and not r.deleted
  join repository_counts c on c.repo = r.id`

const blobsText = `select encode(b.digest, 'hex') as digest, b.size, b.key, b.missing,
    ${isHeld} as held
  from unnest($1::text[]) as hex join blobs b on b.digest = decode(hex, 'hex')
  order by b.digest for key share of b`

/**
 * Each row is looked up by its whole key, one after the other: `offset 0` keeps the planner from another order, which
 * may be as good in a table that it knows nothing of, and is not in one that has grown.
 */
const placesText = `select w.n, l.repo is not null as linked, l.keep_until,
    m.repo is not null as recorded, m.media_type, encode(m.refs, 'hex') as refs, m.content_size, f.namers, b.size, b.key, b.missing
  from (select name, decode(hex, 'hex') as digest, n
    from unnest($1::text[], $2::text[]) with ordinality as wanted (name, hex, n)) as w
  cross join lateral (
    select id from repositories where name = w.name and not deleted offset 0) as r
  left join lateral (
    select repo, keep_until from links where repo = r.id and digest = w.digest offset 0) as l on true
  left join lateral (
    select repo, media_type, refs, content_size from manifests where repo = r.id and digest = w.digest offset 0) as m on true
  left join lateral (
    select size, key, missing from blobs where digest = w.digest offset 0) as b on true
  cross join lateral (select count(*) as namers from (
    select 1 from manifest_refs where repo = r.id and child = w.digest
    order by repo, child, parent limit $3) as parents) as f`

const tagsText = `select w.n, encode(m.digest, 'hex') as digest, t.updated_at, b.size, b.key, b.missing
  from unnest($1::text[], $2::text[]) with ordinality as w (name, tag, n)
  cross join lateral (
    select id from repositories where name = w.name and not deleted offset 0) as r
  cross join lateral (
    select manifest, updated_at from tags where repo = r.id and name = w.tag offset 0) as t
  join manifests m on m.id = t.manifest
  join blobs b on b.digest = m.digest`

/** The time, once the locks are held, and which keys are condemned. */
const nowText = `select ${nowMs} as now, (select json_agg(key)::text from trash
  where key = any ($1::text[])) as condemned`

interface BlobRow extends SqlRow {
  /** Absent where it was found by what holds it. */
  readonly held?: boolean
  readonly size: unknown
  readonly key: string | null
  readonly missing: boolean
}

/** Locks the repositories of a batch, and reads what its changes have to know. */
export async function load(
  query: SqlQuery,
  wanted: readonly Wanted[],
  clockOffset: number,
): Promise<View> {
  const view = new View()
  for (const { repositories, places = [], tags = [] } of wanted) {
    for (const name of repositories) view.repository(name)
    for (const [name, digest] of places) view.place(name, digest)
    for (const [name, tag] of tags) view.tag(name, tag)
  }
  const names = [...view.repositories.keys()]
  const named = [...new Set(wanted.flatMap((each) => each.named ?? []))]
  const keys = [...new Set(wanted.flatMap((each) => each.keys ?? []))]
  const mostNamers = wanted.length + 1
  await Promise.all([
    query(lockRepositories, [names]),
    query<{ id: unknown; name: RepositoryName }>(repositoriesText, [names]).then((rows) => {
      for (const row of rows) fillRepository(view, row)
    }),
    loadBlobs(query, view, named),
    loadPlaces(query, view, [...view.places.values()], mostNamers),
    loadTags(query, view),
    loadNow(query, view, keys, clockOffset),
  ])
  return view
}

function fillRepository(view: View, row: SqlRow & { readonly name: RepositoryName }): void {
  const facts = view.repository(row.name)
  facts.id = Number(row.id)
  facts.manifests = Number(row.manifests)
  facts.tags = Number(row.tags)
  facts.blobs = Number(row.blobs)
  facts.bytes = Number(row.bytes)
  facts.pushedAt = Number(row.pushed_at)
  facts.counted = countsOf(facts)
  facts.wasEmpty = isEmpty(facts)
}

async function loadBlobs(query: SqlQuery, view: View, digests: readonly Digest[]): Promise<void> {
  if (digests.length === 0) return
  const rows = await query<BlobRow & { digest: string }>(blobsText, [digests.map(hexOfDigest)])
  for (const row of rows) fillBlob(view, digestOfHex(row.digest), row)
}

/** Reads places, for which so many manifests are counted that name each. */
export async function loadPlaces(
  query: SqlQuery,
  view: View,
  places: readonly Place[],
  mostNamers: number,
): Promise<void> {
  if (places.length === 0) return
  const params = [
    places.map(({ repository }) => repository.name),
    places.map(({ digest }) => hexOfDigest(digest)),
    mostNamers,
  ]
  const rows = await query<
    BlobRow & {
      linked: boolean
      recorded: boolean
      media_type: string | null
      refs: string | null
      content_size: unknown
      keep_until: unknown
    }
  >(placesText, params)
  for (const row of rows) {
    const place = places[Number(row.n) - 1]
    if (place === undefined) continue
    const keepUntil = row.keep_until === null ? null : Number(row.keep_until)
    if (row.linked) fill(place.link, { keepUntil })
    if (row.recorded) {
      const mediaType = textOfColumn(row.media_type ?? '')
      const references = digestsOfHex(row.refs ?? '')
      const contentSize = row.content_size === null ? null : Number(row.content_size)
      fill(place.manifest, { record: null, mediaType, references, contentSize })
    }
    place.namers = Number(row.namers)
    fillBlob(view, place.digest, row)
  }
}

async function loadTags(query: SqlQuery, view: View): Promise<void> {
  const tags = [...view.tags.values()]
  if (tags.length === 0) return
  const names = tags.map(({ repository }) => repository.name)
  const rows = await query<BlobRow & { digest: string; updated_at: unknown }>(tagsText, [
    names,
    tags.map(({ tag }) => tag),
  ])
  for (const row of rows) {
    const tag = tags[Number(row.n) - 1]
    const digest = digestOfHex(row.digest)
    if (tag !== undefined) fill(tag.target, { digest, updatedAt: Number(row.updated_at) })
    fillBlob(view, digest, row)
  }
}

async function loadNow(
  query: SqlQuery,
  view: View,
  keys: readonly string[],
  clockOffset: number,
): Promise<void> {
  const [row] = await query<{ now: unknown; condemned: string | null }>(nowText, [keys])
  view.now = Number(row?.now) + clockOffset
  const condemned = JSON.parse(row?.condemned ?? '[]') as string[]
  for (const key of condemned) view.condemned.add(key)
}

function fillBlob(view: View, digest: Digest, row: BlobRow): void {
  if (row.key === null) return
  const { key, missing, held = true } = row
  const facts: BlobFacts = { digest, size: Number(row.size), key, missing, held }
  const cell = view.blob(digest)
  // The first counts, which is the locked one.
  if (cell.before === null) fill(cell, facts)
}

function fill<T>(cell: Cell<T>, value: T): void {
  const filled = cell as { before: T | null; now: T | null }
  filled.before = value
  filled.now = value
}
