import { expect, test } from 'vitest'
import { pageReport } from '../../bench/page-report.mjs'

const facts = { tags: 100_000, repositories: 10, times: 3, date: '2026-11-27', load: 1 }

test('the report has the most expensive of views with the same name', () => {
  const view = (name: string, first: number, again: number, database = 0) => {
    return { name, first, again, database, bytes: 1000 * first }
  }
  const text = pageReport(
    [
      {
        storage: 'disk',
        filledMib: 100,
        moreMib: 5,
        views: [view('one', 9, 4), view('one', 8, 7)],
      },
      { storage: 'postgres', filledMib: 50, moreMib: null, views: [view('one', 1, 2, 30)] },
    ],
    { ...facts, machine: '2 × test' },
  )
  expect(text).toContain('one of 100,000 tags')
  expect(text).toContain('| view | disk | postgres | database | HTML, kB |')
  expect(text).toContain('| one | 9.0 (7.0) | 1.0 (2.0) | 30 | 9 |')
  expect(text).toContain('disk 100 MiB and at most 5 MiB more for views; postgres 50 MiB.')
})
