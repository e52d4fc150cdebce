import type { RepositoryName, Tag } from '../../../src/index.ts'
import {
  type FoundTag,
  type FoundTags,
  parsePlace,
  placeText,
  type TagFacts,
  type TagOrder,
  type TagPlace,
  type TagSearch,
  tagPlace,
} from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { SqlRow, SqlValue } from '../sql-driver.ts'
import { textOfColumn } from './column-text.ts'
import { digestOfHex } from './digest-hex.ts'

/** Tags that one search walks over at most. Where a filter has found too few by then, its page is short. */
const mostWalked = 100_000

/** What an order is by, before the name, and the type of that; an index has it. */
const sortedBy = {
  name: null,
  updated: ['t.updated_at', 'bigint'],
  size: ['t.content_size', 'bigint'],
  version: ['layerdock_version_key(t.name)', 'text'],
} as const satisfies Readonly<Record<TagOrder, readonly [string, string] | null>>

/**
 * Walks through an index from a place on, the parameters `key` and `name`, as far as `end` is true. It reads the index
 * alone, which has the keys of versions, and then the rows of tags that match. `n` is the order of the rows, which
 * PostgreSQL keeps without sorting. The last tag that is walked over comes even where it does not match.
 */
function walkText(order: TagOrder, descending: boolean, [key, name]: string[], end = ''): string {
  const [compare, direction] = descending ? ['<', 'desc'] : ['>', 'asc']
  const by = sortedBy[order]
  const from =
    by === null
      ? `t.name ${compare} ${name}`
      : `(${by[0]}, t.name) ${compare} (${key}::${by[1]}, ${name})`
  const sorted = ['t.repo', ...(by === null ? [] : [by[0]]), 't.name']
  return `select w.name, w.n, t.updated_at, t.content_size, encode(m.digest, 'hex') as digest, m.media_type, m.pushed_by, m.id is not null as is_there,
      strpos(lower(w.name), $1) > 0 as matches
    from (
      select walked.*, row_number() over () as n from (
        select t.name from tags t
        where t.repo = r.id and ${from} ${end}
        order by ${sorted.map((column) => `${column} ${direction}`).join(', ')} limit ${mostWalked}) as walked) as w
    cross join lateral (
      select updated_at, content_size, manifest from tags where repo = r.id and name = w.name offset 0) as t
    left join lateral (
      select id, digest, media_type, pushed_by from manifests where id = t.manifest offset 0) as m on true
    where (strpos(lower(w.name), $1) > 0 or w.n = ${mostWalked}) and (m.id is not null or w.n = ${mostWalked})
    limit $2`
}

/** Tags that are versions have keys from 0 on, and others, which come after them in both directions, from 1 on. */
function versionsText(descending: boolean): string {
  const ends = descending
    ? ['', `and ${sortedBy.version[0]} >= '1'`]
    : [`and ${sortedBy.version[0]} < '1'`, '']
  const walks = [
    ['$4', '$5'],
    ['$6', '$7'],
  ].map((place, group) => walkText('version', descending, place, ends[group]))
  return `select * from (select 0 as part, v.* from (${walks[0]}) as v
    union all select 1, o.* from (${walks[1]}) as o) as both_parts order by part, n limit $2`
}

function searchText(order: TagOrder, descending: boolean): string {
  const found =
    order === 'version'
      ? versionsText(descending)
      : `select 0 as part, f.* from (${walkText(order, descending, order === 'name' ? ['', '$4'] : ['$4', '$5'])}) as f`
  return `select f.*, b.missing from repositories r
    left join lateral (${found}) as f on true
    left join lateral (
      select missing from blobs where digest = decode(f.digest, 'hex') offset 0) as b on true
    where r.name = $3 and not r.deleted order by f.part, f.n`
}

const texts = new Map<string, string>()

function textOf(order: TagOrder, descending: boolean): string {
  const key = `${order} ${descending}`
  const text = texts.get(key) ?? searchText(order, descending)
  texts.set(key, text)
  return text
}

interface FoundRow extends SqlRow {
  readonly name: Tag | null
  readonly updated_at: unknown
  readonly content_size: unknown
  readonly digest: string
  readonly media_type: string
  readonly pushed_by: string | null
  readonly is_there: boolean
  readonly matches: boolean
  readonly missing: boolean
}

type WalkedRow = FoundRow & { readonly name: Tag }

/** A name that comes after all tags. */
const afterNames = '~'
/** More than any time or size, in milliseconds or bytes. */
const afterNumbers = '9223372036854775807'

/** Where the walks begin. */
function startOf(
  order: TagOrder,
  descending: boolean,
  place: TagPlace | null,
): readonly SqlValue[] {
  if (order === 'name') return [place?.tag ?? (descending ? afterNames : '')]
  if (order === 'version') {
    const [versions, others] = descending ? ['1', '2'] : ['', '1']
    if (place === null) return [versions, '', others, '']
    if (place.key < '1') return [place.key, place.tag, others, '']
    return [descending ? '' : '1', '', place.key, place.tag]
  }
  if (place === null) return [descending ? afterNumbers : '-2', '']
  return [Math.floor(place.number), place.tag]
}

/** Tags of a repository in an order, sorted over all of them; null when there is no such repository. */
export async function findTags(
  database: Database,
  name: RepositoryName,
  { order, descending, filter = '', after, limit }: TagSearch,
): Promise<FoundTags | null> {
  const place = after === undefined ? null : parsePlace(order, after)
  // No tag has the text of a filter with other characters, of which some cannot be sent.
  const wanted = /^[\w.-]*$/.test(filter) ? filter.toLowerCase() : '/'
  const rows = await database.query<FoundRow>(textOf(order, descending), [
    ...[wanted, limit + 1, name],
    ...startOf(order, descending, place),
  ])
  if (rows.length === 0) return null
  const walked = rows.filter((row): row is WalkedRow => row.name !== null)
  // Where a page is not full by the end of the walk, the next one begins there.
  const end = walked.findIndex(({ is_there, matches }) => !(is_there && matches))
  const found = end === -1 ? walked : walked.slice(0, end)
  const items = found.slice(0, limit)
  const last = found.length > limit ? items.at(-1) : walked[end]
  return {
    items: items.map(tagOf),
    next: last === undefined ? null : placeText(order, tagPlace(order, factsOf(last))),
  }
}

function factsOf({ name, updated_at, content_size }: WalkedRow): TagFacts {
  const size = Number(content_size)
  return { tag: name, updatedAt: Number(updated_at), contentSize: size === -1 ? null : size }
}

function tagOf(row: WalkedRow): FoundTag {
  const { digest, media_type, pushed_by, missing } = row
  const there = { ...factsOf(row), digest: digestOfHex(digest) }
  // As little is told of it as by findManifest.
  if (missing !== false) return { ...there, contentSize: null, pushedBy: null, mediaType: '' }
  const pushedBy = pushed_by === null ? null : textOfColumn(pushed_by)
  return { ...there, pushedBy, mediaType: textOfColumn(media_type) }
}
