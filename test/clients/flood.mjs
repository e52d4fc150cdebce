// Floods a registry in several ways, and measures what a good client notices of it, beside a bare server of the
// same runtime that is flooded in the same way.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { hashSync } from 'bcryptjs'
import { programOptions } from '../../conformance/program-options.mjs'
import { runtimes, startProgram } from '../../conformance/servers.mjs'
import { basic, GoodClient, Seen } from './good-client.mjs'

const help = `node test/clients/flood.mjs [options]

  --runtime NAME       what Layerdock runs on: node, bun or deno; more than once (default: all three)
  --flood NAME         connections, sessions, logins, requests, or pipelined, which is requests as fast as they are
                       answered; more than once (default: all five)
  --rounds N           how often each flood comes; the ratio in the middle is judged (default: 3)
  --seconds N          how long each flood lasts, and the quiet before it (default: 5)
  --connections N      slow connections (default: 1000)
  --rate N             requests a second of a flood (default: 1000; a tenth of it for logins)
  --requests N         how many requests a flood has answered at least, however long it lasts (default: 0; a tenth of
                       it for logins)
  --limit N            requests a second that the server allows one user (default: 500)
  --factor N           how many times as long the slowest hundredth of a good client's pulls may take, or as many
                       times as from the bare server, if that is more; 0: not judged (default: 2)
  --server ENTRY       the program to run on Node in place of what was built
  --no-bare            without the bare server
  --no-pin             without giving the server a processor of its own

Everything is on loopback. A flood is a process of its own, from another address than the good client. On Linux the
servers have one processor and the clients another, and a flood has of that only what the good client leaves: else
the figures say how the clients of one machine hinder each other. They are of use on a machine that does nothing
else: its load stands beside them.
`

const kinds = ['connections', 'sessions', 'logins', 'requests', 'pipelined']
const named = /** @type {const} */ ({ type: 'string', multiple: true })
const values = programOptions(help, {
  runtime: { ...named, default: ['node', 'bun', 'deno'] },
  flood: { ...named, default: kinds },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '5' },
  connections: { type: 'string', default: '1000' },
  rate: { type: 'string', default: '1000' },
  requests: { type: 'string', default: '0' },
  limit: { type: 'string', default: '500' },
  factor: { type: 'string', default: '2' },
  server: { type: 'string' },
  'no-bare': { type: 'boolean', default: false },
  'no-pin': { type: 'boolean', default: false },
})
const [seconds, rate, factor] = [values.seconds, values.rate, values.factor].map(Number)
const [connections, rounds] = [Number(values.connections), Number(values.rounds)]
/** Images a second of the good client: two requests each. */
const pace = Math.min(50, Number(values.limit) / 4)

const pins = !values['no-pin'] && canPin()
/** How the command of a server, and that of a flood, begins. */
const [onServers, onClients] = pins
  ? [
      ['taskset', '-c', '0'],
      ['taskset', '-c', '1', 'chrt', '--idle', '0'],
    ]
  : [[], []]

/** Moves this process to the processor of the clients, where the system lets it. */
function canPin() {
  if (process.platform !== 'linux' || availableParallelism() < 2) return false
  try {
    execFileSync('chrt', ['--idle', '0', 'taskset', '-c', '0', 'true'], { stdio: 'ignore' })
    execFileSync('taskset', ['-a', '-p', '-c', '1', String(process.pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const top = mkdtempSync(join(tmpdir(), 'layerdock-flood-'))
/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => process.exit(130))
}
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(top, { recursive: true, force: true })
})

/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`)
/** @param {number} ms */
const shown = (ms) => ms.toFixed(1).padStart(7)

/**
 * Starts a flood; its outcomes, once it is over.
 * @param {string} kind
 * @param {string} host
 * @returns {Promise<string>}
 */
async function startFlood(kind, host) {
  const [floodRate, least] = [rate, Number(values.requests)].map((count) =>
    kind === 'logins' ? Number(count) / 10 : count,
  )
  const flood = JSON.stringify({ kind, host, seconds, rate: floodRate, connections, least })
  const program = fileURLToPath(new URL('flood-loads.mjs', import.meta.url))
  const [first = '', ...words] = [...onClients, process.execPath, program, flood]
  const child = spawn(first, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  const [outcomes] = await Promise.all([text(child.stdout), once(child, 'exit')])
  children.delete(child)
  return outcomes
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

/**
 * How long a process has worked, in seconds; NaN where the system does not say.
 * @param {number} pid
 */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    // Ticks of a hundredth of a second: utime and stime.
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return Number.NaN
  }
}

/** Times of both together. @param {readonly Seen[]} both */
function together(both) {
  const seen = new Seen()
  seen.times = both.flatMap(({ times }) => times).sort((a, b) => a - b)
  return seen
}

/**
 * A server, and a good client of it.
 * @typedef {object} Flooded
 * @property {string} name
 * @property {import('../../conformance/servers.mjs').RunningServer} server
 * @property {GoodClient} client
 */

/**
 * One flood, between two times of quiet.
 * @param {string} kind
 * @param {Flooded} flooded
 */
async function floodOnce(kind, { name, server, client }) {
  const before = await client.pull(Number(seconds), pace)
  const worked = cpuSeconds(server.pid)
  const flooding = startFlood(kind, server.host)
  const during = await client.pull(Number(seconds), pace)
  const cpu = `${((100 * (cpuSeconds(server.pid) - worked)) / Number(seconds)).toFixed(0)} %`
  const outcomes = await flooding
  const after = await client.pull(Number(seconds) / 2, pace)
  const quiet = together([before, after])
  const ratio = during.quantile(0.99) / quiet.quantile(0.99)
  const [calm, busy] = [quiet, during].map(
    (seen) => `${shown(seen.quantile(0.5))} ${shown(seen.quantile(0.99))}`,
  )
  const ends = `${ratio.toFixed(2).padStart(5)} ${cpu.padStart(5)}   ${loadavg()[0]?.toFixed(1)}`
  print(`${kind.padEnd(12)} ${calm}       ${busy}   ${ends}   ${name}`)
  print(`  came of it: ${outcomes}`)
  const wrong = [before, during, after].flatMap((seen) => [...seen.wrong])
  if (wrong.length > 0) print(`  the good client got ${JSON.stringify(wrong)}`)
  return { ratio, isServed: wrong.length === 0 }
}

/**
 * Starts Layerdock and, unless that is not wanted, a bare server of the same runtime.
 * @param {string} runtime
 * @returns {Promise<{ version: string, all: Flooded[] }>}
 */
async function startServers(runtime) {
  const { entry, find } = runtimes[runtime] ?? {}
  if (entry === undefined || find === undefined) throw new Error(`${runtime} is no runtime`)
  const { command, version } = find('current')
  const [program = '', ...before] = [...onServers, ...command]
  const users = join(top, 'users.htpasswd')
  const passwords = { good: 'good-password', flood: 'flood-password' }
  const lines = Object.entries(passwords).map(([user, word]) => `${user}:${hashSync(word, 10)}\n`)
  writeFileSync(users, lines.join(''), { mode: 0o600 })
  const args = ['--htpasswd', users, '--anonymous-pull', '--no-tokens', '--log', 'error']
  const limits = ['--max-requests-per-second', values.limit, '--request-burst', values.limit]
  // A log of every request would be read by this process, beside what it measures.
  const listen = `127.0.0.1:${await freePort()}`
  const main = values.server ?? fileURLToPath(new URL(`../../${entry}`, import.meta.url))
  const serve = [main, 'serve', '--listen', listen, '--storage-dir', join(top, runtime)]
  const server = await startProgram(program, [...before, ...serve, ...args, ...limits], listen)
  const clientOf = (/** @type {string} */ host) =>
    new GoodClient(host, basic('good', passwords.good))
  const all = [{ name: 'Layerdock', server, client: clientOf(server.host) }]
  if (!values['no-bare']) {
    const file = runtime === 'bun' ? 'bun.mjs' : 'node.mjs'
    const bare = fileURLToPath(new URL(`../../bench/bare/${file}`, import.meta.url))
    const port = String(await freePort())
    const folder = mkdtempSync(join(top, 'bare-'))
    const words = [...before, bare, '--port', port, '--dir', folder]
    const started = await startProgram(program, words, `127.0.0.1:${port}`)
    all.push({ name: 'bare', server: started, client: clientOf(started.host) })
  }
  return { version, all }
}

/**
 * @param {string} runtime
 * @returns {Promise<number>} how many floods the good client noticed too much of
 */
async function floodRuntime(runtime) {
  const { version, all } = await startServers(runtime)
  print(`\n${runtimes[runtime]?.title} ${version}: milliseconds of a good client's requests`)
  print('flood          quiet p50     p99   flooded p50     p99   ratio   CPU   load')
  let tooSlow = 0
  try {
    for (const { client } of all) {
      await client.push(64 * 1024)
      await client.pull(Math.min(2, Number(seconds)), pace)
    }
    for (const kind of values.flood) {
      /** @type {Map<string, number[]>} */
      const ratios = new Map(all.map(({ name }) => [name, []]))
      for (let round = 0; round < rounds; round += 1) {
        for (const flooded of all) {
          const { ratio, isServed } = await floodOnce(kind, flooded)
          ratios.get(flooded.name)?.push(ratio)
          if (!isServed && flooded.name !== 'bare') tooSlow += 1
        }
      }
      const [ratio = 0, bare = 0] = [...ratios.values()].map(median)
      if (rounds > 1)
        print(`  the ratio of most: ${ratio.toFixed(2)}, of the bare server: ${bare.toFixed(2)}`)
      if (Number(factor) > 0 && ratio > Math.max(Number(factor), bare)) tooSlow += 1
    }
  } finally {
    for (const { client, server } of all) {
      client.end()
      await server.kill()
    }
  }
  return tooSlow
}

/** @param {number[]} ratios */
function median(ratios) {
  return ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0
}

let tooSlow = 0
for (const runtime of values.runtime) tooSlow += await floodRuntime(runtime)
print(tooSlow === 0 ? '\nThe good client was served as before.' : `\n${tooSlow} times it was not.`)
process.exitCode = tooSlow === 0 ? 0 : 1
