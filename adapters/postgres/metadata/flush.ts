import type { Digest } from '../../../src/index.ts'
import type { SqlLast, SqlQuery, SqlValue } from '../sql-driver.ts'
import { hexOfDigest } from './digest-hex.ts'
import { countsOf, isEmpty, type Place, type RepositoryFacts } from './facts.ts'
import * as sql from './flush-sql.ts'
import { leaseEnd } from './leases.ts'
import { isResized, namedContent } from './named-content.ts'
import { columnsOf } from './records.ts'
import type { View } from './view.ts'

/** Another batch named the same digest meanwhile: this one has to look again. */
class Overtaken extends Error {
  readonly code = '40001'
}

/**
 * Writes what the changes of a batch made of the view, at the end of its transaction. Rows that batches of other
 * repositories may write as well come in the order of their keys, so that no two batches wait for each other.
 *
 * @param trashMs how long bytes are kept that were named, in milliseconds
 */
export async function flush(
  query: SqlQuery,
  last: SqlLast,
  view: View,
  trashMs: number,
): Promise<void> {
  await beginRepositories(query, view)
  await replaceBlobs(query, view)
  /** Notes a statement for rows of values, if there are any. */
  const run = (text: string, rows: readonly SqlValue[][], ...more: readonly SqlValue[]): void => {
    if (rows.length === 0) return
    const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]) as SqlValue)
    last(text, [...columns, ...more])
  }
  const places = [...view.places.values()]

  run(
    sql.putBlobs,
    [...view.blobs.values()].flatMap(({ before, now }) =>
      before === null && now !== null ? [[hexOfDigest(now.digest), now.size, now.key]] : [],
    ),
    view.now,
  )
  run(sql.deleteManifests, keysOf(places.filter(({ manifest }) => isGone(manifest))))
  const links = places.filter(({ link }) => link.now !== null && link.now !== link.before)
  run(
    sql.putLinks,
    links.map((place) => [...keyOf(place), place.link.now?.keepUntil ?? null]),
  )
  run(sql.deleteLinks, keysOf(places.filter(({ link }) => isGone(link))))
  flushManifests(view, places, run)
  run(sql.sizeManifests, namedContent(view, places))
  run(sql.resizeTags, keysOf(places.filter(isResized)))
  run(sql.deleteRefs, namingsOf(view, false))
  run(sql.putRefs, namingsOf(view, true))
  flushTags(view, run)
  flushCounts(view, run)
  run(
    sql.putTrash,
    view.trash.map(({ blob: { key, digest, size }, wasNamed }) => {
      return [key, hexOfDigest(digest), size, view.now + (wasNamed ? trashMs : 0)]
    }),
  )
  run(
    sql.putReview,
    [...view.review].map((digest) => [hexOfDigest(digest)]),
    view.now,
  )
  run(
    sql.putDeleted,
    view.deleted.map(({ kind, repository, digest, tag, updatedAt, trashMs }) => [
      ...[kind, repository, hexOfDigest(digest), tag ?? null, updatedAt ?? null],
      leaseEnd(view, trashMs),
    ]),
    view.now,
  )
}

type Run = (text: string, rows: readonly SqlValue[][], ...more: readonly SqlValue[]) => void

async function beginRepositories(query: SqlQuery, view: View): Promise<void> {
  const fresh = [...view.repositories.values()].filter(({ id, begins }) => begins && id === null)
  if (fresh.length === 0) return
  const names = fresh.map(({ name }) => name)
  const rows = await query<{ id: unknown; name: RepositoryFacts['name'] }>(sql.putRepositories, [
    names,
    view.now,
  ])
  for (const { id, name } of rows) view.repository(name).id = Number(id)
}

/** Puts other keys in the place of those that count no more: rare, so that it may take a round trip. */
async function replaceBlobs(query: SqlQuery, view: View): Promise<void> {
  const replaced = [...view.blobs.values()].flatMap(({ before, now }) =>
    before !== null && now !== null && before !== now ? [{ before, now }] : [],
  )
  replaced.sort((a, b) => (a.now.digest < b.now.digest ? -1 : 1))
  const found = await Promise.all(
    replaced.map(({ before, now }) =>
      query(sql.replaceBlob, [hexOfDigest(now.digest), before.key, now.key]),
    ),
  )
  if (found.some((rows) => rows.length !== 1)) throw new Overtaken()
}

function flushManifests(view: View, places: readonly Place[], run: Run): void {
  const rows: SqlValue[][] = []
  for (const place of places) {
    const { before, now } = place.manifest
    if (now === null || now === before || now.record === null) continue
    const shift = view.tagShifts.get(`${place.repository.name} ${place.digest}`)
    view.tagShifts.delete(`${place.repository.name} ${place.digest}`)
    rows.push([
      ...keyOf(place),
      ...columnsOf(now.record),
      ...[now.record.pushedAt, now.record.untaggedAt ?? null, now.record.pulledAt ?? null],
      ...[shift?.count ?? 0, shift?.sets ?? 0],
    ])
  }
  run(sql.putManifests, rows, view.now)
}

function flushTags(view: View, run: Run): void {
  const shifts = [...view.tagShifts.values()].map(({ repository, digest, count, sets }) => [
    ...[idOf(repository), hexOfDigest(digest), count, sets],
  ])
  run(sql.shiftTags, shifts, view.now)
  const set: SqlValue[][] = []
  const gone: SqlValue[][] = []
  for (const { repository, tag, target } of view.tags.values()) {
    if (target.now === target.before) continue
    if (target.now === null) gone.push([idOf(repository), tag])
    else {
      const { digest, updatedAt } = target.now
      set.push([idOf(repository), tag, hexOfDigest(digest), updatedAt])
    }
  }
  run(sql.deleteTags, gone)
  run(sql.putTags, set)
}

function flushCounts(view: View, run: Run): void {
  const changed = [...view.repositories.values()].filter(
    (facts) => facts.id !== null && facts.counted !== countsOf(facts),
  )
  const rows = changed.map((repository) => {
    const { manifests, tags, blobs, bytes, pushedAt } = repository
    return [idOf(repository), manifests, tags, blobs, bytes, pushedAt]
  })
  run(sql.putCounts, rows)
  run(
    sql.putEmpty,
    changed
      .filter((facts) => facts.wasEmpty !== isEmpty(facts))
      .map((facts) => [idOf(facts), isEmpty(facts)]),
  )
}

function namingsOf(view: View, isNamed: boolean): SqlValue[][] {
  const namings = [...view.namings.values()].filter((naming) => naming.isNamed === isNamed)
  return namings.map(({ repository, child, parent }) => {
    return [idOf(repository), hexOfDigest(child), hexOfDigest(parent)]
  })
}

function isGone<T>({
  before,
  now,
}: {
  readonly before: T | null
  readonly now: T | null
}): boolean {
  return before !== null && now === null
}

function keysOf(places: readonly Place[]): SqlValue[][] {
  return places.map((place) => [...keyOf(place)])
}

function keyOf({ repository, digest }: Place): readonly [number, string] {
  return [idOf(repository), hexOfDigest(digest as Digest)]
}

function idOf({ id, name }: RepositoryFacts): number {
  if (id === null) throw new Error(`there is no repository ${name}`)
  return id
}
