import type { RepositoryName, Tag } from '../../../src/index.ts'
import type { Restored, RestoreOptions, RestoreOutcome, TrashEntry } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { Outgoing } from '../outbox/outgoing.ts'
import type { SqlLast, SqlQuery } from '../sql-driver.ts'
import { moveTags } from './clearing.ts'
import { flush } from './flush.ts'
import { extendLease, periodOf } from './leases.ts'
import { load, lockRepositories } from './load.ts'
import { restoreManifest } from './manifest-restores.ts'
import { type EntryRow, entryColumns, entryOf } from './trash-reads.ts'

/** The entry, which no collection ends until the transaction does. */
const entryText = `select ${entryColumns} from deleted d where d.id = $2 and d.name = $3 for update`

/** What an entry ends with that was brought back. */
const endText = `with gone as (delete from deleted where id = $1),
  released as (delete from deleted_blobs where entry = $1)
  delete from deleted_tags where entry = $1`

/** What brings an entry back, while its repository is locked. */
export interface Restoring extends RestoreOptions {
  readonly query: SqlQuery
  readonly last: SqlLast
  readonly clockOffset: number
  readonly entry: TrashEntry
  /** Ends the entry with the transaction. */
  end(): void
}

/** Brings an entry back; null where there is none. */
export async function restore(
  database: Database,
  name: RepositoryName,
  id: string,
  options: RestoreOptions,
  outgoing: Outgoing,
): Promise<RestoreOutcome | null> {
  if (id.includes('\0')) return null
  await moveTags(database, id)
  let before: Restored | null = null
  for (;;) {
    const step: RestoredStep | null = await restoreStep(database, name, id, {
      ...{ options, outgoing, before },
    })
    if (step?.outcome.kind !== 'restored') return before ?? step?.outcome ?? null
    if (!step.isMore) return step.outcome
    // The rest of many tags follows its manifest.
    before = step.outcome
  }
}

/** What came of an entry until now, and whether there is more of it. */
export interface RestoredStep {
  readonly outcome: RestoreOutcome
  readonly isMore: boolean
}

/** Tags that are told of at most. */
const toldTags = 1000

function together(before: Restored, after: Restored): Restored {
  return {
    ...before,
    tags: [...before.tags, ...after.tags].slice(0, toldTags),
    tagCount: before.tagCount + after.tagCount,
    left: [...before.left, ...after.left].slice(0, toldTags),
    leftCount: before.leftCount + after.leftCount,
  }
}

interface Step {
  readonly options: RestoreOptions
  readonly outgoing: Outgoing
  /** What earlier steps brought back. */
  readonly before: Restored | null
}

function restoreStep(
  database: Database,
  name: RepositoryName,
  id: string,
  { options, outgoing, before }: Step,
): Promise<RestoredStep | null> {
  return database.transaction(async (query, last, committed) => {
    const { clockOffset } = database
    const [, [row]] = await Promise.all([
      query(lockRepositories, [[name]]),
      query<EntryRow>(entryText, [clockOffset, id, name]),
    ])
    if (row === undefined) return null
    const entry = entryOf(row)
    const end = (): void => last(endText, [id])
    const restoring = { ...options, query, last, clockOffset, entry, end }
    const step = await stepOf(restoring, periodOf(database, options.leaseMs)[0])
    if (step.outcome.kind !== 'restored') return step
    const outcome = before === null ? step.outcome : together(before, step.outcome)
    const messages = step.isMore ? [] : (options.tell?.(outcome) ?? [])
    outgoing.put([{ repository: name, messages }], last, committed)
    return { outcome, isMore: step.isMore }
  })
}

async function stepOf(restoring: Restoring, leaseMs: number): Promise<RestoredStep> {
  switch (restoring.entry.kind) {
    case 'manifest':
      return restoreManifest(restoring)
    case 'tag':
      return { outcome: await restoreTag(restoring), isMore: false }
    case 'blob':
      return { outcome: await restoreBlob(restoring), isMore: false }
    case 'repository':
      return { outcome: await restoreRepository(restoring, leaseMs), isMore: false }
  }
}

function restored(entry: TrashEntry, tags: readonly Tag[] = []): Restored {
  return { kind: 'restored', entry, tags, tagCount: tags.length, left: [], leftCount: 0 }
}

async function restoreTag(restoring: Restoring): Promise<RestoreOutcome> {
  const { query, last, clockOffset, entry, end } = restoring
  const { repository: name, tag, digest } = entry
  if (tag === undefined || digest === undefined) throw new Error(`the entry ${entry.id} has no tag`)
  const wanted = { repositories: [name], places: [[name, digest]], tags: [[name, tag]] } as const
  const [view, [row]] = await Promise.all([
    load(query, [wanted], clockOffset),
    query<{ updated_at: unknown }>('select updated_at from deleted where id = $1', [entry.id]),
  ])
  const facts = view.tag(name, tag)
  const there = facts.target.now
  if (there !== null && there.digest !== digest) return { kind: 'exists', digest: there.digest }
  if (!view.hasManifest(view.place(name, digest))) return { kind: 'missing', digests: [digest] }
  if (there === null) view.setTag(facts, digest, Number(row?.updated_at))
  await flush(query, last, view, 0)
  end()
  return restored(entry, there === null ? [tag] : [])
}

async function restoreBlob(restoring: Restoring): Promise<RestoreOutcome> {
  const { query, last, clockOffset, entry, end, leaseMs, mostBytes } = restoring
  const { repository: name, digest } = entry
  if (digest === undefined) throw new Error(`the entry ${entry.id} has no digest`)
  const wanted = { repositories: [name], places: [[name, digest]], named: [digest] } as const
  const view = await load(query, [wanted], clockOffset)
  const place = view.place(name, digest)
  if (view.blob(digest).now?.missing !== false) return { kind: 'missing', digests: [digest] }
  const used = place.repository.bytes
  extendLease(view, place, leaseMs)
  const needed = place.repository.bytes - used
  if (mostBytes !== undefined && needed > 0 && used + needed > mostBytes) {
    return { kind: 'over-quota', used, needed }
  }
  await flush(query, last, view, 0)
  end()
  return restored(entry)
}

const thereText = 'select id, empty from repositories where name = $1 and not deleted'

const dropEmptyText = `with gone as (
    delete from repositories where id = $1 returning id)
  delete from repository_counts c using gone where c.repo = gone.id`

/** What no manifest names has a lease from now on. */
const returnText = `update repositories r
  set deleted = false, trashed = false, keep_until = (extract(epoch from clock_timestamp()) * 1000)::bigint + $2::bigint
  from deleted d where d.id = $1 and r.id = d.repo`

async function restoreRepository(restoring: Restoring, leaseMs: number): Promise<RestoreOutcome> {
  const { query, entry, end, mostBytes } = restoring
  const [there] = await query<{ id: unknown; empty: boolean }>(thereText, [entry.repository])
  if (there?.empty === false) return { kind: 'exists' }
  const needed = entry.counts?.bytes ?? 0
  if (mostBytes !== undefined && needed > 0 && needed > mostBytes) {
    return { kind: 'over-quota', used: 0, needed }
  }
  if (there !== undefined) await query(dropEmptyText, [Number(there.id)])
  await query(returnText, [entry.id, leaseMs])
  end()
  return restored(entry)
}
