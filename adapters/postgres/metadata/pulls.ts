import type { PullNote } from '../../../src/kit.ts'
import { type Database, nowMs } from '../database.ts'
import { hexOfDigest } from './digest-hex.ts'

const hourMs = 3_600_000

/** The beginning of the hour of a moment, in milliseconds since the epoch. */
export function hourOf(ms: number): number {
  return ms - (ms % hourMs)
}

/** The rows are locked in one order, so that nodes that note the same pulls do not wait for each other in turns. */
const noteText = `with began as (
    insert into moments (name, at) select 'pulls', ${nowMs} + $1::bigint on conflict do nothing),
  pulled as materialized (
    select m.id, given.at
    from unnest($2::text[], $3::text[], $4::bigint[]) as given (name, hex, at)
    cross join lateral (
      select id from repositories where name = given.name and not deleted offset 0) as r
    cross join lateral (
      select id from manifests where repo = r.id and digest = decode(given.hex, 'hex')
        and (pulled_at is null or pulled_at < given.at) offset 0) as m),
  locked as materialized (
    select ordered.id, ordered.at from (select id, at from pulled order by id offset 0) as ordered
    cross join lateral (
      select id from manifests where id = ordered.id offset 0 for no key update) as m)
  update manifests m set pulled_at = locked.at from locked
  where m.id = locked.id and (m.pulled_at is null or m.pulled_at < locked.at)`

/** Notes when manifests were pulled, and from when on that is known. */
export async function notePulls(database: Database, pulls: readonly PullNote[]): Promise<void> {
  const latest: Map<string, PullNote> = new Map()
  for (const pull of pulls) {
    const key = `${pull.repository} ${pull.digest}`
    if ((latest.get(key)?.at ?? Number.NEGATIVE_INFINITY) < pull.at) latest.set(key, pull)
  }
  const each = [...latest.values()]
  await database.query(noteText, [
    database.clockOffset,
    each.map(({ repository }) => repository),
    each.map(({ digest }) => hexOfDigest(digest)),
    each.map(({ at }) => hourOf(at)),
  ])
}

/** Since when pulls are noted, in milliseconds since the epoch; null where they are not. */
export async function pullsSince(database: Database): Promise<number | null> {
  const [row] = await database.query<{ at: unknown }>(
    "select at from moments where name = 'pulls'",
    [],
  )
  return row === undefined ? null : Number(row.at)
}
