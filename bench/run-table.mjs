// A table of scenarios and servers: measured, printed, and written for the results page.

import { writeFileSync } from 'node:fs'
import { commandLine } from './choice.mjs'
import { describeMachine, describeRuntimes } from './machine.mjs'
import { textReport } from './report.mjs'
import { runRounds } from './rounds.mjs'

/** @import { Plan } from './rounds.mjs' */
/** @import { Run } from './types.ts' */

/**
 * @param {string} program its path, as it was started
 * @param {{ json?: string | undefined }} options
 * @param {Omit<Plan, 'progress'>} plan
 * @param {Readonly<Record<string, Run['servers'][number]['contents']>>} [contents] what a server was filled with
 * @returns {Promise<Run>}
 */
export async function runTable(program, { json }, plan, contents) {
  const { servers, scenarios, size, rounds } = plan
  const progress = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)
  const run = {
    command: commandLine(program),
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    versions: describeRuntimes(servers),
    rounds,
    quick: size === 'quick',
    servers: servers.map(({ name, kind, runtime, syncs }) => ({
      ...{ name, kind, runtime, syncs },
      ...(contents === undefined ? {} : { contents: contents[name] ?? null }),
    })),
    scenarios: scenarios.map(({ id, title, unit, sizes }) => ({
      id,
      title: title(sizes[size]),
      unit,
    })),
    ...(await runRounds({ ...plan, progress })),
  }
  process.stdout.write(textReport(run))
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(run, null, 2)}\n`)
  return run
}
