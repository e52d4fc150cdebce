import type { BlobRef, MissingBytes, StoredKey } from '../../../src/kit.ts'
import { type Database, nowMs } from '../database.ts'
import type { SqlRow } from '../sql-driver.ts'
import { clearRepositories, clearTags } from './clearing.ts'
import { digestOfHex, hexOfDigest } from './digest-hex.ts'
import { fillSizes } from './filled-sizes.ts'
import { isHeld, lockRepositories } from './load.ts'
import { endDue } from './trash-ends.ts'

/** Links that are taken out in one transaction at most, and digests that are reviewed. */
const atOnce = 500
/** Repositories whose links are taken out in one transaction at most. */
const repositoriesAtOnce = 32

interface BlobRow extends SqlRow {
  readonly digest: string
  readonly size: unknown
  readonly key: string
}

/** The clock as a value that is asked for once, so that an index can be searched by it. */
const now = `(select ${nowMs} + $1::bigint)`

const dueText = `select r.name, l.repo, encode(l.digest, 'hex') as digest
  from (select repo, digest from links where keep_until <= ${now} order by keep_until limit ${atOnce}) as l
  join lateral (select name from repositories
    where id = l.repo and (trashed or not deleted) limit 1) as r on true`

/**
 * Links that a manifest names have no end any more, and those of a repository that can be brought back end when it
 * does; the others go.
 */
const unlinkText = `with due as (
    select l.repo, l.digest, r.keep_until, exists (select 1 from manifest_refs f
      where f.repo = l.repo and f.child = l.digest) as named
    from (select repo, decode(hex, 'hex') as digest
      from unnest($2::bigint[], $3::text[]) as given (repo, hex)) as wanted
    cross join lateral (select repo, digest from links
      where repo = wanted.repo and digest = wanted.digest and keep_until <= ${now} offset 0) as l
    cross join lateral (select keep_until from repositories
      where id = wanted.repo and (trashed or not deleted) offset 0) as r),
  kept as (update links l set keep_until = case when due.named then null else due.keep_until end from due
    where (due.named or due.keep_until > ${now}) and l.repo = due.repo and l.digest = due.digest),
  gone as (delete from links l using due
    where not due.named and due.keep_until <= ${now} and l.repo = due.repo and l.digest = due.digest
    returning l.repo, l.digest),
  counted as (update repository_counts c set blobs = c.blobs - g.count
    from (select repo, count(*) as count from gone group by repo) as g where c.repo = g.repo
    returning c.repo, c.manifests + c.blobs = 0 as empty),
  emptied as (update repositories r set empty = true from counted
    where counted.empty and r.id = counted.repo),
  reviewed as (insert into review (digest, since)
    select distinct digest, ${now} from gone order by digest
    on conflict (digest) do update set since = excluded.since)
  select count(*) as count from due`

/** Takes links out whose leases are over; whether there may be more. */
async function unlinkDue(database: Database): Promise<boolean> {
  const offset = database.clockOffset
  const found = await database.query<{ name: string; repo: unknown; digest: string }>(dueText, [
    offset,
  ])
  const names = [...new Set(found.map(({ name }) => name))].slice(0, repositoriesAtOnce)
  const due = found.filter(({ name }) => names.includes(name))
  if (due.length === 0) return false
  await database.transaction(async (query) => {
    await query(lockRepositories, [names])
    const digests = due.map(({ digest }) => digest)
    await query(unlinkText, [offset, due.map(({ repo }) => Number(repo)), digests])
  })
  return due.length < found.length || found.length === atOnce
}

const reviewText = `select encode(digest, 'hex') as digest from review
  order by review.digest limit ${atOnce} for update skip locked`

const lockBlobsText = `select encode(b.digest, 'hex') as digest from unnest($1::text[]) as hex
  join blobs b on b.digest = decode(hex, 'hex') order by b.digest for update of b skip locked`

/** In a statement after those that locked: what was named in the meantime is seen. */
const decideText = `with gone as (delete from blobs b using unnest($1::text[]) as hex
    where b.digest = decode(hex, 'hex')
      and not exists (select 1 from links l where l.digest = b.digest)
      and not exists (select 1 from manifests m where m.digest = b.digest)
      and not exists (select 1 from deleted_blobs d where d.digest = b.digest)
    returning b.digest, b.size, b.key),
  trashed as (insert into trash (key, digest, size, due_at)
    select key, digest, size, ${nowMs} + $3::bigint from gone order by key
    on conflict (key) do nothing)
  delete from review r using unnest($1::text[] || $2::text[]) as hex
  where r.digest = decode(hex, 'hex')`

const absentText = `select hex as digest from unnest($1::text[]) as hex
  where not exists (select 1 from blobs b where b.digest = decode(hex, 'hex'))`

/** Condemns digests that lost a holder and have none; whether there may be more. */
function reviewSome(database: Database, trashMs: number): Promise<boolean> {
  return database.transaction(async (query) => {
    const rows = await query<{ digest: string }>(reviewText)
    if (rows.length === 0) return false
    const reviewed = rows.map(({ digest }) => digest)
    // A blob that is being named, or looked at by another collection, is left for later.
    const locked = await query<{ digest: string }>(lockBlobsText, [reviewed])
    const digests = locked.map(({ digest }) => digest)
    const known = new Set(digests)
    const others = reviewed.filter((digest) => !known.has(digest))
    const absent = await query<{ digest: string }>(absentText, [others])
    await query(decideText, [
      digests,
      absent.map(({ digest }) => digest),
      database.clockOffset + trashMs,
    ])
    return digests.length + absent.length > 0
  })
}

/** To the end of the line, so that bytes that cannot be deleted do not stand in the way of others. */
const trashText = `with due as (select key from trash where due_at <= ${now}
    order by due_at, key limit $2 for update skip locked)
  update trash t set due_at = ${now} from due where t.key = due.key
  returning encode(t.digest, 'hex') as digest, t.size, t.key`

/** Ends what was deleted long enough ago, takes links out whose leases are over, and returns up to `limit` blobs whose bytes may be deleted. */
export async function condemn(
  database: Database,
  limit: number,
  trashMs: number,
): Promise<readonly BlobRef[]> {
  await endDue(database)
  await clearRepositories(database)
  await clearTags(database)
  await fillSizes(database)
  while (await unlinkDue(database));
  while (await reviewSome(database, trashMs));
  const rows = await database.query<BlobRow>(trashText, [database.clockOffset, limit])
  return rows.map(refOfRow)
}

/** The bytes under a condemned key are gone. */
export async function forget(database: Database, { digest, key }: BlobRef): Promise<void> {
  const text = "delete from trash where key = $1 and digest = decode($2, 'hex')"
  await database.query(text, [key, hexOfDigest(digest)])
}

/** Keys that are asked about in one statement. */
const keysAtOnce = 1000

const knowsText = `select w.n from (select key, decode(hex, 'hex') as digest, n
    from unnest($1::text[], $2::text[]) with ordinality as wanted (key, hex, n)) as w
  where exists (select 1 from blobs b where b.key = w.key and (w.digest is null or b.digest = w.digest))
    or exists (select 1 from trash t where t.key = w.key and (w.digest is null or t.digest = w.digest))`

/** Which of the keys are named or condemned. */
export async function knowsKeys(
  database: Database,
  keys: readonly StoredKey[],
): Promise<readonly boolean[]> {
  const known = keys.map(() => false)
  for (let at = 0; at < keys.length; at += keysAtOnce) {
    const lot = keys.slice(at, at + keysAtOnce)
    const digests = lot.map(({ digest }) => digest && hexOfDigest(digest))
    const rows = await database.query(knowsText, [lot.map(({ key }) => key), digests])
    for (const { n } of rows) known[at + Number(n) - 1] = true
  }
  return known
}

/** Notes that bytes are missing; false when their key does not count. */
export async function markMissing(database: Database, { digest, key }: BlobRef): Promise<boolean> {
  const text = `update blobs b set missing = true
    where b.digest = decode($1, 'hex') and b.key = $2 and ${isHeld} returning 1`
  const rows = await database.query(text, [hexOfDigest(digest), key])
  return rows.length > 0
}

const missingText = `select encode(b.digest, 'hex') as digest, b.size, b.key,
    (select count(*) from blobs b where b.missing and ${isHeld}) as count
  from blobs b where b.missing and ${isHeld} order by b.digest limit $1`

/** Bytes that are known to be missing. */
export async function listMissing(database: Database, limit: number): Promise<MissingBytes> {
  const rows = await database.query<BlobRow>(missingText, [Math.max(limit, 1)])
  const count = Number(rows[0]?.count ?? 0)
  return { count, blobs: rows.slice(0, limit).map(refOfRow) }
}

/** Puts `$3` in the place of `$2`, whose bytes are as `state` says. */
const moveText = (
  state: 'b.missing' | 'not b.missing',
): string => `with moved as (update blobs b set key = $3, missing = false
    where b.digest = decode($1, 'hex') and b.key = $2 and ${state} and ${isHeld}
      and not exists (select 1 from trash where key = $3)
    returning b.digest, b.size),
  trashed as (insert into trash (key, digest, size, due_at)
    select $2, digest, size, ${nowMs} + $4::bigint from moved where $2 <> $3 on conflict (key) do nothing)
  select 1 from moved union all
  select 1 from blobs where digest = decode($1, 'hex') and key = $3 and not missing`

const relocateText = moveText('not b.missing')
const healText = moveText('b.missing')

/** @throws TypeError when the two are not of the same content. */
function expectSameContent(from: BlobRef, to: BlobRef): void {
  if (from.digest === to.digest && from.size === to.size) return
  throw new TypeError(`the copy of ${from.digest} is of another content`)
}

/** Puts another key in the place of one that counts; false when that does not count. */
export async function relocate(database: Database, from: BlobRef, to: BlobRef): Promise<boolean> {
  expectSameContent(from, to)
  const params = [hexOfDigest(from.digest), from.key, to.key, database.clockOffset]
  return (await database.query(relocateText, params)).length > 0
}

/** Puts bytes in the place of missing ones; false when those do not count. */
export async function healMissing(
  database: Database,
  from: BlobRef,
  to: BlobRef,
): Promise<boolean> {
  expectSameContent(from, to)
  const params = [hexOfDigest(from.digest), from.key, to.key, database.clockOffset]
  return (await database.query(healText, params)).length > 0
}

function refOfRow({ digest, size, key }: BlobRow): BlobRef {
  return { digest: digestOfHex(digest), size: Number(size), key }
}
