// The tables. Pure: figures in, text out.

import { ratio, summarise } from './figures.mjs'

/**
 * A run: `{ command, date, machine, rounds, quick, servers, roads, idle, cells }`. `servers` are
 * `{ name, command, syncs }`, the first the one that the others are held against; `idle[name]` is a
 * list of `{ bootMs, residentBytes }` and `cells[road][name]` a list of measurements, one a round.
 */

/** The whole run as text for a terminal: a block for each road, a line for each server. */
export function textReport(run) {
  const blocks = run.roads.map((road) => [
    road.title,
    ...textTable([
      [
        '',
        `rate ${road.unit}`,
        'p50 ms',
        'p99 ms',
        'server CPU s',
        'CPU µs/op',
        'peak MB',
        'client CPU s',
        'others CPU s',
        versus(run),
      ],
      ...run.servers.map(({ name }) => {
        const rounds = run.cells[road.id][name]
        const figures = summarise(rounds)
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
          times(againstFirst(run, road, name)),
        ]
      }),
    ]),
  ])
  const idle = [
    'idle: from spawn to the first answer of /v2/, and memory after it',
    ...textTable([
      ['', 'ms', 'MB', 'syncs'],
      ...run.servers.map(({ name, syncs }) => {
        const figures = summarise(run.idle[name])
        return [name, number(figures.bootMs), megabytes(figures.residentBytes), syncs]
      }),
    ]),
  ]
  return `${[...notes(run), ...[...blocks, idle].flatMap((block) => ['', ...block])].join('\n')}\n`
}

/** The run as one Markdown table, a row for each road, with the command and the date above it. */
export function markdownReport(run) {
  const [first, ...others] = run.servers
  const rows = [
    [
      'road',
      ...run.servers.map(({ name }) => name),
      ...others.map(({ name }) => `${first.name} / ${name}`),
    ],
    ['---', ...run.servers.map(() => '--:'), ...others.map(() => '--:')],
    [
      'what is on disk when it answers',
      ...run.servers.map(({ syncs }) => syncs),
      ...others.map(() => ''),
    ],
    ...run.roads.map((road) => [
      `${road.title}, ${road.unit}`,
      ...run.servers.map(({ name }) => markdownCell(road, run.cells[road.id][name])),
      ...others.map(({ name }) => times(againstFirst(run, road, name))),
    ]),
    [
      'first answer after start, ms (idle MB)',
      ...run.servers.map(({ name }) => {
        const figures = summarise(run.idle[name])
        return `${number(figures.bootMs)} (${megabytes(figures.residentBytes)})`
      }),
      ...others.map(() => ''),
    ],
    [
      'peak memory of all that, MB',
      ...run.servers.map(({ name }) => megabytes(peakOfAll(run, name))),
      ...others.map(() => ''),
    ],
  ]
  return [
    ...notes(run).flatMap((line) => [line, '']),
    'In parentheses: for operations the CPU microseconds that the server spent on each, and p99 in',
    'milliseconds; for megabytes the CPU seconds that it spent on them all.',
    '',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n')
}

function notes({ command, date, machine, rounds, quick }) {
  const size = quick ? 'small sizes (`--quick`)' : 'full sizes'
  return [
    `\`${command}\`, ${date}: medians of ${rounds} interleaved round${rounds === 1 ? '' : 's'}, ${size}.`,
    `${machine}; the client runs on the same cores over loopback, and a ratio is the median of the rounds' own.`,
    'Layerdock, docker-registry and whatever takes {config} log no requests. MB are 10^6 bytes.',
    'Where a figure has a *, the client was busy nine tenths of the time, and is the limit.',
  ]
}

function versus({ servers }) {
  return `${servers[0].name} is`
}

function againstFirst({ servers, cells }, road, name) {
  if (name === servers[0].name) return null
  return ratio(cells[road.id][servers[0].name], cells[road.id][name])
}

function markdownCell(road, rounds) {
  const figures = summarise(rounds)
  if (figures.failed !== undefined) return 'failed'
  const rate = `${number(figures.rate)}${isClientBound(figures) ? '\\*' : ''}`
  if (road.unit === 'MB/s') return `${rate} (${number(figures.serverCpuSeconds)} s)`
  return `${rate} (${number(figures.cpuMicrosPerOperation)} µs, ${number(figures.p99Ms)} ms)`
}

function isClientBound({ clientCpuSeconds, seconds }) {
  return clientCpuSeconds > 0.9 * seconds
}

function peakOfAll({ roads, cells }, name) {
  const peaks = roads.flatMap((road) =>
    cells[road.id][name].map((round) => round.peakBytes ?? null),
  )
  return peaks.some((peak) => peak !== null) ? Math.max(...peaks) : null
}

function times(value) {
  return value === null ? '' : `${value.toFixed(2)}x`
}

function megabytes(bytes) {
  return number(bytes === null || bytes === undefined ? null : bytes / 1e6)
}

/** Three figures that mean something, and no more. */
export function number(value) {
  if (value === null || value === undefined) return '-'
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(value >= 10 ? 1 : 2)
}

/** Lines in columns: the first to the left, the others to the right. */
export function textTable(rows) {
  const widths = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      // A remark in place of figures must not widen the column that it happens to start in.
      const isRemark = column > 0 && row.length < rows[0].length
      if (!isRemark) widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]),
    )
    return `  ${cells.join('  ').trimEnd()}`
  })
}
