import type { RepositoryName } from '../../../src/index.ts'
import type { OutboxEntry } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import { textOfColumn } from '../metadata/column-text.ts'
import type { SqlRow } from '../sql-driver.ts'
import { entryId } from './entries.ts'
import * as sql from './outbox-sql.ts'

/** A row of a claim; without a head where nothing could be claimed. */
export interface ClaimRow extends SqlRow {
  readonly left: unknown
  readonly head: unknown
}

/** A row that has a message. */
export interface ClaimedRow extends ClaimRow {
  readonly endpoint: string
  readonly repository: RepositoryName
  readonly tries: unknown
  readonly error: string | null
  readonly due_at: unknown
  readonly text: string | null
  readonly queued_at: unknown
}

interface TextRow extends ClaimedRow {
  readonly text: string
}

/** Whether a row of a claim has a message. */
export function isClaimed(row: ClaimRow): row is ClaimedRow {
  return row.head !== null
}

/** The messages of a claim, the oldest first. */
export async function claimedEntries(
  database: Database,
  rows: readonly ClaimedRow[],
  claim: string,
): Promise<OutboxEntry[]> {
  const entries = (await withTexts(database, rows)).map((row) => entryOf(row, claim))
  return entries.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** A message that came just before is not among what the claim sees; one that was dropped since is not there. */
async function withTexts(
  database: Database,
  rows: readonly ClaimedRow[],
): Promise<readonly TextRow[]> {
  const unseen = rows.filter(({ text }) => text === null)
  if (unseen.length === 0) return rows as readonly TextRow[]
  const found = await database.query<Pick<TextRow, 'text' | 'queued_at'> & { id: unknown }>(
    sql.texts,
    [unseen.map(({ endpoint }) => endpoint), unseen.map(({ head }) => Number(head))],
  )
  const texts = new Map(found.map((row) => [Number(row.id), row]))
  return rows.flatMap((row) => {
    const { text, queued_at } = texts.get(Number(row.head)) ?? row
    return text === null ? [] : { ...row, text, queued_at }
  })
}

function entryOf(row: TextRow, claim: string): OutboxEntry {
  const { head, endpoint, repository, text, queued_at, tries, due_at, error } = row
  return {
    ...{ id: entryId(head), endpoint, repository, text, queuedAt: Number(queued_at) },
    ...{ tries: Number(tries), dueAt: Number(due_at), error: error && textOfColumn(error) },
    ...{ state: 'waiting' as const, claim },
  }
}
