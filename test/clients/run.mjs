// Drives every container client that is installed against Layerdock, or against any registry.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../../conformance/program-options.mjs'
import { entryPath, runtimes, startServer } from '../../conformance/servers.mjs'
import * as buildah from './buildah.mjs'
import * as containerd from './containerd.mjs'
import { Context } from './context.mjs'
import * as cosign from './cosign.mjs'
import * as crane from './crane.mjs'
import * as docker from './docker.mjs'
import * as helm from './helm.mjs'
import { buildImage, buildIndex } from './image.mjs'
import { loginKinds, openLogin } from './login.mjs'
import * as oras from './oras.mjs'
import * as podman from './podman.mjs'
import * as regctl from './regctl.mjs'
import * as skopeo from './skopeo.mjs'
import { Wire } from './wire.mjs'

const help = `node test/clients/run.mjs [options]

  --registry HOST:PORT     a registry that already runs on loopback, instead of Layerdock
  --only NAME[,NAME…]      these clients alone
  --megabytes N            size of the large image (default: 256)
  --store disk|memory      what Layerdock keeps things in (default: disk)
  --runtime NAME           what Layerdock runs on: node (default), bun, deno or workerd
  --node VERSION           which Node: 'current' (default), or such as 26
  --login KIND             ask for a login: token (short-lived tokens for a password), password (sent with each
                           request), oidc (the token of a CI job is the password)
  --keep                   keep the temporary folder

A client that is not on PATH is skipped. Docker and containerd need root.
`

/** @type {readonly import('./runner.mjs').Client[]} */
const clients = [skopeo, buildah, podman, containerd, docker, crane, regctl, oras, helm, cosign]

const values = programOptions(help, {
  registry: { type: 'string' },
  only: { type: 'string' },
  megabytes: { type: 'string', default: '256' },
  store: { type: 'string', default: 'disk' },
  runtime: { type: 'string', default: 'node' },
  node: { type: 'string', default: 'current' },
  login: { type: 'string' },
  keep: { type: 'boolean', default: false },
})

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const only = values.only?.split(',')
for (const name of only ?? []) {
  if (!clients.some((client) => client.name === name)) fail(`--only ${name}: unknown`)
}
const megabytes = Number(values.megabytes)
if (!Number.isInteger(megabytes) || megabytes < 1) fail('--megabytes takes a positive number')
if (values.store !== 'disk' && values.store !== 'memory') fail(`--store ${values.store}: unknown`)

if (values.login !== undefined && !loginKinds.includes(values.login)) {
  fail(`--login ${values.login}: unknown`)
}

const top = mkdtempSync(join(tmpdir(), 'layerdock-clients-'))
/** @type {Context | null} */
let current = null
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, async () => {
    // Daemons hold mounts that only an orderly end releases.
    await current?.cleanUp()
    process.exit(130)
  })
}
process.once('exit', () => {
  if (values.keep) process.stdout.write(`Kept: ${top}\n`)
  else rmSync(top, { recursive: true, force: true })
})

async function open() {
  const { registry } = values
  if (registry !== undefined) return { host: registry, stop: async () => {}, login: null }
  const { entry, find } = runtimes[values.runtime] ?? fail(`--runtime ${values.runtime}: unknown`)
  const { command } = find(values.runtime === 'node' ? values.node : 'current')
  const store = values.store === 'memory' ? 'memory' : 'disk'
  const login =
    values.login === undefined
      ? null
      : await openLogin([...command, entryPath(entry)], top, values.login)
  const args = login?.args ?? []
  const { host, stop } = await startServer({ command, entry, store, dir: join(top, 'store'), args })
  return { host, stop, login }
}

/**
 * @typedef {object} Row
 * @property {string} client
 * @property {string} version
 * @property {string} step
 * @property {'pass' | 'FAIL' | 'skip'} result
 * @property {number} ms
 * @property {string} note
 */

/** @type {Row[]} */
const rows = []
/** @type {string[]} */
const failures = []

/** @param {Row} row */
function report(row) {
  rows.push(row)
  const { client, version, step, result, ms, note } = row
  const cells = [client.padEnd(10), version.padEnd(10).slice(0, 10), result, `${ms}`.padStart(6)]
  process.stdout.write(`${[...cells, 'ms ', step].join('  ')}${note && `  (${note})`}\n`)
}

/**
 * @param {import('./runner.mjs').Client} client
 * @param {string} version
 * @param {Context} context
 */
async function drive(client, version, context) {
  const { name } = client
  /** @type {import('./runner.mjs').Step[]} */
  let steps = []
  const preparing = {
    title: 'prepare',
    run: async () => {
      steps = await client.steps(context)
    },
  }
  let failed = false
  /** @param {import('./runner.mjs').Step} step */
  const take = async ({ title, run }) => {
    // Each step builds on the steps before it, so the steps after a failure would fail too.

    if (failed) {
      report({ client: name, version, step: title, result: 'skip', ms: 0, note: 'after a failure' })
      return
    }
    const began = performance.now()
    let note = ''
    try {
      const said = await run()
      if (title === 'prepare') return
      if (typeof said === 'string') note = said
    } catch (error) {
      failed = true
      failures.push(`${name}: ${title}: ${error instanceof Error ? error.message : error}`)
    }
    const ms = Math.round(performance.now() - began)
    report({ client: name, version, step: title, result: failed ? 'FAIL' : 'pass', ms, note })
  }
  await take(preparing)
  for (const step of steps) await take(step)
  const problems = await context.cleanUp()
  if (problems.length > 0) failures.push(`${name}: ending it: ${problems.join('; ')}`)
}

const server = await open()
try {
  const { login } = server
  const wire = new Wire(server.host, login?.authorization)
  const run = `c${Date.now().toString(36)}`
  const referrersApi = (await wire.referrers(`${run}/none`, `sha256:${'0'.repeat(64)}`)) !== null
  if (!referrersApi) {
    process.stdout.write(`${server.host} has no referrers API: clients fall back to tags\n`)
    if (values.registry === undefined) failures.push('Layerdock did not answer for referrers')
  }
  const samples = {
    big: await buildImage(join(top, 'big'), { seed: 'big', bytes: megabytes * 1024 * 1024 }),
    index: await buildIndex(join(top, 'index'), 'index'),
  }
  for (const client of clients) {
    const { name } = client
    if (only?.includes(name) === false) continue
    const version = client.find()
    if (version === null) {
      const note = 'not installed'
      report({ client: name, version: '–', step: 'everything', result: 'skip', ms: 0, note })
      continue
    }
    const dir = join(top, name)
    mkdirSync(dir)
    writeFileSync(join(dir, 'auth.json'), '{}')
    const { host } = server
    const given = { host, dir, prefix: `${run}/${name}`, samples, wire, referrersApi, login }
    current = new Context(given)
    await drive(client, version, current)
    current = null
    if (!values.keep) rmSync(dir, { recursive: true, force: true })
  }
} finally {
  await server.stop()
  server.login?.close()
}

for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`)
const count = (/** @type {Row['result']} */ result) =>
  rows.filter((row) => row.result === result).length
process.stdout.write(
  `\n${count('pass')} passed, ${failures.length} failed, ${count('skip')} skipped\n`,
)
process.exitCode = failures.length > 0 ? 1 : 0
