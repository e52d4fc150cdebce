// Starting what is measured, and ending it.

import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { configurations } from './configurations.mjs'
import { Connection } from './http.mjs'
import { cpuMicros, residentBytes } from './process-usage.mjs'

/** @import { ChildProcess } from 'node:child_process' */
/** @import { RunningServer, Server, Variant } from './types.ts' */

/**
 * @typedef {object} Starting
 * @property {Variant} [variant] as which of its `variants` it is started
 * @property {number} [settle] milliseconds between its first answer and the look at its memory, since the
 *   work that a boot leaves behind is part of being idle (default: 500)
 * @property {string} [storage] a folder it opens, in place of an empty one inside `dir`
 */

/**
 * Starts a registry on a free port of loopback with its storage in `dir`, a folder it makes, and
 * waits for its first answer.
 * @param {Server} server
 * @param {string} dir
 * @param {Starting} [starting]
 * @returns {Promise<RunningServer>}
 * @throws {Error} when the process ends first, or does not answer with 200 in 60 seconds
 */
export async function start(
  server,
  dir,
  { variant, settle = 500, storage = join(dir, 'storage') } = {},
) {
  const { name } = server
  const port = await freePort()
  const log = join(dir, 'log')
  for (const folder of [dir, storage]) mkdirSync(folder, { recursive: true })
  const command = variant === undefined ? server.command : server.variants[variant]
  if (command === undefined) throw new Error(`${name} cannot be started as ${variant}`)
  const values = new Map([
    ['{port}', `${port}`],
    ['{dir}', storage],
  ])
  if (variant === 'tls') makeCertificate(dir, values)
  for (const [placeholder, text] of Object.entries(configurations(storage, port))) {
    // zot takes what its file is by the ending of its name.
    const path = join(dir, text.startsWith('{') ? `${placeholder.slice(1, -1)}.json` : 'config.yml')
    writeFileSync(path, text)
    values.set(placeholder, path)
  }
  const [program = '', ...args] = command
    .split(/\s+/)
    .map((word) => word.replaceAll(/\{[a-z-]+\}/g, (found) => values.get(found) ?? found))
  const output = openSync(log, 'w')
  const startedAt = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', output, output] })
  closeSync(output)
  /** @type {string | null} */
  let ended = null
  /** @type {Promise<void>} */
  const exit = new Promise((resolve) => {
    const end = (/** @type {string} */ how) => {
      ended = how
      resolve()
    }
    child.once('exit', (code, signal) => end(`ended with ${code ?? signal}`))
    child.once('error', (error) => end(error.message))
  })
  const stop = () => stopProcess(child, exit, () => ended !== null)
  try {
    const bootMs = await firstAnswer(port, variant === 'tls', startedAt, () => ended)
    const bootCpuMs = (cpuMicros(child.pid ?? 0) ?? 0) / 1000
    await sleep(settle)
    const pid = child.pid ?? 0
    const idle = { bootMs, bootCpuMs, residentBytes: residentBytes(pid) }
    return { name, port, pid, dir, idle, stop, ended: () => ended }
  } catch (error) {
    await stop()
    throw new Error(`${name} did not start: ${error}\n${readFileSync(log, 'utf8').slice(-2000)}`)
  }
}

/**
 * A certificate of its own, as `{cert}` and `{key}`.
 * @param {string} dir
 * @param {Map<string, string>} values
 */
function makeCertificate(dir, values) {
  const cert = join(dir, 'cert.pem')
  const key = join(dir, 'key.pem')
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
  const own = ['-subj', '/CN=localhost', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...words.split(' '), ...own], { stdio: 'ignore' })
  values.set('{cert}', cert).set('{key}', key)
}

/**
 * @param {number} port
 * @param {boolean} secure
 * @param {number} startedAt
 * @param {() => string | null} ended
 * @returns {Promise<number>} milliseconds since `startedAt`
 */
async function firstAnswer(port, secure, startedAt, ended) {
  const ask = Buffer.from(`GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  for (;;) {
    const connection = new Connection(port, { secure })
    try {
      const { status } = await connection.exchange(ask)
      if (status === 200) return performance.now() - startedAt
      // Layerdock says 503 while it opens a store, and it is not there before it can answer.
      if (status !== 503) throw new Error(`GET /v2/ was answered ${status}`)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) throw error
    } finally {
      connection.close()
    }
    if (ended() !== null) throw new Error(`the process ${ended()}`)
    if (performance.now() - startedAt > 60_000) throw new Error('no answer in 60 seconds')
    await sleep(1)
  }
}

/**
 * @param {ChildProcess} child
 * @param {Promise<void>} exit
 * @param {() => boolean} hasEnded
 */
async function stopProcess(child, exit, hasEnded) {
  if (hasEnded()) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exit
  clearTimeout(timer)
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
      probe.close(() => resolve(port))
    })
  })
}

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
