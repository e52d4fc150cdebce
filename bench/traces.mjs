// What traces and the log cost: one build, without and with them, in turns.

import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measureInTurns, pairedComparison } from './in-turns.mjs'
import { programFolder, runProgram } from './program.mjs'
import { findTableScenario } from './scenarios/index.mjs'
import { layerdock } from './servers.mjs'

/** @import { AddressInfo } from 'node:net' */
/** @import { Sample } from './in-turns.mjs' */
/** @import { Server } from './types.ts' */

const usage = `node bench/traces.mjs [options]

  Without an SDK, and with one that sends to a receiver of this process: a share of the traces is recorded.

  --runtime NAME         node, bun or deno, whose own SDK is used (default: node)
  --only ID[,ID…]        scenarios (default: manifest-get)
  --sample R[,R…]        shares that are recorded (default: 0.01,0.1,1)
  --by NAME              who chooses them: server (--trace-sample), or sdk (its sampler; not on Deno) (default: server)
  --processes N          how many processes of each (default: 5)
  --epochs N             how often each process is measured, in turns (default: 12)
  --seconds N            how long each time (default: 0.25)
  --dir FOLDER           where they keep things, on a disk (default: ${tmpdir()})
`

const sdk = fileURLToPath(new URL('../examples/tracing/otel.mjs', import.meta.url))

await runProgram(
  usage,
  {
    runtime: { type: 'string', default: 'node' },
    only: { type: 'string', default: 'manifest-get' },
    sample: { type: 'string', default: '0.01,0.1,1' },
    by: { type: 'string', default: 'server' },
    processes: { type: 'string', default: '5' },
    epochs: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '0.25' },
    dir: { type: 'string', default: tmpdir() },
  },
  async ({ runtime, only, sample, by, processes, epochs, seconds, dir }) => {
    const receiver = createServer((request, response) => {
      request
        .resume()
        .on('end', () => response.setHeader('Content-Type', 'application/json').end('{}'))
    })
    await new Promise((resolve) => receiver.listen(0, '127.0.0.1', () => resolve(null)))
    const { port } = /** @type {AddressInfo} */ (receiver.address())
    const base = layerdock(runtime)
    const metrics = `${base.command} --metrics --metrics-listen 127.0.0.1:0`
    const rates = sample.split(',')
    const servers = [
      { ...base, name: 'off' },
      { ...base, name: 'log', command: base.variants.log ?? '' },
      { ...base, name: 'metrics', command: metrics },
      ...rates.map((rate) => withSdk(base, base.command, by, rate, port, '')),
      ...rates.slice(0, 2).map((rate) => withSdk(base, metrics, by, rate, port, ' and metrics')),
    ]
    const plan = { epochs: Number(epochs), seconds: Number(seconds), warmUp: 1.5 }
    const folder = programFolder(dir, 'traces')
    for (const scenario of only.split(',').map(findTableScenario)) {
      /** @type {Sample[][]} */
      const samples = servers.map(() => [])
      for (let round = 0; round < Number(processes); round++) {
        const measured = await measureInTurns(scenario, servers, plan, join(folder, `${round}`))
        measured.forEach((one, index) => {
          samples[index]?.push(one)
        })
      }
      process.stdout.write(`\n${runtime}: ${pairedComparison(scenario, servers, samples)}`)
    }
    receiver.close()
    receiver.closeAllConnections()
  },
)

/**
 * The same server with an SDK that records a share of its traces.
 * @param {Server} base
 * @param {string} command
 * @param {string} by who chooses the share
 * @param {string} rate
 * @param {number} port of the receiver
 * @param {string} more
 * @returns {Server}
 */
function withSdk(base, command, by, rate, port, more) {
  const endpoint = `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${port}`
  const variables = `/usr/bin/env ${endpoint} OTEL_TRACES_SAMPLER_ARG=${by === 'sdk' ? rate : 1}`
  const [program = '', ...words] = command.split(' ')
  const rest = [...words, ...(by === 'sdk' ? [] : ['--trace-sample', rate])].join(' ')
  const name = `${rate} recorded${more}`
  switch (base.runtime) {
    case 'bun':
      return { ...base, name, command: `${variables} ${program} --preload ${sdk} ${rest}` }
    case 'deno': {
      const own = 'OTEL_DENO=true OTEL_EXPORTER_OTLP_PROTOCOL=http/json'
      return { ...base, name, command: `${variables} ${own} ${program} ${rest}` }
    }
    default:
      return { ...base, name, command: `${variables} ${program} --import ${sdk} ${rest}` }
  }
}
