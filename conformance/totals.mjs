// The suites' own verdicts are not enough: a run with skipped or filtered tests exits 0, and the summary
// tables keep the best answer seen. So this module reads and checks every number.

/**
 * The result of one run of a suite.
 * @typedef {object} Totals
 * @property {number} passed
 * @property {number} failed `FAIL` and `Error` of the rewritten suite, failures of the old one
 * @property {number} skipped
 * @property {number} disabled tests the profile turns off
 * @property {number} total
 */

/**
 * The required numbers. `total` is only given where the suite counts more than it runs.
 * @typedef {object} Expected
 * @property {number} passed
 * @property {number} disabled
 * @property {number} skipped
 */

const resultLine = /^OCI Conformance Result: (\S+)$/m
const countLine = /^ {2}(Disabled|Skip|Pass|FAIL|Error|Total)\.+: +(\d+)$/gm

/**
 * Reads the standard output of the suite rewritten in 2026.
 * @param {string} output
 * @returns {{ verdict: string, totals: Totals }}
 * @throws {Error} when the result line or one of the six counts is missing
 */
export function readSuiteOutput(output) {
  const result = resultLine.exec(output)
  if (result === null) throw new Error('there is no "OCI Conformance Result" line')
  const counts = new Map()
  for (const [, name, value] of output.slice(result.index).matchAll(countLine)) {
    counts.set(name, Number(value))
  }
  /** @param {string} name */
  const count = (name) => {
    const value = counts.get(name)
    if (value === undefined) throw new Error(`there is no count of ${name}`)
    return value
  }
  return {
    verdict: result[1] ?? '',
    totals: {
      passed: count('Pass'),
      failed: count('FAIL') + count('Error'),
      skipped: count('Skip'),
      disabled: count('Disabled'),
      total: count('Total'),
    },
  }
}

/**
 * Reads the two summary lines which the v1.1.0 suite ends with.
 * @param {string} output
 * @returns {{ verdict: string, totals: Totals }}
 * @throws {Error} when one of the lines is missing
 */
export function readOldSuiteOutput(output) {
  const ran = /^Ran (\d+) of (\d+) Specs in /m.exec(output)
  if (ran === null) throw new Error('there is no "Ran … of … Specs" line')
  const summary =
    /^(SUCCESS|FAIL)! -- (\d+) Passed \| (\d+) Failed \| (\d+) Pending \| (\d+) Skipped/m.exec(
      output,
    )
  if (summary === null) throw new Error('there is no "… Passed | … Failed" line')
  const [passed, failed, pending, skipped] = summary.slice(2).map(Number)
  if (passed === undefined || failed === undefined || Number(ran[1]) !== passed + failed) {
    throw new Error(`it ran ${ran[1]} specs, which is not what passed and failed`)
  }
  return {
    verdict: summary[1] === 'SUCCESS' ? 'Pass' : 'FAIL',
    totals: {
      passed,
      failed,
      skipped: (skipped ?? 0) + (pending ?? 0),
      disabled: 0,
      total: Number(ran[2]),
    },
  }
}

/**
 * All differences between a run and its required numbers: empty when there are none.
 * @param {{ verdict: string, totals: Totals }} run
 * @param {Expected} expected
 * @returns {string[]}
 */
export function misses({ verdict, totals }, expected) {
  const found = []
  if (verdict !== 'Pass') found.push(`the result is ${verdict}`)
  if (totals.failed !== 0) found.push(`${totals.failed} failed`)
  for (const key of /** @type {const} */ (['passed', 'skipped', 'disabled'])) {
    if (totals[key] !== expected[key]) {
      found.push(`${totals[key]} ${key} instead of ${expected[key]}`)
    }
  }
  const sum = expected.passed + expected.skipped + expected.disabled
  if (totals.total !== sum) found.push(`${totals.total} in all instead of ${sum}`)
  return found
}

/**
 * The tests that did not pass, each with the first reason given, for a person to read.
 * @param {string} output of either suite
 * @returns {string[]}
 */
export function troubles(output) {
  const leaf = /^ +(.+): (FAIL|Error|Skip)\n +- (.+)$/gm
  const old = /^ +\[FAIL\] (.+)$/gm
  return [
    ...Array.from(output.matchAll(leaf), ([, test, outcome, why]) => `${outcome}: ${test}: ${why}`),
    ...Array.from(output.matchAll(old), ([, test]) => `FAIL: ${test}`),
  ]
}

/**
 * Everything in the rewritten suite's `results.yaml` that shows a run with less than it should have:
 * another version, a switch turned off, a group that is not `Pass`.
 * @param {string} yaml
 * @param {{ version: string, off: readonly string[] }} expected `off`: the keys that the profile
 *   itself turns off, and the groups it disables
 * @returns {string[]}
 */
export function resultsFileMisses(yaml, { version, off }) {
  if (yaml.trim() === '') return ['results.yaml is empty']
  const found = []
  const ran = /^ {2}version: "?([^"\n]+)"?$/m.exec(yaml)?.[1]
  if (ran !== version) found.push(`results.yaml is of version ${ran}, not ${version}`)
  for (const section of ['apis', 'data']) {
    const switches = block(yaml, `  ${section}`)
    const groups = block(yaml, section)
    if (switches.length === 0 || groups.length === 0) {
      found.push(`results.yaml has no ${section}`)
    }
    for (const [key, value] of switches) {
      if (value === 'false' && !off.includes(key)) found.push(`${section}: ${key} is off`)
    }
    for (const [key, value] of groups) {
      if (value !== 'Pass' && !off.includes(key)) found.push(`${section}: ${key} is ${value}`)
    }
  }
  return found
}

/**
 * The `key: value` lines that are indented below the line `head:`, at any depth.
 * @param {string} yaml
 * @param {string} head the key with its own indentation
 * @returns {[string, string][]}
 */
function block(yaml, head) {
  const lines = yaml.split('\n')
  const depth = head.length - head.trimStart().length
  const start = lines.indexOf(`${head}:`)
  if (start === -1) return []
  const found = []
  for (const line of lines.slice(start + 1)) {
    if (line.trim() === '' || line.length - line.trimStart().length <= depth) break
    const pair = /^ +([^:]+): (.+)$/.exec(line)
    if (pair?.[1] !== undefined && pair[2] !== undefined) found.push([pair[1], pair[2]])
  }
  return /** @type {[string, string][]} */ (found)
}
