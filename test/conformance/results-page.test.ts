import { expect, test } from 'vitest'
import { type Outcome, resultsPage, textTable } from '../../conformance/results-page.mjs'

const passed: Outcome = {
  runtime: 'Node 20.1.2',
  store: 'disk',
  suite: '1.1',
  version: 'v0.0.0-1',
  totals: { passed: 12, failed: 0, skipped: 0, disabled: 2, total: 14 },
  misses: [],
  notRun: null,
  seconds: 1,
}
const failed: Outcome = { ...passed, store: 'memory', totals: null, misses: ['no result line'] }
const notRun: Outcome = {
  ...passed,
  suite: 'v1.1.0',
  version: '',
  totals: null,
  notRun: 'there is no program',
}
const run = { date: '2026-01-02', command: 'npm run conformance', system: 'a machine' }

test('what missed its totals or was not run never reads as passed', () => {
  const [first, second, third] = textTable([passed, failed, notRun]).split('\n').slice(1)
  expect(first).toMatch(/ passed$/)
  expect(second).toMatch(/ FAILED$/)
  expect(third).toMatch(/ not run$/)
})

test('the page gives the date, each version once, and a row for each outcome', () => {
  const page = resultsPage([passed, failed, notRun], run)
  expect(page).toContain('- Date: 2026-01-02')
  expect(page.match(/v0\.0\.0-1/g)).toHaveLength(1)
  expect(page).toContain('| Node 20.1.2 | disk | 1.1 | 12 | 0 | 0 | 2 | passed |')
  expect(page).toContain('| Node 20.1.2 | memory | 1.1 | – | – | – | – | FAILED |')
  expect(page).toContain('| Node 20.1.2 | disk | v1.1.0 | – | – | – | – | not run |')
})
