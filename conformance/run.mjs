// Runs the official conformance suites against Layerdock, or against any registry.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNodes } from './nodes.mjs'
import { programOptions } from './program-options.mjs'
import { resultsPage, textTable } from './results-page.mjs'
import { runtimes, startServer } from './servers.mjs'
import { startServices } from './services.mjs'
import { findPrograms, runSuite, suites } from './suites.mjs'

const help = `npm run conformance -- [options]

  --store disk|memory|both   which stores to serve from (default: both, or none with --nodes)
  --runtime NAME             node (default), bun, deno or workerd, as npm ci installs them; may be
                             repeated
  --node VERSION             another Node, fetched by npx, such as 26; may be repeated;
                             'current' is the one that runs this (default)
  --node-command COMMAND     another Node by the command line that starts it
                             (or LAYERDOCK_NODE)
  --registry HOST:PORT       a registry that already runs, instead of Layerdock
  --nodes N                  as many nodes over one PostgreSQL and one SeaweedFS, behind a balancer that sends
                             every request to another node; not on workerd
  --only NAME                one suite: ${suites.map(({ name }) => `"${name}"`).join(', ')}; may be repeated
  --docker-image NAME        run the rewritten suite from this image (untested)
  --docker-image-v1.1 NAME   run the v1.1.0 suite from this image (untested)
  --strict                   what could not be run counts as failed
  --write                    write conformance/RESULTS.md
  --keep                     keep the folder with the suites' own reports

The rewritten suite is the program named by LAYERDOCK_CONFORMANCE, or is built with Go. The v1.1.0
suite is the program named by LAYERDOCK_CONFORMANCE_V1_1: in a checkout of distribution-spec at
v1.1.0, \`cd conformance && go test -c -o conformance.test\`. Images: \`docker build -t NAME
https://github.com/opencontainers/distribution-spec.git#v1.1.0:conformance\`, or \`#main:conformance\`.
`

const values = programOptions(help, {
  store: { type: 'string' },
  runtime: { type: 'string', multiple: true },
  node: { type: 'string', multiple: true },
  'node-command': { type: 'string' },
  registry: { type: 'string' },
  nodes: { type: 'string' },
  only: { type: 'string', multiple: true },
  'docker-image': { type: 'string' },
  'docker-image-v1.1': { type: 'string' },
  strict: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
})

if (!['disk', 'memory', 'both'].includes(values.store ?? 'both')) {
  fail(`--store ${values.store}: unknown`)
}
if (values.write && values.registry !== undefined) fail('--write is for Layerdock itself')
const nodeCount = Number(values.nodes ?? 0)
if (values.nodes !== undefined && !(nodeCount >= 1)) fail('--nodes takes a positive number')
const chosen = suites.filter(({ name }) => values.only?.includes(name) ?? true)
if (chosen.length === 0) fail(`--only ${values.only}: there is no such suite`)

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const top = mkdtempSync(join(tmpdir(), 'layerdock-conformance-'))
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => process.exit(130))
}
process.once('exit', () => {
  if (values.keep) process.stdout.write(`Reports: ${top}\n`)
  else rmSync(top, { recursive: true, force: true })
})

/**
 * Where suites run: one runtime with one store, or the registry that `--registry` names.
 * @typedef {object} Target
 * @property {string} runtime
 * @property {string} store
 * @property {(suite: import('./suites.mjs').Suite, dir: string) => Promise<{ host: string, stop: () => Promise<void> }>} open
 */

/** @param {string} runtime @returns {string[]} what is served from */
function storesOf(runtime) {
  const store = values.store ?? (nodeCount === 0 ? 'both' : 'none')
  const single = { both: ['disk', 'memory'], none: [] }[store] ?? [store]
  return nodeCount === 0 || runtime === 'workerd' ? single : [...single, `${nodeCount} nodes`]
}

/** @returns {Target[]} */
function targets() {
  const { registry } = values
  if (registry !== undefined) {
    const open = async () => ({ host: registry, stop: async () => {} })
    return [{ runtime: registry, store: '–', open }]
  }
  const command = values['node-command'] ?? process.env.LAYERDOCK_NODE
  const nodes = [...(values.node ?? []), ...(command ? [command] : [])]
  const named = values.runtime ?? ['node']
  const wanted = named.flatMap((name) =>
    (name === 'node' && nodes.length > 0 ? nodes : ['current']).map((version) => ({
      runtime: runtimes[name] ?? fail(`--runtime ${name}: unknown`),
      version,
      stores: storesOf(name),
    })),
  )
  return wanted.flatMap(({ runtime: { title, entry, find }, version, stores }) => {
    const found = find(version)
    return stores.map((store) => ({
      runtime: `${title} ${found.version}`,
      store,
      open: (suite, dir) => {
        const { command } = found
        const args = suite.serverArgs
        if (services !== null && store.endsWith('nodes')) {
          return openNodes({ services, command, entry, args, count: nodeCount })
        }
        const kind = store === 'memory' ? 'memory' : 'disk'
        return startServer({ command, entry, store: kind, dir: join(dir, 'store'), args })
      },
    }))
  })
}

const services = nodeCount === 0 ? null : await startServices()
const programs = findPrograms({
  image: values['docker-image'],
  oldImage: values['docker-image-v1.1'],
})
/** @type {import('./results-page.mjs').Outcome[]} */
const outcomes = []
for (const { runtime, store, open } of targets()) {
  for (const suite of chosen) {
    const program = programs[suite.program]
    const outcome = { runtime, store, suite: suite.name, totals: null, misses: [], seconds: 0 }
    if (typeof program === 'string') {
      outcomes.push({ ...outcome, version: '', notRun: program })
      continue
    }
    const { version } = program
    const dir = mkdtempSync(join(top, 'run-'))
    const began = performance.now()
    try {
      // Every run has a fresh store, so that none passes because of what another left behind.
      const server = await open(suite, mkdtempSync(join(top, 'store-')))
      try {
        const place = { dir, host: server.host, prefix: `conformance/${Date.now().toString(36)}` }
        const ran = await runSuite(suite, program, place)
        outcomes.push({ ...outcome, ...ran, version, notRun: null })
      } finally {
        await server.stop()
      }
    } catch (error) {
      outcomes.push({ ...outcome, misses: [`${error}`], version, notRun: null })
    }
    const last = outcomes.at(-1)
    if (last !== undefined) last.seconds = (performance.now() - began) / 1000
  }
}

await services?.stop()
process.stdout.write(`${textTable(outcomes)}\n\n`)
for (const { runtime, store, suite, misses, notRun, seconds } of outcomes) {
  const what = `${runtime}, ${store}, ${suite}`
  if (notRun !== null) process.stdout.write(`not run: ${what}: ${notRun}\n`)
  else if (misses.length > 0) {
    process.stdout.write(`FAILED: ${what} (${seconds.toFixed(1)} s)\n  ${misses.join('\n  ')}\n`)
  }
}
if (values.write) {
  const page = resultsPage(outcomes, {
    date: new Date().toISOString().slice(0, 10),
    command: ['npm run conformance --', ...process.argv.slice(2)].join(' '),
    system: `${platform()} ${arch()}`,
  })
  writeFileSync(new URL('RESULTS.md', import.meta.url), page)
}

const notRun = outcomes.filter((outcome) => outcome.notRun !== null).length
const failed = outcomes.filter((outcome) => outcome.misses.length > 0).length
const passed = outcomes.length - notRun - failed
const failures = failed + (values.strict ? notRun : 0)
process.stdout.write(`${passed} passed, ${failures} failed\n`)
process.exitCode = failures > 0 ? 1 : 0
