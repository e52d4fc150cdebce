import { expect, test } from 'vitest'
import { largeDatabasePage } from '../../bench/large-database-report.mjs'
import { faultsOf, shapeOf, statementsOf, wayOf } from '../../bench/plans.mjs'
import { statementsFor } from '../../bench/seed-database.mjs'

function logged(text: string, plan: object): string {
  const document = { 'Query Text': text, Plan: plan }
  const lines = JSON.stringify(document, null, 2).replaceAll('\n', '\n\t')
  return `2026-11-27 15:00:00.000 UTC [7] LOG:  duration: 0.051 ms  plan:\n\t${lines}`
}

const byIndex = {
  'Node Type': 'Nested Loop',
  ...{ 'Actual Rows': 1, 'Actual Loops': 1, 'Shared Hit Blocks': 9 },
  Plans: [
    {
      'Node Type': 'Index Scan',
      ...{
        'Relation Name': 'tags',
        'Index Name': 'tags_pkey',
        'Actual Rows': 1,
        'Actual Loops': 1,
      },
    },
    {
      'Node Type': 'Seq Scan',
      ...{ 'Relation Name': 'untagging', 'Actual Rows': 0, 'Actual Loops': 1 },
    },
  ],
}
const byTable = {
  'Node Type': 'Seq Scan',
  ...{ 'Relation Name': 'blobs', 'Actual Rows': 2, 'Actual Loops': 3, 'Shared Read Blocks': 400 },
  'Rows Removed by Filter': 5000,
}
const log = [
  'LOG:  database system is ready to accept connections',
  logged('select name\n  from tags', byIndex),
  logged('select name\n  from tags', byIndex),
  'ERROR:  something else',
  logged('select * from blobs', byTable),
].join('\n')

test('plans are gathered by statement, the one with the most pages first', () => {
  const statements = statementsOf(log)
  expect(statements.map(({ text, plans, pages }) => [text, plans.length, pages])).toEqual([
    ['select * from blobs', 1, 400],
    ['select name from tags', 2, 9],
  ])
  expect(statements.map(wayOf)).toEqual(['Seq Scan blobs', 'tags_pkey, Seq Scan untagging'])
})

test('a large table that is read from end to end is a fault, and a small one is not', () => {
  const rows = { blobs: 2_000_000, tags: 500_000, untagging: 0 }
  const faults = statementsOf(log).map((statement) => faultsOf(statement, rows, 2500))
  expect(faults).toEqual([['reads blobs from end to end'], []])
  const many = { 'Node Type': 'Index Scan', 'Relation Name': 'tags', 'Index Name': 'tags_pkey' }
  const looked = logged('select', {
    ...many,
    'Actual Rows': 10,
    'Rows Removed by Filter': 90_000,
  })
  expect(statementsOf(looked).map((statement) => faultsOf(statement, rows, 2500))).toEqual([
    ['Index Scan tags_pkey looks at 90010 rows'],
  ])
})

test('a statement is known again whose constants are placeholders', () => {
  const text =
    "select extract(epoch from now()), decode($1, 'hex') from t where not gone and a = -1 or b = true limit 7"
  const counted =
    'select extract($2 from now()),  decode($1, $3)\n from t where not gone and a = $4 or b = $5 limit $6'
  expect(shapeOf(text)).toBe(shapeOf(counted))
  expect(shapeOf(text)).not.toBe(shapeOf('select 1'))
})

test('the page names what reads too much, and what has no plan', () => {
  const measured = {
    ...{ command: 'node bench/large-database.mjs', date: '2026-11-27', machine: '2 × test' },
    ...{ version: 'PostgreSQL 15.18', load: [1, 2] as const, bytes: 3.4e9 },
    contents: { manifests: 1_000_000, tags: 500_000, repositories: 20_000, referrers: 1000 },
    tables: [
      { name: 'blobs', rows: 2_000_000, bytes: 1e9 },
      { name: 'untagging', rows: 0, bytes: 8192 },
    ],
    reads: [{ title: 'manifest GET by tag', p50Ms: 1.234, p99Ms: 5.6 }],
    statements: statementsOf(log),
  }
  const text = largeDatabasePage({ ...measured, forgotten: ['select 1'] })
  expect(text).toContain('| manifest GET by tag | 1.23 | 5.60 |')
  expect(text).toContain('`select * from blobs` reads blobs from end to end')
  expect(text).toContain('Without a plan here: `select 1`')
  const good = largeDatabasePage({
    ...measured,
    statements: measured.statements.slice(1),
    forgotten: [],
  })
  expect(good).toContain('None reads a table of more than 2,500 rows from end to end')
})

test('what is seeded says how much of everything there is', () => {
  const contents = { manifests: 1000, tags: 500, repositories: 20, referrers: 10 }
  const text = statementsFor(contents)
    .map(([, statement]) => statement)
    .join('\n')
  expect(text).toContain('generate_series(0, 999)')
  expect(text).toContain('generate_series(0, 499)')
  // 25 manifests in each of 20 repositories.
  expect(text).toContain('1 + (n - 500) / 25')
})
