import { expect, test } from 'vitest'
import { type Goal, standing } from '../../bench/goals.mjs'
import { barPlot } from '../../bench/plot.mjs'
import { comparisonTable, plotsOf, resultsPage } from '../../bench/results-report.mjs'
import type { Figures, Run } from '../../bench/types.ts'

const figures = (rate: number, cpu: number): Figures => ({
  rate,
  cpuMicrosPerOperation: cpu,
  serverCpuSeconds: 1,
  p99Ms: 5,
})

const run: Run = {
  command: 'node bench/run.mjs',
  date: '2026-11-27',
  machine: '2 × test',
  versions: ['Node 20.20.2'],
  rounds: 2,
  quick: false,
  servers: [
    { name: 'layerdock on node', kind: 'layerdock', runtime: 'node', syncs: 'files and journal' },
    { name: 'bare node', kind: 'bare', runtime: 'node', syncs: 'one file' },
    { name: 'ferro', kind: 'peer', runtime: null, syncs: 'metadata only' },
    { name: 'olareg', kind: 'peer', runtime: null, syncs: 'nothing' },
    { name: 'distribution', kind: 'peer', runtime: null, syncs: 'files' },
  ],
  scenarios: [
    { id: 'manifest-get', title: 'manifest GET', unit: '/s' },
    { id: 'push-length', title: 'push 512 MiB', unit: 'MB/s' },
  ],
  idle: { 'layerdock on node': [{ bootMs: 140, residentBytes: 70_000_000 }] },
  cells: {
    'manifest-get': {
      'layerdock on node': [figures(100, 30), figures(100, 60)],
      'bare node': [figures(200, 20), figures(200, 40)],
      ferro: [figures(300, 20), figures(300, 60)],
      olareg: [figures(250, 40), figures(250, 40)],
    },
    'push-length': {
      'layerdock on node': [figures(600, 1), figures(600, 1)],
      olareg: [figures(800, 1), figures(800, 1)],
      distribution: [figures(500, 1), figures(500, 1)],
    },
  },
}

test.each<[Goal['scenario'], Goal['figure'], Goal['against'], number, string]>([
  ['manifest-get', 'cpuMicrosPerOperation', 'ferro', 1.25, 'ferro'],
  ['manifest-get', 'cpuMicrosPerOperation', 'bare', 1.5, 'bare node'],
  ['manifest-get', 'rate', 'best', 1 / 3, 'ferro'],
  ['push-length', 'rate', 'best', 0.75, 'olareg'],
  ['push-length', 'rate', 'best that syncs', 1.2, 'distribution'],
])(
  '%s, %s beside %s is the median of the rounds’ ratios',
  (scenario, figure, against, ratio, beside) => {
    const goal = { scenario, figure, against, limits: { node: ratio } }
    const found = standing(goal, 'node', run)
    expect(found?.ratio).toBeCloseTo(ratio)
    expect(found?.beside).toBe(beside)
    // A rate has to be at least the limit, CPU at most.
    const more = standing({ ...goal, limits: { node: ratio * 1.1 } }, 'node', run)
    expect(more?.met).toBe(figure !== 'rate')
  },
)

test('a runtime that was not measured stands nowhere', () => {
  const goal: Goal = {
    scenario: 'manifest-get',
    figure: 'rate',
    against: 'best',
    limits: { node: 1, bun: 1 },
  }
  expect(standing(goal, 'bun', run)).toBeNull()
})

test('the page tells each goal beside its aim, in bold where it is met, and keeps bare servers apart', () => {
  const page = resultsPage(run, null)
  expect(page).toContain(
    '| manifest GET: CPU of an operation, beside ferro | **1.25 of ferro** (at most 1.6) |  |  |',
  )
  expect(page).toContain('| first answer after start, ms | **140** (at most 150) |  |  |')
  expect(page).toContain('| memory then, MB | 70.0 (at most 60) |  |  |')
  const [beside = ''] = page.split('## Beside a bare server')
  expect(beside).not.toContain('bare node')
  expect(page).toContain('![manifest GET](plots/manifest-get.svg)')
})

test('the page shows what a large store held', () => {
  const contents = { manifests: 100_000, tags: 500_000 }
  const large = {
    ...run,
    scenarios: [],
    servers: run.servers.slice(0, 1).map((server) => ({ ...server, contents })),
  }
  expect(resultsPage(run, large)).toContain('- layerdock on node: 100,000 manifests, 500,000 tags')
})

test('docs/measured.md gets a line for each path that was measured', () => {
  const text = comparisonTable(run)
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  expect(rows).toHaveLength(4)
  expect(rows[3]).toContain('1.20 of distribution')
  expect(text).toContain('![push 512 MiB](../bench/plots/push-length.svg)')
})

test('a plot has a bar for each server, as long as its value, and escapes what it is told', () => {
  const bars = [
    { name: 'a & b', kind: 'layerdock' as const, value: 50, label: '50 /s' },
    { name: 'c', kind: 'peer' as const, value: 100, label: '<100>' },
  ]
  const svg = barPlot('title', 'caption', bars)
  const widths = [...svg.matchAll(/<rect x="170" .*? width="([\d.]+)"/g)].map((found) =>
    Number(found[1]),
  )
  expect(widths[1]).toBeCloseTo((widths[0] ?? 0) * 2)
  expect(svg).toContain('a &amp; b')
  expect(svg).toContain('&lt;100&gt;')
  expect(plotsOf(run).map(({ id }) => id)).toEqual(['manifest-get', 'push-length'])
})
