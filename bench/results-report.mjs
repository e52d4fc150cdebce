// bench/RESULTS.md, its plots and the ratios in docs/measured.md, from what was measured. Pure.

import { goals, idleGoals, standing } from './goals.mjs'
import { barPlot } from './plot.mjs'
import { idleOf, markdownReport, number, summaryOf } from './report.mjs'

/** @import { Goal, Standing } from './goals.mjs' */
/** @import { Run } from './types.ts' */

const runtimes = ['node', 'bun', 'deno']
/** @type {Record<string, string>} */
const titles = { node: 'Node', bun: 'Bun', deno: 'Deno' }

/** The scenarios that have a plot, and a line in docs/measured.md: each with the goal that tells how it stands. */
const shown = [
  { id: 'manifest-get', figure: 'cpuMicrosPerOperation', against: 'ferro' },
  { id: 'small-blob-push', figure: 'rate', against: 'best' },
  { id: 'manifest-push', figure: 'rate', against: 'best' },
  { id: 'whole-image', figure: 'rate', against: 'best' },
  { id: 'push-length', figure: 'rate', against: 'best that syncs' },
]

/**
 * The whole of bench/RESULTS.md.
 * @param {Run} run of run.mjs
 * @param {Run | null} large of large-store.mjs
 * @returns {string}
 */
export function resultsPage(run, large) {
  const runs = large === null ? [run] : [run, large]
  const largeTable =
    large === null
      ? []
      : ['## Over a large store', '', largeContents(large), '', markdownReport(large)]
  return [
    '# Results',
    '',
    '`npm run bench:results -- --write` measures and writes this page and its plots.',
    '',
    '## Goals',
    '',
    ...goalTable(runs),
    '',
    '## Beside other registries',
    '',
    markdownReport(only(run, ({ kind }) => kind !== 'bare')),
    ...plotsOf(run).map(({ id, title }) => `![${title}](plots/${id}.svg)\n`),
    '## Beside a bare server of the same runtime',
    '',
    'A bare server gives the same answers from a map, and appends what is pushed to one file.',
    '',
    markdownReport(withBare(run)),
    ...largeTable,
  ].join('\n')
}

/**
 * The plots, each for the file `plots/<id>.svg`.
 * @param {Run} run
 * @returns {{ id: string, title: string, svg: string }[]}
 */
export function plotsOf(run) {
  return shown.flatMap(({ id }) => {
    const scenario = run.scenarios.find((one) => one.id === id)
    if (scenario === undefined) return []
    const { title, unit } = scenario
    const bars = run.servers.flatMap(({ name, kind, syncs }) => {
      const figures = summaryOf(run, scenario, name)
      if (figures === null) return []
      const cpu =
        unit === 'MB/s'
          ? `${number(figures.serverCpuSeconds)} s CPU`
          : `${number(figures.cpuMicrosPerOperation)} µs CPU`
      const synced = kind === 'peer' && syncs === 'nothing' ? ', syncs nothing' : ''
      const label = `${number(figures.rate)} ${unit}, ${cpu}${synced}`
      return [{ name, kind, value: figures.rate ?? null, label }]
    })
    const caption = `${unit === '/s' ? 'operations' : 'megabytes'} a second, and the server's CPU; ${run.date}`
    return [{ id, title, svg: barPlot(title, caption, bars) }]
  })
}

/**
 * What docs/measured.md shows: a ratio for each path, and its plot.
 * @param {Run} run
 * @returns {string}
 */
export function comparisonTable(run) {
  const rows = shown.flatMap(({ id, figure, against }) => {
    const goal = goals.find(
      (one) => one.scenario === id && one.figure === figure && one.against === against,
    )
    const scenario = run.scenarios.find((one) => one.id === id)
    if (goal === undefined || scenario === undefined) return []
    const what = `${scenario.title}: ${whatOf(goal)}`
    const cells = runtimes.map((runtime) => besideText(standing(goal, runtime, run)))
    return cells.some(Boolean) ? [[what, ...cells]] : []
  })
  const { rounds, machine, versions, date } = run
  const peers = run.servers.filter(({ kind }) => kind === 'peer').map(({ name }) => name)
  return [
    `Beside ${peers.join(', ')}, in one run of ${rounds} interleaved rounds: the medians of the rounds' own`,
    `ratios, ${date}, ${versions.join(', ')}, ${machine}, which the client shares.`,
    'Layerdock has synced what it answers for; the tables in [bench/RESULTS.md](../bench/RESULTS.md) say of',
    'each registry whether it does, and have the figures behind the ratios, its aims, and plots.',
    '',
    ...table(['path', ...runtimes.map(titleOf)], rows),
    '',
    ...plotsOf(run).map(({ id, title }) => `![${title}](../bench/plots/${id}.svg)`),
  ].join('\n')
}

/** @param {readonly Run[]} runs */
function goalTable(runs) {
  const rows = goals.flatMap((goal) => {
    const run = runs.find(({ scenarios }) => scenarios.some(({ id }) => id === goal.scenario))
    const scenario = run?.scenarios.find(({ id }) => id === goal.scenario)
    if (run === undefined || scenario === undefined) return []
    const cells = runtimes.map((runtime) => goalText(standing(goal, runtime, run), goal, runtime))
    return [[`${scenario.title}: ${whatOf(goal)}`, ...cells]]
  })
  const [run, large] = runs
  const idle = [
    ['first answer after start, ms', run, 'bootMs', idleGoals.bootMs, 1],
    ['memory then, MB', run, 'residentBytes', idleGoals.megabytes, 1e6],
    ['first answer over the large store, ms', large, 'bootMs', idleGoals.largeBootMs, 1],
  ]
  const idleRows =
    /** @type {[string, Run | undefined, 'bootMs' | 'residentBytes', Record<string, number>, number][]} */ (
      idle
    ).flatMap(([title, of, figure, limits, unit]) => {
      if (of === undefined) return []
      const cells = runtimes.map((runtime) => {
        const own = of.servers.find((one) => one.kind === 'layerdock' && one.runtime === runtime)
        const value = own === undefined ? null : idleOf(of, own.name)[figure]
        if (value === null || value === undefined) return ''
        const limit = limits[runtime] ?? 0
        return verdict(number(value / unit), value / unit <= limit, `at most ${limit}`)
      })
      return [[title, ...cells]]
    })
  const told = [...rows, ...idleRows].filter(([, ...cells]) => cells.some(Boolean))
  return table(['goal', ...runtimes.map(titleOf)], told)
}

/** @param {Goal} goal */
function whatOf({ figure, against }) {
  const what = figure === 'rate' ? 'rate' : 'CPU of an operation'
  const beside = {
    best: 'the best of the others',
    'best that syncs': 'the best of the others that sync files',
    ferro: 'ferro',
    bare: 'a bare server',
    'manifest-get': 'the same without it',
  }
  return `${what}, beside ${beside[against]}`
}

/**
 * @param {Standing | null} found
 * @param {Goal} goal
 * @param {string} runtime
 */
function goalText(found, { figure, limits }, runtime) {
  if (found === null) return ''
  const wanted = `at ${figure === 'rate' ? 'least' : 'most'} ${limits[runtime]}`
  return verdict(besideText(found), found.met, wanted)
}

/** @param {Standing | null} found */
function besideText(found) {
  if (found === null) return ''
  const name = /^(?:bare|manifest-get)/.test(found.beside) ? '' : ` of ${found.beside}`
  return `${found.ratio.toFixed(2)}${name}`
}

/**
 * @param {string} text
 * @param {boolean} met
 * @param {string} wanted
 */
function verdict(text, met, wanted) {
  return met ? `**${text}** (${wanted})` : `${text} (${wanted})`
}

/** @param {string} runtime */
function titleOf(runtime) {
  return titles[runtime] ?? runtime
}

/** @param {Run} run */
function largeContents({ servers }) {
  const lines = servers.map(({ name, contents }) => {
    const parts = Object.entries(contents ?? {}).map(
      ([what, count]) => `${count.toLocaleString('en-US')} ${what}`,
    )
    return `- ${name}: ${parts.join(', ')}`
  })
  return [
    'What each held at the start; a registry that is slow to fill holds less.',
    '',
    ...lines,
  ].join('\n')
}

/**
 * @param {Run} run
 * @param {(server: Run['servers'][number]) => boolean} keep
 * @returns {Run}
 */
function only(run, keep) {
  return { ...run, servers: run.servers.filter(keep) }
}

/**
 * @param {Run} run
 * @returns {Run}
 */
function withBare(run) {
  const kept = only(run, ({ kind }) => kind !== 'peer')
  const bare = kept.servers.filter(({ kind }) => kind === 'bare').map(({ name }) => name)
  const scenarios = run.scenarios.filter(({ id }) => bare.some((name) => run.cells[id]?.[name]))
  return { ...kept, scenarios }
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)]
}
