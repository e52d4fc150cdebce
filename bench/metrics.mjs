// What metrics cost: manifest reads of a server that is measured beside those of one that is not, in turns; and what a
// scrape takes of the processor, however much is stored.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../conformance/servers.mjs'
import { median } from './figures.mjs'
import { Connection } from './http.mjs'
import { cpuMicros } from './process-usage.mjs'
import { programFolder, runProgram } from './program.mjs'
import { number, textTable } from './report.mjs'
import { freePorts, startProcess } from './spawn.mjs'
import { repeatFor, repeatTimes } from './timing.mjs'

const usage = `node bench/metrics.mjs [options]

  --runtimes LIST   of node, bun and deno (default: all of them)
  --pairs N         pairs of processes of each runtime, one after the other (default: 3)
  --turns N         turns of each server of a pair (default: 12)
  --seconds N       of a turn (default: 0.25)
  --log LEVEL       of both servers; info is a line for each request (default: warn)
  --blobs N         measure scrapes of a store of so many blobs instead
`

/** @typedef {{ port: number, metricsPort: number, pid: number, stop: () => Promise<void> }} Server */
/** @typedef {{ rates: number[], cpu: number[] }} Turns */

const project = fileURLToPath(new URL('..', import.meta.url))
const folder = programFolder(tmpdir(), 'metrics')
const clients = 8
/** How long each server is used before it is measured: until its code is compiled. */
const warmSeconds = 4

await runProgram(
  usage,
  {
    runtimes: { type: 'string', default: 'node,bun,deno' },
    pairs: { type: 'string', default: '3' },
    turns: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '0.25' },
    log: { type: 'string', default: 'warn' },
    blobs: { type: 'string' },
  },
  async (options) => {
    const names = options.runtimes.split(',')
    const rows = []
    for (const name of names) {
      rows.push(
        options.blobs === undefined
          ? await compared(name, {
              pairs: Number(options.pairs),
              turns: Number(options.turns),
              seconds: Number(options.seconds),
              log: options.log,
            })
          : await scraped(name, Number(options.blobs)),
      )
    }
    const head =
      options.blobs === undefined
        ? ['', 'reads/s without', 'with', 'kept', 'CPU µs without', 'with', 'ratio', 'pairs']
        : ['', 'blobs', 'CPU ms of a scrape', 'of an empty store', 'page KB', 'series']
    process.stdout.write(`${textTable([head, ...rows]).join('\n')}\n`)
  },
)

/**
 * @param {string} runtime
 * @param {{ pairs: number, turns: number, seconds: number, log: string }} options
 */
async function compared(runtime, { pairs, turns, seconds, log }) {
  /** @type {Turns[]} */
  const all = [
    { rates: [], cpu: [] },
    { rates: [], cpu: [] },
  ]
  /** @type {{ rate: number, cpu: number }[]} */
  const ratios = []
  for (let pair = 0; pair < pairs; pair++) {
    const servers = [
      await start(runtime, ['--memory', '--log', log], false),
      await start(runtime, ['--memory', '--log', log], true),
    ]
    /** @type {Turns[]} */
    const own = servers.map(() => ({ rates: [], cpu: [] }))
    for (const server of servers) {
      await pushManifest(server.port)
      await turnOf(server, warmSeconds, { rates: [], cpu: [] })
    }
    for (let turn = 0; turn < turns; turn++) {
      const order = Math.random() < 0.5 ? [0, 1] : [1, 0]
      for (const index of order) {
        await turnOf(servers[index] ?? missing(), seconds, own[index] ?? missing())
      }
    }
    for (const server of servers) await server.stop()
    const [without, withThem] = own.map(({ rates, cpu }) => [middle(rates), middle(cpu)])
    ratios.push({
      rate: (withThem?.[0] ?? 0) / (without?.[0] ?? 1),
      cpu: (withThem?.[1] ?? 0) / (without?.[1] ?? 1),
    })
    for (const [index, { rates, cpu }] of own.entries()) {
      all[index]?.rates.push(...rates)
      all[index]?.cpu.push(...cpu)
    }
  }
  const [without, withThem] = all
  return [
    runtime,
    number(middle(without?.rates ?? [])),
    number(middle(withThem?.rates ?? [])),
    middle(ratios.map(({ rate }) => rate)).toFixed(3),
    middle(without?.cpu ?? []).toFixed(1),
    middle(withThem?.cpu ?? []).toFixed(1),
    middle(ratios.map(({ cpu }) => cpu)).toFixed(3),
    ratios.map(({ rate }) => rate.toFixed(2)).join(' '),
  ]
}

/**
 * @param {Server} server
 * @param {number} seconds
 * @param {Turns} turns
 */
async function turnOf({ port, pid }, seconds, { rates, cpu }) {
  const head = Buffer.from(
    `GET /v2/app/manifests/latest HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: */*\r\n\r\n`,
  )
  const connections = Array.from({ length: clients }, () => new Connection(port))
  const before = cpuMicros(pid) ?? 0
  const timed = await repeatFor(seconds, connections, async (connection) => {
    const { status } = await connection.exchange(head)
    if (status !== 200) throw new Error(`a read was answered ${status}`)
  })
  cpu.push(((cpuMicros(pid) ?? 0) - before) / timed.times.length)
  rates.push(timed.times.length / timed.seconds)
  for (const connection of connections) connection.close()
}

/**
 * @param {string} runtime
 * @param {number} blobs
 */
async function scraped(runtime, blobs) {
  const server = await start(
    runtime,
    ['--storage-dir', join(folder, runtime), '--log', 'warn'],
    true,
  )
  await pushManifest(server.port)
  await turnOf(server, 0.5, { rates: [], cpu: [] })
  const empty = await scrapeMillis(server)
  await pushBlobs(server.port, blobs)
  await turnOf(server, 0.5, { rates: [], cpu: [] })
  const full = await scrapeMillis(server)
  const page = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text()
  const [, known = ''] = /^layerdock_blobs (\d+)$/m.exec(page) ?? []
  if (Number(known) < blobs) throw new Error(`the store has ${known} blobs`)
  await server.stop()
  const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
  return [
    runtime,
    known,
    full.toFixed(2),
    empty.toFixed(2),
    (page.length / 1000).toFixed(0),
    `${series}`,
  ]
}

/**
 * Milliseconds of the server's CPU for a scrape, the median of several lots.
 * @param {Server} server
 */
async function scrapeMillis({ metricsPort, pid }) {
  const head = Buffer.from('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  const connection = new Connection(metricsPort)
  const lots = []
  for (let lot = 0; lot < 9; lot++) {
    const before = cpuMicros(pid) ?? 0
    const { times } = await repeatTimes(30, [connection], async () => {
      const { status } = await connection.exchange(head)
      if (status !== 200) throw new Error(`a scrape was answered ${status}`)
    })
    lots.push(((cpuMicros(pid) ?? 0) - before) / times.length / 1000)
  }
  connection.close()
  return middle(lots.slice(2))
}

/**
 * @param {number} port
 * @param {number} count
 */
async function pushBlobs(port, count) {
  let next = 0
  const connections = Array.from({ length: 64 }, () => new Connection(port))
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) {
        const body = Buffer.from(`blob ${next++}`)
        const digest = createHash('sha256').update(body).digest('hex')
        const head = `POST /v2/app/blobs/uploads/?digest=sha256:${digest} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n`
        const { status } = await connection.exchange(Buffer.concat([Buffer.from(head), body]))
        if (status !== 201) throw new Error(`a push was answered ${status}`)
      }
      connection.close()
    }),
  )
}

/** @param {number} port */
async function pushManifest(port) {
  const config = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
  const base = `http://127.0.0.1:${port}/v2/app`
  await fetch(`${base}/blobs/uploads/?digest=${config}`, { method: 'POST', body: '{}' })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const { status } = await fetch(`${base}/manifests/latest`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
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
 * @param {string} runtime
 * @param {readonly string[]} words
 * @param {boolean} isMeasured
 * @returns {Promise<Server>}
 */
async function start(runtime, words, isMeasured) {
  const found = runtimes[runtime] ?? missing()
  const [port = 0, metricsPort = 0] = await freePorts(2)
  const log = join(folder, `log-${port}`)
  const command = [...found.find('current').command, join(project, found.entry), 'serve', ...words]
  command.push('--listen', `127.0.0.1:${port}`)
  if (isMeasured) command.push('--metrics-listen', `127.0.0.1:${metricsPort}`)
  const { pid, ended, stop } = startProcess(command, { log })
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null)
    if (answer?.ok === true) return { port, metricsPort, pid, stop }
    if (ended() !== null) throw new Error(`${runtime} ${ended()}: ${readFileSync(log, 'utf8')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** @param {readonly number[]} values */
function middle(values) {
  return median(values) ?? Number.NaN
}

/** @returns {never} */
function missing() {
  throw new Error('there is none')
}
