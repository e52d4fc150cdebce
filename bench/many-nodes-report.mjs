// bench/RESULTS-many-nodes.md, from what was measured. Pure.

import { ratio, summarise } from './figures.mjs'
import { number, othersCores } from './report.mjs'

/** @import { Figures, Measured, Run } from './types.ts' */

/**
 * @typedef {object} ManyNodes
 * @property {Run} run the lists are among its scenarios
 * @property {readonly [number, number]} load of the machine, before and after
 * @property {number} tags how many there are in the repository that is listed
 * @property {Readonly<Record<string, Readonly<Record<string, Measured>>>>} calls one round through counters, for
 *   each scenario and server
 * @property {Growth | null | undefined} growth null where it could not be measured
 */

/**
 * @typedef {object} Growth
 * @property {number} share of a core that each node could use
 * @property {number} cores of the machine
 * @property {Readonly<Record<string, Readonly<Record<string, readonly Measured[]>>>>} cells one entry a round, for
 *   each scenario and number of nodes
 */

/** How many times the rate of each other registry is aimed at. */
const goals = { 'manifest-push': 5, 'tags-page': 5 }
const goalOf = (/** @type {string} */ id) => /** @type {Record<string, number>} */ (goals)[id] ?? 1

/**
 * The whole page.
 * @param {ManyNodes} measured
 * @returns {string}
 */
export function manyNodesPage(measured) {
  const { run, load, tags, growth } = measured
  const { command, date, machine, versions, rounds, quick } = run
  return [
    '# Many nodes',
    '',
    `\`${command} --write\` measures and writes this page.`,
    '',
    `${date}: medians of ${rounds} interleaved round${rounds === 1 ? '' : 's'}${quick ? ', small sizes' : ''}.`,
    `${machine}; ${versions.join(', ')}; servers, database, bucket and client share these cores over loopback.`,
    `The load was ${load.map((value) => value.toFixed(1)).join(' before and ')} after, and other programs used ${number(othersCores(run))} cores meanwhile:`,
    'trust ratios, not rates.',
    `All keep their bytes in one bucket of SeaweedFS. Lists are of a repository of ${tags.toLocaleString('en-US')} tags.`,
    '',
    '## How many times the rate of the others',
    '',
    'The median of the rounds’ own ratios. The goal is 1, and 5 for manifest push and lists; what reaches it is bold.',
    '',
    ...ratioTable(run),
    '',
    '## Rates, and what they cost',
    '',
    'In parentheses the CPU, in microseconds for an operation or a page and in seconds for megabytes, of the servers,',
    'the database, the bucket and the balancer; and p99 in milliseconds.',
    '',
    ...rateTable(run),
    '',
    '## Calls for each operation',
    '',
    'Counted in a run of its own: calls to the bucket by a proxy in front of it, statements by PostgreSQL itself,',
    'BEGIN and COMMIT among them. Writes that wait at once share statements.',
    '',
    ...callTable(measured),
    '',
    ...(growth === undefined ? [] : growth === null ? noGrowth : growthSection(growth, run)),
  ].join('\n')
}

const noGrowth = [
  '## With more nodes',
  '',
  'Not measured: the machine does not let this program limit what a process may use of a core.',
  '',
]

/** @param {Run} run */
function ratioTable(run) {
  const own = run.servers.filter(({ kind }) => kind === 'layerdock')
  const peers = run.servers.filter(({ kind }) => kind === 'peer')
  const pairs = [
    ...own.flatMap((server) => peers.map((peer) => ({ server, peer }))),
    ...own.slice(1).map((peer) => ({ server: own[0] ?? peer, peer })),
  ]
  const rows = run.scenarios.map(({ id, title }) => [
    title,
    ...pairs.map(({ server, peer }) => {
      const value = ratio(run.cells[id]?.[server.name] ?? [], run.cells[id]?.[peer.name] ?? [])
      if (value === null || !((run.cells[id]?.[server.name] ?? []).length > 0)) return ''
      const text = value.toFixed(value < 10 ? 2 : 1)
      return peer.kind === 'peer' && value >= goalOf(id) ? `**${text}**` : text
    }),
  ])
  const heads = pairs.map(({ server, peer }) => `${server.name} ÷ ${peer.name}`)
  return markdownTable(['scenario', ...heads], rows)
}

/** @param {Run} run */
function rateTable(run) {
  const rows = run.scenarios.map(({ id, title, unit }) => [
    `${title}, ${unit}`,
    ...run.servers.map(({ name }) => rateCell(unit, run.cells[id]?.[name] ?? [])),
  ])
  return markdownTable(
    ['scenario', ...run.servers.map(({ name }) => name)],
    [...rows, ['what is durable when it answers', ...run.servers.map(({ syncs }) => syncs)]],
  )
}

/**
 * @param {string} unit
 * @param {readonly Measured[]} rounds
 */
function rateCell(unit, rounds) {
  if (rounds.length === 0) return ''
  const figures = summarise(rounds)
  if (figures.failed !== undefined) return `failed: ${figures.failed}`
  const each = unit === 'MB/s' ? 1 : 1e6 / (figures.operations ?? 0)
  const parts = [
    figures.serverCpuSeconds,
    figures.databaseCpuSeconds,
    figures.bucketCpuSeconds,
    ...(figures.balancerCpuSeconds === undefined ? [] : [figures.balancerCpuSeconds]),
  ].map((seconds) => number(typeof seconds === 'number' ? seconds * each : null))
  const cpu = `${parts.join(' + ')} ${unit === 'MB/s' ? 's' : 'µs'}`
  return `${number(figures.rate)} (${cpu}; ${number(figures.p99Ms)} ms)`
}

/** @param {ManyNodes} measured */
function callTable({ run, calls }) {
  const names = run.servers
    .map(({ name }) => name)
    .filter((name) => Object.values(calls).some((cell) => cell[name] !== undefined))
  const rows = run.scenarios.flatMap(({ id, title }) => {
    const cell = calls[id]
    if (cell === undefined) return []
    return [[title, ...names.map((name) => callCell(cell[name]))]]
  })
  return markdownTable(['scenario', ...names], rows)
}

/**
 * What one operation asked of the bucket and of the database.
 * @param {Measured | undefined} measured
 */
export function callCell(measured) {
  if (measured === undefined) return ''
  if (measured.failed !== undefined) return 'failed'
  const operations = measured.operations ?? 0
  const kinds = Object.entries(measured)
    .filter(([name, value]) => /^[A-Z]/.test(name) && typeof value === 'number' && value > 0)
    .map(([name, value]) => ({ name, each: Number(value) / operations }))
    .sort((a, b) => b.each - a.each)
  const all = kinds.reduce((sum, { each }) => sum + each, 0)
  // What came once, such as a look at an old upload, is no part of the operation.
  const shown = kinds
    .filter(({ each }) => each >= 0.05)
    .map(({ name, each }) => `${short(each)} ${name}`)
  const bucket = `**${short(all)} S3**${shown.length > 0 ? ` (${shown.join(', ')})` : ''}`
  const { sqlStatements } = measured
  if (typeof sqlStatements !== 'number' || sqlStatements === 0) return bucket
  return `${bucket}, **${short(sqlStatements / operations)} SQL**`
}

/** @param {number} value */
function short(value) {
  return Number(value.toFixed(value < 1 ? 2 : 1)).toString()
}

/**
 * @param {Growth} growth
 * @param {Run} run
 */
function growthSection({ share, cores, cells }, run) {
  const counts = [...new Set(Object.values(cells).flatMap((cell) => Object.keys(cell)))]
  const rows = Object.entries(cells).map(([id, cell]) => [
    run.scenarios.find((one) => one.id === id)?.title ?? id,
    ...counts.map((count) => {
      const rounds = cell[count] ?? []
      const figures = summarise(rounds)
      if (figures.failed !== undefined) return `failed: ${figures.failed}`
      const times = ratio(rounds, cell[counts[0] ?? ''] ?? [])
      const grown = count === counts[0] || times === null ? '' : `, ${times.toFixed(2)}x`
      return `${number(figures.rate)}${grown} (${fullness(figures, Number(count), share, cores)})`
    }),
  ])
  return [
    '## With more nodes',
    '',
    `Each node may use ${share} of a core here, so that a machine of ${cores} cores has room for several; the client asks`,
    'the nodes in turns. In parentheses: how much of that the nodes used, how many cores the database, the bucket and the',
    'client used, and what was full.',
    '',
    ...markdownTable(
      ['scenario', ...counts.map((count) => `${count} node${count === '1' ? '' : 's'}, /s`)],
      rows,
    ),
    '',
  ]
}

/**
 * What was used of everything, and what of it was full.
 * @param {Figures} figures
 * @param {number} nodes
 * @param {number} share
 * @param {number} cores
 */
export function fullness(figures, nodes, share, cores) {
  const seconds = figures.seconds ?? 1
  const used = (/** @type {number | null | undefined} */ value) => (value ?? 0) / seconds
  const servers = used(figures.serverCpuSeconds)
  const database = used(figures.databaseCpuSeconds)
  const bucket = used(figures.bucketCpuSeconds)
  const client = used(figures.clientCpuSeconds)
  const others = used(figures.otherCpuSeconds)
  const ofShare = servers / (nodes * share)
  const machine = servers + database + bucket + client + others
  const full = []
  if (ofShare >= 0.85) full.push('the nodes')
  if (machine >= 0.9 * cores) full.push('the machine')
  const what = full.length === 0 ? 'nothing: they wait for the disk' : full.join(' and ')
  const parts = [
    `nodes ${Math.round(ofShare * 100)} %`,
    `database ${number(database)}`,
    `bucket ${number(bucket)}`,
    `client ${number(client)}`,
  ]
  return `${parts.join(', ')}; full: ${what}`
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function markdownTable(head, rows) {
  const rule = ['---', ...head.slice(1).map(() => '--:')]
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`)
}
