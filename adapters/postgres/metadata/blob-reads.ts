import type { Digest, RepositoryName } from '../../../src/index.ts'
import type { BlobRef, NamedBytes, Page, PageRequest } from '../../../src/kit.ts'
import { type Database, nowMs } from '../database.ts'
import type { SqlRow } from '../sql-driver.ts'
import { digestOfHex, hexAfter, hexOfDigest } from './digest-hex.ts'
import { pageOf } from './pages.ts'
import { repositoryId } from './repository-reads.ts'

interface FoundRow extends SqlRow {
  readonly size: unknown
  readonly key: string
}

const findText = `select b.size, b.key from links l join blobs b on b.digest = l.digest
  where l.repo = ${repositoryId} and l.digest = decode($2, 'hex') and not b.missing`

const keptText = `select b.size, b.key,
    (l.keep_until >= ${nowMs} + $3::bigint or exists (select 1 from manifest_refs f
      where f.repo = l.repo and f.child = l.digest)) is true as kept
  from links l join blobs b on b.digest = l.digest
  where l.repo = ${repositoryId} and l.digest = decode($2, 'hex') and not b.missing`

const withText = `select r.name from blobs b join links l on l.digest = b.digest
  join repositories r on r.id = l.repo
  where b.digest = decode($1, 'hex') and not b.missing and not r.deleted limit $2`

const listText = `select encode(l.digest, 'hex') as digest, l.size, l.key from repositories r
  left join lateral (
    select l.digest, b.size, b.key from links l join blobs b on b.digest = l.digest
    where l.repo = r.id and l.digest >= decode($2, 'hex') and not b.missing
    order by l.repo, l.digest limit $3) as l on true
  where r.name = $1 and not r.deleted order by l.digest`

/** The blob as a repository has it, unless its bytes are missing. */
export async function findBlob(
  database: Database,
  name: RepositoryName,
  digest: Digest,
): Promise<BlobRef | null> {
  const [row] = await database.query<FoundRow>(findText, [name, hexOfDigest(digest)])
  return row === undefined ? null : refOf(digest, row)
}

/** The same, and whether it is kept for so long in any case. */
export async function findKept(
  database: Database,
  name: RepositoryName,
  digest: Digest,
  leaseMs: number,
): Promise<{ readonly blob: BlobRef; readonly isKept: boolean } | null> {
  const ms = Math.min(database.clockOffset + Math.ceil(leaseMs), longestMs)
  const [row] = await database.query<FoundRow & { kept: boolean }>(keptText, [
    ...[name, hexOfDigest(digest), ms],
  ])
  return row === undefined ? null : { blob: refOf(digest, row), isKept: row.kept }
}

/** So long that it is the same as without end; a sum with it still fits its type. */
const longestMs = 2 ** 52

/** Some repositories that have the blob. */
export async function repositoriesWith(
  database: Database,
  digest: Digest,
  limit: number,
): Promise<readonly RepositoryName[]> {
  const rows = await database.query<{ name: RepositoryName }>(withText, [
    ...[hexOfDigest(digest), limit],
  ])
  return rows.map(({ name }) => name)
}

/** Blobs of a repository, by digest; null when there is no such repository. */
export function listBlobs(
  database: Database,
  name: RepositoryName,
  { after, limit }: PageRequest,
): Promise<Page<BlobRef> | null> {
  const rows = database.query<FoundRow & { digest: string | null }>(listText, [
    ...[name, hexAfter(after), limit + 1],
  ])
  return pageOf(rows, limit, (row) =>
    row.digest === null ? null : refOf(digestOfHex(row.digest), row),
  )
}

const namedText = `select encode(digest, 'hex') as digest, size, key, missing from blobs
  where digest >= decode($1, 'hex') order by digest limit $2`

/** Every digest that something names, or named until lately. */
export async function listNamed(
  database: Database,
  { after, limit }: PageRequest,
): Promise<Page<NamedBytes>> {
  const rows = await database.query<FoundRow & { digest: string; missing: boolean }>(namedText, [
    ...[hexAfter(after), limit + 1],
  ])
  const items = rows.slice(0, limit).map((row) => ({
    ...refOf(digestOfHex(row.digest), row),
    isMissing: row.missing,
  }))
  return { items, more: rows.length > limit }
}

function refOf(digest: Digest, { size, key }: FoundRow): BlobRef {
  return { digest, size: Number(size), key }
}
