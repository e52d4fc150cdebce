// The tables. Pure: figures in, text out.

import { ratio, summarise } from './figures.mjs'

/** @import { Figures, Measured, Run } from './types.ts' */
/** @typedef {Run['scenarios'][number]} Scenario */

/**
 * The whole run as text for a terminal: a block for each scenario, a line for each server.
 * @param {Run} run
 */
export function textReport(run) {
  const blocks = run.scenarios.map((scenario) => [
    scenario.title,
    ...textTable([
      [
        '',
        `rate ${scenario.unit}`,
        'p50 ms',
        'p99 ms',
        'server CPU s',
        'CPU µs/op',
        'peak MB',
        'client CPU s',
        'others CPU s',
        `${run.servers[0]?.name} is`,
      ],
      ...measuredIn(run, scenario).map((name) => {
        const figures = summarise(roundsOf(run, scenario, name))
        if (figures.failed !== undefined) return [name, `failed: ${figures.failed}`]
        return [
          name,
          number(figures.rate),
          number(figures.p50Ms),
          number(figures.p99Ms),
          number(figures.serverCpuSeconds),
          number(figures.cpuMicrosPerOperation),
          megabytes(figures.peakBytes),
          `${number(figures.clientCpuSeconds)}${isClientBound(figures) ? '*' : ''}`,
          number(figures.otherCpuSeconds),
          times(comparedWithFirst(run, scenario, name)),
        ]
      }),
    ]),
  ])
  const idle = [
    'idle: from spawn to the first answer of /v2/, and memory after it',
    ...textTable([
      ['', 'ms', 'CPU ms', 'MB', 'syncs'],
      ...run.servers.map(({ name, syncs }) => {
        const figures = idleOf(run, name)
        return [
          name,
          number(figures.bootMs),
          number(figures.bootCpuMs),
          megabytes(figures.residentBytes),
          syncs,
        ]
      }),
    ]),
  ]
  return `${[...notes(run), ...[...blocks, idle].flatMap((block) => ['', ...block])].join('\n')}\n`
}

/**
 * The run as one Markdown table, a row for each scenario, with the command and the date above it.
 * @param {Run} run
 */
export function markdownReport(run) {
  const rows = [
    ['scenario', ...run.servers.map(({ name }) => name)],
    ['---', ...run.servers.map(() => '--:')],
    ['what is on disk when it answers', ...run.servers.map(({ syncs }) => syncs)],
    ...run.scenarios.map((scenario) => [
      `${scenario.title}, ${scenario.unit}`,
      ...run.servers.map(({ name }) => markdownCell(scenario, roundsOf(run, scenario, name))),
    ]),
    [
      'first answer after start, ms (CPU ms, MB then)',
      ...run.servers.map(({ name }) => {
        const figures = idleOf(run, name)
        return `${number(figures.bootMs)} (${number(figures.bootCpuMs)}, ${megabytes(figures.residentBytes)})`
      }),
    ],
    [
      'peak memory of all that, MB',
      ...run.servers.map(({ name }) => megabytes(peakOfAll(run, name))),
    ],
  ]
  return [
    ...notes(run).flatMap((line) => [line, '']),
    'In parentheses: for operations, or pages, the CPU microseconds that the server spent on each, and p99 in',
    'milliseconds; for megabytes the CPU seconds that it spent on them all; and its peak memory meanwhile.',
    '',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n')
}

/** @param {Run} run */
function notes(run) {
  const { command, date, machine, versions, rounds, quick } = run
  const size = quick ? 'small sizes (`--quick`)' : 'full sizes'
  return [
    `\`${command}\`, ${date}: medians of ${rounds} interleaved round${rounds === 1 ? '' : 's'}, ${size}.`,
    `${machine}; ${versions.join(', ')}; the client runs on the same cores over loopback.`,
    'None logs its requests, unless the row says so. MB are 10^6 bytes.',
    `Other programs used ${number(othersCores(run))} cores meanwhile.`,
    'Where a figure has a *, the client was busy nine tenths of the time, and is the limit.',
  ]
}

/**
 * How many cores all other programs took while the clock ran: where that is much, rates are worth little.
 * @param {Run} run
 */
export function othersCores({ cells }) {
  const measured = Object.values(cells).flatMap((cell) => Object.values(cell).flat())
  let used = 0
  let passed = 0
  for (const round of measured) {
    if (round.failed !== undefined || typeof round.otherCpuSeconds !== 'number') continue
    used += round.otherCpuSeconds
    passed += round.seconds ?? 0
  }
  return passed === 0 ? null : used / passed
}

/**
 * The medians of a scenario's rounds on a server; null where it was not measured or failed.
 * @param {Run} run
 * @param {Scenario} scenario
 * @param {string} name
 * @returns {Figures | null}
 */
export function summaryOf(run, scenario, name) {
  const rounds = roundsOf(run, scenario, name)
  const figures = summarise(rounds)
  return rounds.length === 0 || figures.failed !== undefined ? null : figures
}

/**
 * The names of the servers that the scenario was measured on.
 * @param {Run} run
 * @param {Scenario} scenario
 */
function measuredIn(run, scenario) {
  return run.servers
    .map(({ name }) => name)
    .filter((name) => roundsOf(run, scenario, name).length > 0)
}

/**
 * @param {Run} run
 * @param {Scenario} scenario
 * @param {string} name
 */
function roundsOf({ cells }, { id }, name) {
  return cells[id]?.[name] ?? []
}

/**
 * What a server took before any work: the medians of the rounds.
 * @param {Run} run
 * @param {string} name
 * @returns {Figures}
 */
export function idleOf({ idle }, name) {
  const figures = summarise(idle[name] ?? [])
  return figures.failed === undefined ? figures : {}
}

/**
 * @param {Run} run
 * @param {Scenario} scenario
 * @param {string} name
 */
function comparedWithFirst(run, scenario, name) {
  const first = run.servers[0]?.name ?? ''
  if (name === first) return null
  return ratio(roundsOf(run, scenario, first), roundsOf(run, scenario, name))
}

/**
 * @param {Scenario} scenario
 * @param {readonly Measured[]} rounds
 */
function markdownCell(scenario, rounds) {
  if (rounds.length === 0) return ''
  const figures = summarise(rounds)
  if (figures.failed !== undefined) return 'failed'
  const rate = `${number(figures.rate)}${isClientBound(figures) ? '\\*' : ''}`
  const peak = `${megabytes(figures.peakBytes)} MB`
  if (scenario.unit === 'MB/s') return `${rate} (${number(figures.serverCpuSeconds)} s, ${peak})`
  const cpu = `${number(figures.cpuMicrosPerOperation)} µs`
  return `${rate} (${cpu}, ${number(figures.p99Ms)} ms, ${peak})`
}

/** @param {Figures} figures */
function isClientBound({ clientCpuSeconds, seconds }) {
  return (clientCpuSeconds ?? 0) > 0.9 * (seconds ?? 0)
}

/**
 * @param {Run} run
 * @param {string} name
 */
function peakOfAll(run, name) {
  const peaks = run.scenarios
    .flatMap((scenario) => roundsOf(run, scenario, name))
    .flatMap((round) => (round.failed === undefined ? (round.peakBytes ?? []) : []))
  return peaks.length > 0 ? Math.max(...peaks) : null
}

/** @param {number | null} value */
function times(value) {
  return value === null ? '' : `${value.toFixed(2)}x`
}

/** @param {number | null | undefined} bytes */
function megabytes(bytes) {
  return number(bytes === null || bytes === undefined ? null : bytes / 1e6)
}

/**
 * Three digits that mean something, and no more.
 * @param {number | null | undefined} value
 */
export function number(value) {
  if (value === null || value === undefined) return '-'
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(value >= 10 ? 1 : 2)
}

/**
 * Lines in columns: the first to the left, the others to the right.
 * @param {readonly (readonly string[])[]} rows
 * @returns {string[]}
 */
export function textTable(rows) {
  const [head = []] = rows
  /** @type {number[]} */
  const widths = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      // A remark in place of figures must not widen the column that it happens to start in.
      const isRemark = column > 0 && row.length < head.length
      if (!isRemark) widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    return `  ${cells.join('  ').trimEnd()}`
  })
}
