import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type { BlobRef, BytesHolder, BytesReasons, DueGarbage } from '../../../src/kit.ts'
import { type Database, nowMs } from '../database.ts'
import type { SqlRow } from '../sql-driver.ts'
import { digestOfHex, hexOfDigest } from './digest-hex.ts'

/** Manifests and tags that one reason names. */
const namedAtMost = 10

interface BlobRow extends SqlRow {
  readonly digest: string
  readonly size: unknown
  readonly key: string
}

const now = `(select ${nowMs} + $1::bigint)`

/** Keys that nothing names, and whose time is over. */
const condemnedText = `select count(*) as count, coalesce(sum(size), 0) as bytes from trash where due_at <= ${now}`
const condemnedFirstText = `select encode(digest, 'hex') as digest, size, key from trash
  where due_at <= ${now} order by due_at, key limit $2`

/** Whether a link `l` goes with the next collection. */
const isDueLink = `(l.keep_until <= ${now} and not exists (
    select 1 from manifest_refs f where f.repo = l.repo and f.child = l.digest))`

/**
 * Blobs that lose all that holds them with the next collection: links whose leases are over, entries of what was
 * deleted whose time is over, and repositories that go.
 */
const dueText = `with entries as materialized (select id, repo from deleted where ends_at <= ${now}),
  repos as materialized (select id from repositories where deleted and not trashed
    union select repo from entries where repo is not null),
  touched as materialized (
    select l.digest from links l join repositories r on r.id = l.repo and not r.deleted where ${isDueLink}
    union select digest from links where repo in (select id from repos)
    union select digest from manifests where repo in (select id from repos)
    union select digest from deleted_blobs where entry in (select id from entries)
    union select digest from review),
  gone as materialized (select b.digest, b.size, b.key from touched t join blobs b on b.digest = t.digest
    where not exists (select 1 from links l join repositories r on r.id = l.repo
        where l.digest = b.digest and l.repo not in (select id from repos) and (r.deleted or not ${isDueLink}))
      and not exists (select 1 from manifests m
        where m.digest = b.digest and m.repo not in (select id from repos))
      and not exists (select 1 from deleted_blobs d
        where d.digest = b.digest and d.entry not in (select id from entries)))
  select encode(digest, 'hex') as digest, size, key, count(*) over () as count, sum(size) over () as bytes
  from gone order by gone.digest limit $2`

/**
 * What a collection would free now.
 *
 * @param trashMs how long keys that nothing names are kept: where they are, what is condemned now goes later
 */
export async function dueGarbage(
  database: Database,
  limit: number,
  trashMs: number,
): Promise<DueGarbage> {
  const offset = database.clockOffset
  const [condemned] = await database.query(condemnedText, [offset])
  const first = await database.query<BlobRow>(condemnedFirstText, [offset, limit])
  const due =
    trashMs > 0 ? [] : await database.query<BlobRow>(dueText, [offset, Math.max(limit, 1)])
  return {
    blobs: Number(condemned?.count ?? 0) + Number(due[0]?.count ?? 0),
    bytes: Number(condemned?.bytes ?? 0) + Number(due[0]?.bytes ?? 0),
    first: [...first, ...due].slice(0, limit).map(refOfRow),
  }
}

const bytesText = `select size, key, missing from blobs where digest = decode($1, 'hex')`

const manifestsText = `select r.name, m.tag_count,
    (select string_agg(t.name, ' ' order by t.name) from (
      select name from tags where manifest = m.id order by manifest, name limit ${namedAtMost}) as t) as tags
  from manifests m join repositories r on r.id = m.repo and not r.deleted
  where m.digest = decode($1, 'hex') order by m.repo limit $2`

const linksText = `select r.name, l.keep_until, greatest(l.keep_until - ${nowMs} - $3::bigint, 0) as left,
    (select string_agg(encode(f.parent, 'hex'), ' ') from (
      select parent from manifest_refs where repo = l.repo and child = l.digest
      order by repo, child, parent limit ${namedAtMost}) as f) as parents
  from links l join repositories r on r.id = l.repo and not r.deleted
  where l.digest = decode($1, 'hex') order by l.repo limit $2`

const entriesText = `select d.id, d.name, greatest(d.ends_at - ${nowMs} - $3::bigint, 0) as left from (
    select entry as id from deleted_blobs where digest = decode($1, 'hex')
    union select d.id from deleted d join links l on l.repo = d.repo where l.digest = decode($1, 'hex')
    union select d.id from deleted d join manifests m on m.repo = d.repo where m.digest = decode($1, 'hex')) as e
  join deleted d on d.id = e.id order by d.id limit $2`

const copiesText = `select encode(digest, 'hex') as digest, size, key from trash
  where digest = decode($1, 'hex') order by key limit $2`

/** Why the bytes of a digest are kept; null where nothing is known of them. */
export async function explainBytes(
  database: Database,
  digest: Digest,
  limit: number,
): Promise<BytesReasons | null> {
  const hex = hexOfDigest(digest)
  const offset = database.clockOffset
  const [found] = await database.query<SqlRow & { key: string }>(bytesText, [hex])
  const copies = await database.query<BlobRow>(copiesText, [hex, limit])
  if (found === undefined && copies.length === 0) return null
  const manifests = await database.query<ManifestRow>(manifestsText, [hex, limit + 1])
  const links = await database.query<LinkRow>(linksText, [hex, limit + 1, offset])
  const entries = await database.query<EntryRow>(entriesText, [hex, limit + 1, offset])
  const holders = [
    ...manifests.map(manifestHolder),
    ...links.map(blobHolder),
    ...entries.map(trashHolder),
  ]
  const blob = found === undefined ? null : { digest, size: Number(found.size), key: found.key }
  return {
    blob,
    isMissing: found?.missing === true,
    holders: holders.slice(0, limit),
    more: holders.length > limit,
    condemned: copies.map(refOfRow),
  }
}

interface ManifestRow extends SqlRow {
  readonly name: RepositoryName
  readonly tag_count: unknown
  readonly tags: string | null
}

interface LinkRow extends SqlRow {
  readonly name: RepositoryName
  readonly left: unknown
  readonly parents: string | null
}

interface EntryRow extends SqlRow {
  readonly id: string
  readonly name: RepositoryName
  readonly left: unknown
}

function manifestHolder({ name, tag_count, tags }: ManifestRow): BytesHolder {
  return {
    kind: 'manifest',
    repository: name,
    tags: (tags?.split(' ') ?? []) as Tag[],
    tagCount: Number(tag_count),
  }
}

function blobHolder({ name, left, parents }: LinkRow): BytesHolder {
  const namedBy = parents?.split(' ').map(digestOfHex) ?? []
  // Without an end, and not named any more: a collection has not looked at it since.
  const leaseLeftMs = namedBy.length > 0 ? null : Number(left ?? 0)
  return { kind: 'blob', repository: name, namedBy, leaseLeftMs }
}

function trashHolder({ id, name, left }: EntryRow): BytesHolder {
  return { kind: 'trash', repository: name, id, leftMs: Number(left) }
}

function refOfRow({ digest, size, key }: BlobRow): BlobRef {
  return { digest: digestOfHex(digest), size: Number(size), key }
}
