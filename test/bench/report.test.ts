import { expect, test } from 'vitest'
import { markdownReport, number, textReport, textTable } from '../../bench/report.mjs'
import type { Figures, Run } from '../../bench/types.ts'

function figures(rate: number, clientCpuSeconds = 0.1): Figures {
  return {
    rate,
    seconds: 1,
    p50Ms: 1.25,
    p99Ms: 12.5,
    serverCpuSeconds: 0.5,
    cpuMicrosPerOperation: 500,
    peakBytes: 80_000_000,
    clientCpuSeconds,
    otherCpuSeconds: 0.02,
  }
}

const run: Run = {
  command: 'node bench/run.mjs --rounds 1',
  date: '2026-11-24',
  machine: '2 × test',
  versions: ['Node 20.20.2'],
  rounds: 1,
  quick: false,
  servers: [
    { name: 'layerdock', kind: 'layerdock', runtime: 'node', syncs: 'files and journal' },
    { name: 'other', kind: 'peer', runtime: null, syncs: 'nothing' },
  ],
  scenarios: [
    { id: 'get', title: 'manifest GET', unit: '/s' },
    { id: 'push', title: 'push', unit: 'MB/s' },
    { id: 'log', title: 'GET with a log', unit: '/s' },
  ],
  idle: {
    layerdock: [{ bootMs: 123, bootCpuMs: 98, residentBytes: 60_000_000 }],
    other: [{ bootMs: 25, residentBytes: 20_000_000 }],
  },
  cells: {
    get: { layerdock: [figures(30_000, 0.95)], other: [figures(20_000)] },
    log: { layerdock: [figures(20_000)] },
    push: { layerdock: [figures(600)], other: [{ failed: 'PUT of a blob was answered 500' }] },
  },
}

test('the text names the command, the date, the rates, what each server syncs, and what failed', () => {
  const text = textReport(run)
  expect(text).toContain('node bench/run.mjs --rounds 1')
  expect(text).toContain('2026-11-24')
  expect(text).toContain('Node 20.20.2')
  // 0.02 s of each second.
  expect(text).toContain('Other programs used 0.02 cores')
  expect(text).toMatch(/layerdock +30,000 +1\.25 +12\.5 +0\.50 +500 +80\.0 +0\.95\* +0\.02/)
  expect(text).toMatch(/other +20,000 .*1\.50x/)
  expect(text).toMatch(/other +failed: PUT of a blob was answered 500/)
  expect(text.split('GET with a log')[1]?.split('idle')[0]).not.toMatch(/^ +other /m)
  expect(text).toMatch(/layerdock +123 +98\.0 +60\.0 +files and journal/)
})

test('the Markdown is one table whose rows all have the same cells', () => {
  const rows = markdownReport(run)
    .split('\n')
    .filter((line) => line.startsWith('|'))
  expect(new Set(rows.map((row) => row.split('|').length)).size).toBe(1)
  expect(rows).toContain(
    '| manifest GET, /s | 30,000\\* (500 µs, 12.5 ms, 80.0 MB) | 20,000 (500 µs, 12.5 ms, 80.0 MB) |',
  )
  expect(rows).toContain('| GET with a log, /s | 20,000 (500 µs, 12.5 ms, 80.0 MB) |  |')
  expect(rows).toContain('| push, MB/s | 600 (0.50 s, 80.0 MB) | failed |')
  expect(rows).toContain('| peak memory of all that, MB | 80.0 | 80.0 |')
})

test('numbers show three digits or whole thousands, and a dash where nothing was measured', () => {
  expect([0.123, 1.234, 12.34, 123.4, 12345].map(number)).toEqual([
    '0.12',
    '1.23',
    '12.3',
    '123',
    '12,345',
  ])
  expect(number(null)).toBe('-')
})

test('columns line up, and a remark in place of figures widens none', () => {
  expect(
    textTable([
      ['', 'rate', 'p99'],
      ['a', '1', '20'],
      ['bb', 'failed: a long story'],
    ]),
  ).toEqual(['      rate  p99', '  a      1   20', '  bb  failed: a long story'])
})
