// bench/RESULTS-large-database.md, from what was measured. Pure.

import { markdownTable } from './many-nodes-report.mjs'
import { faultsOf, wayOf } from './plans.mjs'
import { number } from './report.mjs'

/** @import { Statement } from './plans.mjs' */
/** @import { Contents } from './seed-database.mjs' */

/**
 * @typedef {object} LargeDatabase
 * @property {string} command
 * @property {string} date
 * @property {string} machine
 * @property {string} version of PostgreSQL
 * @property {readonly [number, number]} load of the machine, before and after
 * @property {Contents} contents
 * @property {number} bytes of the whole database
 * @property {readonly { name: string, rows: number, bytes: number }[]} tables
 * @property {readonly { title: string, p50Ms: number | null, p99Ms: number | null }[]} reads
 * @property {readonly Statement[]} statements
 * @property {readonly string[]} forgotten statements that ran and whose plan is not known
 */

/** Rows that one step may look at: a page has a thousand, and a list one more. */
const most = 2500

/**
 * What is wrong with the plans of each statement, where something is.
 * @param {LargeDatabase} measured
 * @returns {{ text: string, faults: string[] }[]}
 */
export function faultyStatements({ statements, tables }) {
  const rows = Object.fromEntries(tables.map(({ name, rows: count }) => [name, count]))
  return statements
    .map((statement) => ({ text: statement.text, faults: faultsOf(statement, rows, most) }))
    .filter(({ faults }) => faults.length > 0)
}

/**
 * The whole page.
 * @param {LargeDatabase} measured
 * @returns {string}
 */
export function largeDatabasePage(measured) {
  const { command, date, machine, version, load, contents, bytes } = measured
  const { tables, reads, statements, forgotten } = measured
  const count = (/** @type {number} */ value) => value.toLocaleString('en-US')
  const faulty = faultyStatements(measured)
  return [
    '# A large database',
    '',
    `\`${command} --write\` measures and writes this page.`,
    '',
    `${date}, ${machine}, ${version}; the load was ${load.map((value) => value.toFixed(1)).join(' before and ')} after.`,
    `${count(contents.manifests)} manifests, half of them in one repository with ${count(contents.tags)} tags; ` +
      `${count(contents.repositories)} repositories; ${number(bytes / 1e9)} GB in PostgreSQL.`,
    '',
    '## Reads',
    '',
    'Of one client, one after another, each for something else, through one node.',
    '',
    ...markdownTable(
      ['read', 'p50 ms', 'p99 ms'],
      reads.map(({ title, p50Ms, p99Ms }) => [title, number(p50Ms), number(p99Ms)]),
    ),
    '',
    '## Plans',
    '',
    `PostgreSQL wrote down the plans of ${statements.length} statements: all that these reads ran, pushes, deletions, mounts,`,
    'uploads that were given up, collections and what a copy reads. A page is 8 KiB, in memory or on disk.',
    '',
    faulty.length === 0
      ? `None reads a table of more than ${count(most)} rows from end to end, or looks at more rows than that.`
      : `These read too much: ${faulty.map(({ text, faults }) => `\`${cut(text)}\` ${faults.join(', ')}`).join('; ')}.`,
    ...(forgotten.length === 0
      ? []
      : ['', `Without a plan here: ${forgotten.map((text) => `\`${cut(text)}\``).join(', ')}.`]),
    '',
    ...markdownTable(
      ['statement', 'indexes, and tables without one', 'pages at most'],
      statements.map((statement) => [
        `\`${cut(statement.text)}\``,
        wayOf(statement),
        count(statement.pages),
      ]),
    ),
    '',
    '## Tables',
    '',
    ...markdownTable(
      ['table', 'rows', 'MB with indexes'],
      tables.map(({ name, rows, bytes: each }) => [name, count(rows), number(each / 1e6)]),
    ),
    '',
  ].join('\n')
}

/** @param {string} text */
function cut(text) {
  const line = text.replaceAll('|', '\\|').replaceAll('`', "'")
  return line.length > 140 ? `${line.slice(0, 139)}…` : line
}
