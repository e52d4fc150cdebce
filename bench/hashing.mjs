// What it brings to hash large content in a thread of its own: pushes to a server that hashes inline, and to
// one that does not, in turns, with the CPU of the thread that serves beside that of all others.

import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { programOptions } from '../conformance/program-options.mjs'
import { makeCallers } from './caller.mjs'
import { flushDisk } from './cell.mjs'
import { blobMaker } from './content.mjs'
import { median } from './figures.mjs'
import { cpuMicros } from './process-usage.mjs'
import { number, textTable } from './report.mjs'

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Caller } from './caller.mjs' */

const mib = 1024 * 1024
const gib = 1024 * mib

const usage = `node bench/hashing.mjs [options]

  --mib N         size of a push (default: 256)
  --rounds N      pushes to each server (default: 9)
  --pin           the thread that serves has core 0, all else core 1
  --dir FOLDER    where the stores are (default: ${tmpdir()})
`

const options = programOptions(usage, {
  mib: { type: 'string', default: '256' },
  rounds: { type: 'string', default: '9' },
  pin: { type: 'boolean', default: false },
  dir: { type: 'string', default: tmpdir() },
})
const bytes = Number(options.mib) * mib
const folder = mkdtempSync(join(options.dir, 'layerdock-hashing-'))
/** @type {Variant[]} */
const variants = []

/**
 * @typedef {object} Variant
 * @property {string} store
 * @property {string} hash
 * @property {ChildProcess} child
 * @property {Caller} caller
 * @property {{ rate: number, main: number, others: number }[]} pushes MB/s, and milliseconds of CPU for a GiB
 */

try {
  await main()
} finally {
  for (const { child } of variants) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

async function main() {
  for (const store of ['disk', 'none']) {
    for (const hash of ['inline', 'thread']) variants.push(await start(store, hash))
  }
  if (options.pin) pin(process.pid, 1, true)
  const make = blobMaker(bytes)
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      await flushDisk()
      variant.pushes.push(await push(variant, make()))
    }
  }
  report()
  for (const { child, caller } of variants) {
    caller.close()
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
  }
}

/**
 * @param {string} store
 * @param {string} hash
 * @returns {Promise<Variant>}
 */
async function start(store, hash) {
  const program = fileURLToPath(new URL('./hashing-server.mjs', import.meta.url))
  const args = ['--hash', hash, '--store', store, '--dir', join(folder, `${store}-${hash}`)]
  const child = fork(program, args, {
    execArgv: ['--no-concurrent-sweeping'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '8' },
  })
  /** @type {number} */
  const port = await new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)))
    child.once('exit', (code) => reject(new Error(`a server ended with ${code}`)))
  })
  const [caller] = makeCallers(1, port, 'bench/hashing', { bufferBytes: mib })
  // The thread starts with the first large push, and takes those after it.
  for (let warm = 0; warm < 3; warm++) await caller.pushBlob(blobMaker(64 * mib)())
  if (options.pin) {
    pin(child.pid ?? 0, 1, true)
    pin(child.pid ?? 0, 0, false)
  }
  return { store, hash, child, caller, pushes: [] }
}

/**
 * @param {Variant} variant
 * @param {import('./types.ts').Blob} blob
 */
async function push({ child, caller }, blob) {
  const pid = child.pid ?? 0
  const cpuBefore = cpuMicros(pid) ?? 0
  const mainBefore = mainMicros(pid)
  const began = performance.now()
  await caller.pushBlob(blob)
  const ms = performance.now() - began
  const main = mainMicros(pid) - mainBefore
  const all = (cpuMicros(pid) ?? 0) - cpuBefore
  const each = gib / bytes / 1000
  return { rate: bytes / 1000 / ms, main: main * each, others: (all - main) * each }
}

function report() {
  const rows = variants.map(({ store, hash, pushes }) => [
    store,
    hash,
    number(median(pushes.map(({ rate }) => rate))),
    number(Math.max(...pushes.map(({ rate }) => rate))),
    number(median(pushes.map(({ main }) => main))),
    number(median(pushes.map(({ others }) => others))),
  ])
  const cores = options.pin ? 'the serving thread on core 0, all else on core 1' : 'not pinned'
  const head = ['store', 'hash', 'MB/s', 'best', 'serving thread ms/GiB', 'other threads ms/GiB']
  const text = `pushes of ${options.mib} MiB, ${options.rounds} to each server, medians; ${cores}\n`
  process.stdout.write(`${text}${textTable([head, ...rows]).join('\n')}\n`)
}

/**
 * Microseconds of CPU of a process's first thread.
 * @param {number} pid
 */
function mainMicros(pid) {
  const [nanoseconds] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ', 1)
  return Number(nanoseconds) / 1000
}

/**
 * @param {number} pid
 * @param {number} core
 * @param {boolean} all its threads, or the first alone
 */
function pin(pid, core, all) {
  execFileSync('taskset', [all ? '-apc' : '-pc', `${core}`, `${pid}`], { stdio: 'ignore' })
}
