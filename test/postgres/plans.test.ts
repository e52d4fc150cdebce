import { expect, test } from 'vitest'
import { openPostgres, type SqlDriver } from '../../adapters/postgres/index.ts'
import { isAnyDue } from '../../adapters/postgres/outbox/outbox-sql.ts'
import { postgresDriver } from '../../adapters/postgres/postgres-js.ts'
import type { SqlQuery, SqlRow } from '../../adapters/postgres/sql-driver.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { useAll } from './all-methods.ts'
import { fill } from './filling.ts'

/** What reads more of a table than it returns. */
const walks = /Seq Scan on (?!pg_|layerdock_schema)|Bitmap Heap|Join Filter|Hash Join|Merge Join/

/** A walk over tags in the order of an index, which is not sorted before it is cut off. */
const sortedWalk =
  /WindowAgg\n +-> {2}Subquery Scan on walked\w*\n +-> {2}Limit\n +-> {2}Index (?:Only )?Scan (?:Backward )?using tags_\w+/g
const indexOf = (walk: string): string => walk.slice(walk.lastIndexOf(' ') + 1)

/** The indexes that a search walks through; by version, through that of versions and of other tags. */
const sortedBy: Readonly<Record<string, readonly string[]>> = {
  n: ['tags_pkey'],
  u: ['tags_updated'],
  v: ['tags_version', 'tags_version'],
  s: ['tags_size'],
}

/** The walk of a claim: over the heads that are due, in their order. */
const claimedWalk =
  /Limit\n(?: +InitPlan.*\n +-> {2}CTE Scan on clock.*\n)? +-> {2}LockRows\n +-> {2}Index Scan using outbox_heads_next_at on outbox_heads\w*(?: \w+)?\n +Index Cond: \(\(endpoint = wanted\w*.endpoint\) AND \(next_at <= /

const connecting = { poolSize: 2, prepare: true, connectMs: 30_000, statementMs: 60_000 }

withServices('what PostgreSQL plans', { postgres }, (running) => {
  test.each([
    ['of a registry that has just begun', 0],
    ['of one that has grown', 20_000],
  ])('walks through no table %s', async (_, rows) => {
    const url = await running.postgres.database()
    const driver = postgresDriver({ ...connecting, url, lockMs: 60_000, idleMs: 60_000 })
    try {
      const texts: Set<string> = new Set()
      const stores = await openPostgres({ sql: recording(driver, texts), trashMs: 0 })
      if (rows > 0) await fill(driver.query, rows)
      texts.clear()
      await useAll(stores.metadata)
      expect(texts.size).toBeGreaterThan(30)
      const plans = await Promise.all([...texts].map((text) => planOf(driver, text)))
      expect(plans.filter((plan) => walks.test(plan))).toEqual([])
      const searches = plans.filter((plan) => plan.includes('row_number() over () as n'))
      const claims = plans.filter((plan) => plan.includes('chosen as materialized'))
      expect(claims).toEqual([expect.stringMatching(claimedWalk)])
      const polled = await planOf(driver, isAnyDue)
      expect(polled).toMatch(/using outbox_heads_next_at.*\n +Index Cond:.*next_at <= /)
      expect(searches.map((plan) => plan.match(sortedWalk)?.map(indexOf))).toEqual(
        [...'nnuuvvss'].map((order) => sortedBy[order]),
      )
    } finally {
      await driver.close()
    }
  })
})

/** The driver, with the texts of all statements. */
function recording(driver: SqlDriver, texts: Set<string>): SqlDriver {
  const heard =
    (query: SqlQuery): SqlQuery =>
    (text, params) => {
      texts.add(text)
      return query(text, params)
    }
  return {
    query: heard(driver.query),
    transaction: (work) => driver.transaction((query) => work(heard(query))),
    close: () => driver.close(),
  }
}

let prepared = 0

/** A statement with its plan, as it is for any parameters. */
function planOf(driver: SqlDriver, text: string): Promise<string> {
  prepared += 1
  const name = `plan_${prepared}`
  const count = new Set(text.match(/\$\d+/g)).size
  const params = Array.from({ length: count }, () => 'null').join(', ')
  return driver.transaction(async (query) => {
    await query(`prepare ${name} as ${text}`)
    const execute = count === 0 ? `execute ${name}` : `execute ${name} (${params})`
    const lines = await query<SqlRow & { 'QUERY PLAN': string }>(`explain (costs off) ${execute}`)
    return [text, ...lines.map((line) => line['QUERY PLAN'])].join('\n')
  })
}
