// Builds of Layerdock beside each other: what a change costs or saves, in CPU for each operation.

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { comparison, measureInTurns } from './in-turns.mjs'
import { programFolder, runProgram } from './program.mjs'
import { findTableScenario, scenarios } from './scenarios/index.mjs'
import { layerdockBuild } from './servers.mjs'

/** @import { Sample } from './in-turns.mjs' */

const usage = `node bench/builds.mjs --build NAME=FOLDER --build NAME=FOLDER [options]

  --build NAME=FOLDER    a checkout that was built, or its dist folder; the others are compared
                         with the first
  --runtime NAME         what they run on: node, bun or deno (default: node)
  --only ID[,ID…]        these scenarios alone: ${scenarios.map(({ id }) => id).join(', ')}
                         (default: manifest-get,small-blob-push,manifest-push)
  --processes N          how many processes of each build (default: 5)
  --epochs N             how often each process is measured, in turns (default: 12)
  --seconds N            how long each time (default: 0.25)
  --warm-up N            seconds of the same work before (default: 1.5)
  --dir FOLDER           where they keep things, on a disk (default: ${tmpdir()})
`

await runProgram(
  usage,
  {
    build: { type: 'string', multiple: true, default: [] },
    runtime: { type: 'string', default: 'node' },
    only: { type: 'string', default: 'manifest-get,small-blob-push,manifest-push' },
    processes: { type: 'string', default: '5' },
    epochs: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '0.25' },
    'warm-up': { type: 'string', default: '1.5' },
    dir: { type: 'string', default: tmpdir() },
  },
  async (options) => {
    const builds = options.build.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new Error(`a build is given as name=folder, not ${JSON.stringify(text)}`)
      return layerdockBuild(text.slice(0, at), text.slice(at + 1), options.runtime)
    })
    if (builds.length < 2) throw new Error('at least two builds are compared: --build NAME=FOLDER')
    const chosen = options.only.split(',').map(findTableScenario)
    const plan = {
      processes: count('processes', options.processes),
      epochs: count('epochs', options.epochs),
      seconds: Number(options.seconds),
      warmUp: Number(options['warm-up']),
    }
    const folder = programFolder(options.dir, 'builds')
    process.stdout.write(
      `${options.runtime}: ${plan.processes} processes of each build, ${plan.epochs} epochs of ${plan.seconds} s in each, in turns; medians of the processes' own\n`,
    )
    for (const scenario of chosen) {
      /** @type {Sample[][]} */
      const samples = builds.map(() => [])
      for (let round = 0; round < plan.processes; round++) {
        const measured = await measureInTurns(scenario, builds, plan, join(folder, `${round}`))
        measured.forEach((sample, index) => {
          samples[index]?.push(sample)
        })
      }
      process.stdout.write(`\n${comparison(scenario, builds, samples)}`)
    }
  },
)

/**
 * @param {string} name
 * @param {string} text
 */
function count(name, text) {
  const value = Number(text)
  if (!(Number.isInteger(value) && value > 0)) throw new Error(`--${name} takes a whole number`)
  return value
}
