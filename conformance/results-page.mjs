/**
 * One line of the results.
 * @typedef {object} Outcome
 * @property {string} runtime with its version
 * @property {string} store
 * @property {string} suite
 * @property {string} version of the suite
 * @property {import('./totals.mjs').Totals | null} totals `null`: nothing could be read
 * @property {string[]} misses empty when everything held
 * @property {string | null} notRun why it was not run
 * @property {number} seconds
 */

const titles = ['runtime', 'store', 'suite', 'passed', 'failed', 'skipped', 'disabled', 'result']

/** @param {Outcome} outcome @returns {string[]} */
function cells({ runtime, store, suite, totals, misses, notRun }) {
  const { passed, failed, skipped, disabled } = totals ?? {
    passed: '–',
    failed: '–',
    skipped: '–',
    disabled: '–',
  }
  const result = notRun !== null ? 'not run' : misses.length === 0 ? 'passed' : 'FAILED'
  return [runtime, store, suite, `${passed}`, `${failed}`, `${skipped}`, `${disabled}`, result]
}

/**
 * The outcomes as a table for a terminal.
 * @param {readonly Outcome[]} outcomes
 * @returns {string}
 */
export function textTable(outcomes) {
  const rows = [titles, ...outcomes.map(cells)]
  const widths = titles.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/**
 * The text of RESULTS.md.
 * @param {readonly Outcome[]} outcomes
 * @param {{ date: string, command: string, system: string }} run
 * @returns {string}
 */
export function resultsPage(outcomes, { date, command, system }) {
  const line = (/** @type {string[]} */ row) => `| ${row.join(' | ')} |`
  const versions = [...new Set(outcomes.filter((o) => o.notRun === null).map(programOf))]
  return [
    '# Conformance results',
    '',
    'The official suites of the OCI Distribution Specification against Layerdock, every optional',
    'API and data type turned on. Written by the command below; do not edit.',
    '',
    `- Date: ${date}`,
    `- Command: \`${command}\``,
    `- System: ${system}`,
    ...versions.map((version) => `- ${version}`),
    '',
    line(titles),
    line(titles.map(() => '---')),
    ...outcomes.map((outcome) => line(cells(outcome))),
    '',
    '`dev, sparse` and `1.1` are profiles of the suite that was rewritten in 2026, `v1.1.0` is the',
    'suite released with the specification. In profile 1.1 two tests (upload cancel and tag',
    'parameters) are disabled by the suite itself; they run in `dev, sparse`, where nothing is off.',
    'In v1.1.0 four of the 80 specs skip themselves beside those that ran: two set up a registry that',
    'may not be pushed to, two want a mount refused that was granted. 76 is the most that can pass.',
    '',
  ].join('\n')
}

/** @param {Outcome} outcome @returns {string} */
function programOf({ suite, version }) {
  return suite === version
    ? `Suite v1.1.0: as built from its tag (the program names no version)`
    : `Suite of the profiles: ${version}`
}
