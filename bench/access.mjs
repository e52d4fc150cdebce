// What it costs to know who calls: manifest reads with a password, an API token and a short-lived token, beside
// those of an open registry, in turns. And how long reads take while others try passwords.

import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { programOptions } from '../conformance/program-options.mjs'
import { runtimes } from '../conformance/servers.mjs'
import { median, percentile } from './figures.mjs'
import { Connection } from './http.mjs'
import { cpuMicros } from './process-usage.mjs'
import { programFolder } from './program.mjs'
import { number, textTable } from './report.mjs'
import { repeatFor } from './timing.mjs'

/** @typedef {{ port: number, user: string, password: string, token: string, pid: number }} Server */
/** @typedef {{ name: string, server: Server, head: Buffer, rates: number[], cpu: number[] }} Variant */

const usage = `node bench/access.mjs [options]

  --runtimes LIST   of node, bun and deno (default: all of them)
  --rounds N        turns of each kind of request (default: 40)
  --seconds N       of each turn (default: 0.25)
  --flood           times of reads beside a flood of wrong passwords, instead of rates
  --inline          with it: passwords are checked in the thread that serves
`
const options = programOptions(usage, {
  runtimes: { type: 'string', default: 'node,bun,deno' },
  rounds: { type: 'string', default: '40' },
  seconds: { type: 'string', default: '0.25' },
  flood: { type: 'boolean', default: false },
  inline: { type: 'boolean', default: false },
})
const seconds = Number(options.seconds)
const clients = 8

// Below the project, where what others wrote is found.
const folder = programFolder(fileURLToPath(new URL('../node_modules', import.meta.url)), 'access')
await build({
  entryPoints: ['access-server.ts', '../adapters/cli/bcrypt-worker.ts'].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  ),
  entryNames: '[name]',
  outdir: folder,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  logLevel: 'error',
})

/** @type {import('node:child_process').ChildProcess[]} */
const children = []
for (const runtime of options.runtimes.split(',')) {
  try {
    await (options.flood ? flood(runtime) : compare(runtime))
  } finally {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  }
}

/** @param {string} runtime */
async function compare(runtime) {
  const [open, access] = [await start(runtime, ['--open']), await start(runtime, [])]
  const variants = await variantsOf(open, access)
  for (const variant of variants) await run(variant, 2)
  for (const variant of variants) Object.assign(variant, { rates: [], cpu: [] })
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      await run(variant, seconds)
    }
  }
  const [base] = variants
  if (base === undefined) return
  const rows = variants.map(({ name, rates, cpu }) => [
    `${runtime}, ${name}`,
    number(middle(rates)),
    middle(ratios(rates, base.rates)).toFixed(2),
    middle(cpu).toFixed(1),
    middle(ratios(base.cpu, cpu)).toFixed(2),
  ])
  print([['', 'reads/s', 'of open', 'CPU µs', 'of open'], ...rows])
}

/**
 * Of figures that were taken in the same rounds: what disturbs the machine for longer than a round changes no ratio.
 * @param {readonly number[]} figures
 * @param {readonly number[]} others
 */
function ratios(figures, others) {
  return figures.map((figure, round) => figure / (others[round] ?? Number.NaN))
}

/**
 * @param {Variant} variant
 * @param {number} forSeconds
 */
async function run({ server, head, rates, cpu }, forSeconds) {
  const connections = Array.from({ length: clients }, () => new Connection(server.port))
  const before = cpuMicros(server.pid) ?? 0
  const timed = await repeatFor(forSeconds, connections, (connection) => read(connection, head))
  cpu.push(((cpuMicros(server.pid) ?? 0) - before) / timed.times.length)
  rates.push(timed.times.length / timed.seconds)
  for (const connection of connections) connection.close()
}

/** @param {string} runtime */
async function flood(runtime) {
  const server = await start(runtime, options.inline ? ['--inline'] : [])
  const variants = await variantsOf(server, server)
  const rows = []
  for (const { name, head } of variants.slice(3)) {
    const quiet = await times(server, head, false)
    const flooded = await times(server, head, true)
    const ratio = (flooded.p99 / quiet.p99).toFixed(1)
    rows.push([
      `${runtime}, ${name}`,
      ...[quiet.p50, quiet.p99, flooded.p50, flooded.p99].map((ms) => ms.toFixed(2)),
      ratio,
      `${flooded.answers}`,
    ])
  }
  const head = [
    '',
    'p50 ms',
    'p99 ms',
    'flooded p50',
    'flooded p99',
    'ratio',
    'answers to the flood',
  ]
  print([head, ...rows])
}

/**
 * @param {Server} server
 * @param {Buffer} head
 * @param {boolean} isFlooded
 */
async function times(server, head, isFlooded) {
  const end = performance.now() + 2000 * seconds
  /** @type {Map<number, number>} */
  const answers = new Map()
  const attackers = Array.from({ length: isFlooded ? 32 : 0 }, async (_, number) => {
    const connection = new Connection(server.port)
    for (let count = 0; performance.now() < end; count++) {
      const credentials = basic(`user${number}`, `wrong ${count}`)
      const { status } = await connection.exchange(headOf(server, credentials))
      answers.set(status, (answers.get(status) ?? 0) + 1)
      // A refusal comes at once, and a client that asks without a pause measures itself.
      if (status === 429) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    connection.close()
  })
  const connections = Array.from({ length: 4 }, () => new Connection(server.port))
  const timed = await repeatFor(2 * seconds, connections, async (connection) => {
    await read(connection, head)
  })
  for (const connection of connections) connection.close()
  await Promise.all(attackers)
  const reads = timed.times
  return {
    p50: percentile(reads, 0.5) ?? 0,
    p99: percentile(reads, 0.99) ?? 0,
    answers: [...answers].map(([status, count]) => `${count} × ${status}`).join(', '),
  }
}

/**
 * The kinds of requests, each with a head that is ready to be sent.
 * @param {Server} open
 * @param {Server} access
 * @returns {Promise<Variant[]>}
 */
async function variantsOf(open, access) {
  const authorization = basic(access.user, access.password)
  for (const server of new Set([open, access])) await pushManifest(server, authorization)
  const url = `http://127.0.0.1:${access.port}/v2/_layerdock/token?scope=repository:app:pull`
  const answer = await fetch(url, { headers: { authorization } })
  const { token } = /** @type {{ token: string }} */ (await answer.json())
  const variant = (
    /** @type {string} */ name,
    /** @type {Server} */ server,
    /** @type {string} */ header,
  ) => ({ name, server, head: headOf(server, header), rates: [], cpu: [] })
  return [
    variant('open', open, ''),
    // What the runtime takes to read such a header, which nobody asks for here.
    variant('open, sent a password', open, authorization),
    variant('open, sent a bearer token', open, `Bearer ${token}`),
    variant('password', access, authorization),
    variant('API token as password', access, basic('x', access.token)),
    variant('bearer token', access, `Bearer ${token}`),
  ]
}

/**
 * @param {Server} server
 * @param {string} authorization
 */
async function pushManifest({ port }, authorization) {
  const config = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
  const base = `http://127.0.0.1:${port}/v2/app`
  const headers = { authorization }
  await fetch(`${base}/blobs/uploads/?digest=${config}`, { method: 'POST', headers, body: '{}' })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const { status } = await fetch(`${base}/manifests/latest`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': mediaType },
    body: JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: config, size: 2 },
      layers: [],
    }),
  })
  if (status !== 201) throw new Error(`the push of a manifest was answered ${status}`)
}

/**
 * @param {Connection} connection
 * @param {Buffer} head
 */
async function read(connection, head) {
  const { status } = await connection.exchange(head)
  if (status !== 200) throw new Error(`a read was answered ${status}`)
}

/**
 * @param {Server} server
 * @param {string} authorization
 */
function headOf({ port }, authorization) {
  const header = authorization === '' ? '' : `Authorization: ${authorization}\r\n`
  return Buffer.from(
    `GET /v2/app/manifests/latest HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: */*\r\n${header}\r\n`,
  )
}

/**
 * @param {string} user
 * @param {string} password
 */
function basic(user, password) {
  return `Basic ${btoa(`${user}:${password}`)}`
}

/**
 * @param {string} runtime
 * @param {readonly string[]} words
 * @returns {Promise<Server>}
 */
async function start(runtime, words) {
  const found = runtimes[/** @type {keyof typeof runtimes} */ (runtime)]
  const [program = '', ...before] = found?.find('current').command ?? []
  const data = join(folder, `data-${runtime}-${children.length}`)
  rmSync(data, { recursive: true, force: true })
  const args = [join(folder, 'access-server.js'), '--adapter', runtime, '--dir', data, ...words]
  const child = spawn(program, [...before, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout })) {
    return { ...JSON.parse(line), pid: child.pid ?? 0 }
  }
  throw new Error(`the server on ${runtime} did not start`)
}

/** @param {readonly number[]} values */
function middle(values) {
  return median(values) ?? Number.NaN
}

/** @param {string[][]} rows */
function print(rows) {
  process.stdout.write(`${textTable(rows).join('\n')}\n\n`)
}
