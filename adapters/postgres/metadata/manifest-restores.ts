import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type { ManifestRecord, TagRecord } from '../../../src/kit.ts'
import type { SqlQuery } from '../sql-driver.ts'
import { digestOfHex, digestsOfHex } from './digest-hex.ts'
import { flush } from './flush.ts'
import { extendLease } from './leases.ts'
import { load } from './load.ts'
import { setManifest } from './put-manifest.ts'
import { type RecordRow, recordColumns, recordOf } from './records.ts'
import type { RestoredStep, Restoring } from './restore.ts'
import type { View } from './view.ts'

/** Tags that one transaction sets at most. */
const tagsAtOnce = 1000

/** The record of the entry `$1`, whose columns are those of a manifest; it had no last tag to lose. */
const recordText = `select ${recordColumns}, encode(m.needs, 'hex') as needs
  from (select *, null::bigint as untagged_at from deleted) as m join blobs b on b.digest = m.digest
  where m.id = $1`

const blobsText = `select encode(digest, 'hex') as digest from deleted_blobs
  where entry = $1 order by entry, digest`

const tagsText = `select name, updated_at from deleted_tags
  where entry = $1 order by entry, name limit ${tagsAtOnce}`

/** Notes which tags are done. */
const tagsDoneText = `with gone as (delete from deleted_tags
    where entry = $1 and name = any ($2::text[]))
  update deleted set tag_count = greatest(tag_count - cardinality($2::text[]), 0) where id = $1`

interface Content {
  readonly record: ManifestRecord
  /** References that were manifests of the repository. */
  readonly needs: readonly Digest[]
  /** Blobs that the entry keeps, its own bytes apart. */
  readonly blobs: readonly Digest[]
  /** As many as are set in one step. */
  readonly tags: ReadonlyArray<{ readonly tag: Tag; readonly updatedAt: number }>
}

async function contentOf(query: SqlQuery, id: string): Promise<Content> {
  const [[row], blobs, tags] = await Promise.all([
    query<RecordRow & { needs: string }>(recordText, [id]),
    query<{ digest: string }>(blobsText, [id]),
    query<{ name: Tag; updated_at: unknown }>(tagsText, [id]),
  ])
  if (row === undefined) throw new Error(`the bytes of the entry ${id} are gone`)
  const record = recordOf(row)
  return {
    record,
    needs: digestsOfHex(row.needs),
    blobs: blobs.map(({ digest }) => digestOfHex(digest)).filter((each) => each !== record.digest),
    tags: tags.map(({ name, updated_at }) => ({ tag: name, updatedAt: Number(updated_at) })),
  }
}

/** Brings a manifest back with its blobs and its first tags; its repository is locked. */
export async function restoreManifest(restoring: Restoring): Promise<RestoredStep> {
  const { query, last, clockOffset, entry, end, leaseMs, mostBytes } = restoring
  const name = entry.repository
  const content = await contentOf(query, entry.id)
  const { record, blobs, tags } = content
  const { digest, references } = record
  const wanted = {
    repositories: [name],
    places: [...new Set([digest, ...references, ...blobs])].map((each) => [name, each] as const),
    tags: tags.map(({ tag }) => [name, tag] as const),
    named: [digest, ...blobs],
  }
  const view = await load(query, [wanted], clockOffset)
  const place = view.place(name, digest)
  const isGone = place.manifest.now === null
  const missing = missingOf(view, name, content, isGone)
  if (missing.length > 0) return { outcome: { kind: 'missing', digests: missing }, isMore: false }

  const used = place.repository.bytes
  for (const blob of blobs) {
    const child = view.place(name, blob)
    if (child.link.now === null) extendLease(view, child, leaseMs)
  }
  if (isGone) setManifest(view, place, { ...record, untaggedAt: view.now })
  const needed = place.repository.bytes - used
  if (mostBytes !== undefined && needed > 0 && used + needed > mostBytes) {
    return { outcome: { kind: 'over-quota', used, needed }, isMore: false }
  }
  const { set, left } = setTags(view, name, digest, tags)
  await flush(query, last, view, 0)
  const isMore = tags.length === tagsAtOnce
  if (isMore) last(tagsDoneText, [entry.id, tags.map(({ tag }) => tag)])
  else end()
  const counts = { tagCount: set.length, leftCount: left.length }
  return { outcome: { kind: 'restored', entry, tags: set, left, ...counts }, isMore }
}

/** Sets tags that stand for nothing; those that stand for something else are left. */
function setTags(
  view: View,
  name: RepositoryName,
  digest: Digest,
  tags: Content['tags'],
): {
  readonly set: readonly Tag[]
  readonly left: ReadonlyArray<Pick<TagRecord, 'tag' | 'digest'>>
} {
  const set: Tag[] = []
  const left: Array<Pick<TagRecord, 'tag' | 'digest'>> = []
  for (const { tag, updatedAt } of tags) {
    const facts = view.tag(name, tag)
    const there = facts.target.now
    if (there === null) {
      view.setTag(facts, digest, updatedAt)
      set.push(tag)
    } else if (there.digest !== digest) left.push({ tag, digest: there.digest })
  }
  return { set, left }
}

/** What the manifest needs and is not there. */
function missingOf(
  view: View,
  name: RepositoryName,
  { record, needs, blobs }: Content,
  isGone: boolean,
): readonly Digest[] {
  const isMissing = (digest: Digest): boolean => view.blob(digest).now?.missing !== false
  const missing = new Set([record.digest, ...blobs].filter(isMissing))
  for (const digest of isGone ? needs : []) {
    if (!view.hasManifest(view.place(name, digest))) missing.add(digest)
  }
  return [...missing]
}
