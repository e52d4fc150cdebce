// Measures everything, and writes RESULTS.md, the plots and the ratios in docs/measured.md.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { programOptions } from '../conformance/program-options.mjs'
import { commandLine, sharedOptions, sharedUsage } from './choice.mjs'
import { comparisonTable, plotsOf, resultsPage } from './results-report.mjs'

/** @import { Run } from './types.ts' */

const project = new URL('..', import.meta.url)
const out = new URL('bench/out/', project)
const [begin, end] = ['<!-- bench -->', '<!-- /bench -->']

const usage = `node bench/results.mjs [options]
${sharedUsage}
  --only ID[,ID…]        these scenarios alone
  --seed-seconds N       how long another registry may be filled for the large store (default: 120)
  --no-large             without the large store
  --reuse                measure nothing: what the last run left in bench/out
  --write                write bench/RESULTS.md, bench/plots and docs/measured.md; otherwise it is printed
`

try {
  main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

function main() {
  const options = programOptions(usage, {
    ...sharedOptions,
    'seed-seconds': { type: 'string' },
    'no-large': { type: 'boolean', default: false },
    reuse: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  })
  const args = process.argv.slice(2)
  if (!options.reuse) {
    mkdirSync(out, { recursive: true })
    measure('run', withoutOptions(args, ['--seed-seconds']))
    if (!options['no-large']) measure('large-store', withoutOptions(args, ['--only']))
  }
  const run = measured('run')
  if (run === null) throw new Error('nothing was measured yet')
  const large = options['no-large'] ? null : measured('large-store')
  const page = resultsPage(run, large)
  if (!options.write) {
    process.stdout.write(`${page}\n${comparisonTable(run)}\n`)
    return
  }
  writeFileSync(new URL('bench/RESULTS.md', project), page)
  mkdirSync(new URL('bench/plots/', project), { recursive: true })
  for (const { id, svg } of plotsOf(run)) {
    writeFileSync(new URL(`bench/plots/${id}.svg`, project), svg)
  }
  const comparison = new URL('docs/measured.md', project)
  writeFileSync(comparison, between(readFileSync(comparison, 'utf8'), comparisonTable(run)))
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function measure(program, args) {
  const path = fileURLToPath(new URL(`bench/${program}.mjs`, project))
  const json = fileURLToPath(new URL(`${program}.json`, out))
  rmSync(json, { force: true })
  const { status } = spawnSync(process.execPath, [path, ...args, '--json', json], {
    stdio: 'inherit',
  })
  // A scenario that failed on some registry is in the table; no figures at all are a failure here.
  if (!existsSync(json)) throw new Error(`${program} ended with ${status}`)
  const run = JSON.parse(readFileSync(json, 'utf8'))
  const command = commandLine('bench/results.mjs').replace(
    'node bench/results.mjs',
    'npm run bench:results --',
  )
  writeFileSync(json, `${JSON.stringify({ ...run, command }, null, 2)}\n`)
}

/**
 * @param {string} program
 * @returns {Run | null}
 */
function measured(program) {
  const json = new URL(`${program}.json`, out)
  return existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')) : null
}

/**
 * Without this program's own switches, and without options (each with a value) of the other one.
 * @param {readonly string[]} args
 * @param {readonly string[]} names
 */
function withoutOptions(args, names) {
  const switches = ['--no-large', '--write']
  /** @type {string[]} */
  const kept = []
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (names.includes(arg)) at++
    else if (!switches.includes(arg)) kept.push(arg)
  }
  return kept
}

/**
 * @param {string} text
 * @param {string} middle
 */
function between(text, middle) {
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/measured.md has no ${begin} … ${end}`)
  return `${text.slice(0, from + begin.length)}\n${middle}\n${text.slice(to)}`
}
