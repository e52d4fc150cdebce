// Says whether an operation became dearer, in CPU time or in allocations, than baseline.json says.

import { readBaseline, writeBaseline, writes } from './guard-baseline.mjs'
import { guarded, measureCosts } from './guard-measure.mjs'
import { isMeasured, memory, newFolder, parts } from './guard-parts.mjs'
import { costLine, dearer, isBusy, isComparable, limit, lowest } from './guard-verdict.mjs'
import { familyCpuSeconds, machineCpuSeconds } from './process-usage.mjs'
import { runProgram } from './program.mjs'
import { hasRuntime, measuredRuntimes, runtimeVersion } from './servers.mjs'

/** @import { Cost } from './guard-measure.mjs' */
/** @import { Part } from './guard-parts.mjs' */

const shortList = ['manifest-get', 'manifest-push', 'small-blob-push', 'small-blob-get']
const tries = 3
/** With less than this left, no pair of servers is started. */
const startMs = 3000
/** How long what looks dearer may be measured again, beyond the time that was given. */
const againMs = 60_000

const usage = `node bench/guard.mjs [options]

  --short                ${shortList.join(', ')} alone, in 60 seconds
  --write                write the baseline anew, from ${writes} processes of each runtime
  --runtime NAME[,NAME…] (default: those of ${measuredRuntimes.join(', ')} that are installed)
  --only ID[,ID…]        of ${Object.keys(guarded).join(', ')}
  --seconds N            how long it may take; what is not measured by then is not judged, and what
                         looks dearer then may take ${againMs / 1000} more (default: 600, with --short 60)
  --dir FOLDER           where stores are kept (default: in memory, ${memory}, where there is that)
`

await runProgram(
  usage,
  {
    short: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    runtime: { type: 'string', default: measuredRuntimes.filter(hasRuntime).join(',') },
    only: { type: 'string' },
    seconds: { type: 'string' },
    dir: { type: 'string' },
  },
  async (values) => {
    const names = values.only?.split(',') ?? (values.short ? shortList : Object.keys(guarded))
    const seconds = Number(values.seconds ?? (values.short ? 60 : 600))
    const runtimes = values.runtime.split(',')
    const { dir, short } = values
    const options = { names, dir, short, end: performance.now() + seconds * 1000 }
    if (process.platform !== 'linux')
      return print('not judged: only Linux tells the CPU of a process')
    if (values.write) await writeBaseline(runtimes, options)
    else await compare(runtimes, options)
  },
)

/**
 * @typedef {object} Options
 * @property {readonly string[]} names of operations
 * @property {string | undefined} dir
 * @property {boolean} short
 * @property {number} end an instant of `performance.now()`
 */

/**
 * What was found of one runtime, in CPU time or in allocations.
 * @typedef {object} Finding
 * @property {string} runtime
 * @property {Part} of
 * @property {Readonly<Record<string, Cost>>} base
 * @property {Map<string, Cost>} costs the lowest of the tries
 * @property {string[]} suspects what was dearer in every try so far
 * @property {number} tries how many had the machine to themselves
 * @property {number} busy how many processors other programs took in the last try that had not
 */

/**
 * @param {readonly string[]} runtimes
 * @param {Options} options
 */
async function compare(runtimes, options) {
  const baseline = readBaseline()
  /** @type {Finding[]} */
  const findings = []
  for (const [at, runtime] of runtimes.entries()) {
    const version = runtimeVersion(runtime)
    const known = baseline?.runtimes[runtime]
    if (known === undefined || !isComparable(version, known.version)) {
      print(`${runtime} ${version}: not judged, the baseline is of ${known?.version ?? 'others'}`)
      continue
    }
    const now = performance.now()
    const runtimeEnd = now + (options.end - now) / (runtimes.length - at)
    for (const of of parts) {
      // Node and Deno have the same engine, and the short form has no time for both.
      const isRepeated = options.short && of.part === 'allocated' && runtime !== 'node'
      if (isRepeated || !isMeasured(runtime, of)) continue
      // CPU time needs more of it than allocations, which are the same each time.
      const isLast = of.part === 'allocated' || (options.short && runtime !== 'node')
      const until = isLast ? runtimeEnd : now + (runtimeEnd - now) * 0.65
      const base = known[of.part]
      /** @type {Finding} */
      const finding = {
        runtime,
        of,
        base,
        costs: new Map(),
        suspects: [...options.names],
        tries: 0,
        busy: 0,
      }
      await look(finding, options.dir, until)
      findings.push(finding)
    }
  }
  // Only what looks dearer takes more time than was given.
  const end = Math.max(performance.now(), options.end) + againMs
  const isOpen = (/** @type {Finding} */ finding) =>
    finding.suspects.length > 0 && finding.tries < tries
  while (findings.some(isOpen) && performance.now() < end - startMs) {
    for (const finding of findings.filter(isOpen)) await look(finding, options.dir, end)
  }
  report(findings, options.names)
  print(`the baseline: ${baseline?.written ?? 'none'}`)
}

/**
 * Measures the suspects, in fresh processes, and keeps those of them that are dearer this time too. One for
 * which the time does not suffice is no suspect any more. A try beside other programs acquits, and never convicts.
 * @param {Finding} finding
 * @param {string | undefined} dir
 * @param {number} until
 */
async function look(finding, dir, until) {
  const { runtime, of, suspects, base } = finding
  const before = othersSeconds()
  const began = performance.now()
  /** @type {Map<string, Cost>} */
  const costs =
    performance.now() > until - startMs
      ? new Map()
      : await measureCosts(runtime, suspects, of.meter, { folder: newFolder(dir), until })
  const others = ((othersSeconds() - before) * 1000) / (performance.now() - began)
  finding.costs = lowest(finding.costs, costs)
  finding.suspects = dearer(costs, base)
  // What is allocated does not depend on who has the processor.
  if (of.part === 'cpu' && isBusy(others)) finding.busy = others
  else finding.tries += 1
}

/** Seconds of CPU that all but this process and what it starts have used so far. */
function othersSeconds() {
  return (machineCpuSeconds() ?? 0) - (familyCpuSeconds(process.pid) ?? 0)
}

/**
 * @param {readonly Finding[]} findings
 * @param {readonly string[]} names
 */
function report(findings, names) {
  for (const { runtime, of, base, costs } of findings) {
    print(`${runtime}, ${of.title}:`)
    for (const name of names) {
      const cost = costs.get(name)
      if (cost === undefined) print(`  ${name}: not judged, there was no time left`)
      else print(`  ${costLine(name, cost, base[name], of.unit)}`)
    }
  }
  const judged = findings.reduce((sum, { costs }) => sum + costs.size, 0)
  print(`${judged} of ${findings.length * names.length} costs judged`)
  const said = (/** @type {Finding} */ { runtime, of, suspects }) =>
    suspects.map((name) => `${name} on ${runtime} (${of.title})`)
  const isDecided = (/** @type {Finding} */ finding) => finding.tries >= tries
  for (const finding of findings.filter((each) => each.suspects.length > 0 && !isDecided(each))) {
    const why =
      finding.busy > 0
        ? `other programs took ${finding.busy.toFixed(1)} processors`
        : 'there was no time to be sure'
    print(`Dearer, but ${why}, so not judged: ${said(finding).join(', ')}.`)
  }
  const tooDear = findings.filter(isDecided).flatMap(said)
  if (tooDear.length === 0) return
  print(`More than ${limit} times dearer in each of ${tries} tries: ${tooDear.join(', ')}.`)
  print('Make it cheaper, or write the baseline anew and say why: node bench/guard.mjs --write')
  process.exitCode = 1
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`)
}
