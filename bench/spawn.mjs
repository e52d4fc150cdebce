// Processes that a program of this folder starts, and the ports they listen on.

import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'

/** @type {Set<import('node:child_process').ChildProcess>} */
const alive = new Set()
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/**
 * @typedef {object} Started
 * @property {number} pid
 * @property {() => string | null} ended how it ended; null while it runs
 * @property {(signal?: NodeJS.Signals) => Promise<void>} stop sends SIGTERM or another signal, and kills it
 *   where that does not end it in 10 seconds
 */

/**
 * Starts a program without a shell, so that the process is the program's own. It ends with this process, unless
 * this one is killed.
 * @param {readonly string[]} command
 * @param {object} options
 * @param {string} options.log a file for what it says
 * @param {Readonly<Record<string, string>>} [options.env] beside what this process has, but for Layerdock's settings
 * @param {{ readonly uid: number, readonly gid: number } | null} [options.account] whom it runs as
 * @param {string} [options.cwd]
 * @returns {Started}
 */
export function startProcess([program = '', ...args], { log, env = {}, account = null, cwd }) {
  const output = openSync(log, 'w')
  const child = spawn(program, args, {
    stdio: ['ignore', output, output],
    env: { ...ownEnvironment(), ...env },
    ...account,
    ...(cwd === undefined ? {} : { cwd }),
  })
  closeSync(output)
  alive.add(child)
  /** @type {string | null} */
  let ended = null
  /** @type {Promise<void>} */
  const exit = new Promise((resolve) => {
    const end = (/** @type {string} */ how) => {
      ended = how
      alive.delete(child)
      resolve()
    }
    child.once('exit', (code, signal) => end(`ended with ${code ?? signal}`))
    child.once('error', (error) => end(error.message))
  })
  return {
    pid: child.pid ?? 0,
    ended: () => ended,
    async stop(signal = 'SIGTERM') {
      if (ended !== null) return
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await exit
      clearTimeout(timer)
    },
  }
}

/** Without settings: a server refuses those that it does not know, and others would change what is measured. */
function ownEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('LAYERDOCK_')),
  )
}

/**
 * Ports of loopback that are free now, all different.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  const probes = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    probes.map(
      (probe) =>
        /** @type {Promise<number>} */ (
          new Promise((resolve, reject) => {
            probe.once('error', reject)
            probe.listen(0, '127.0.0.1', () => {
              resolve(/** @type {import('node:net').AddressInfo} */ (probe.address()).port)
            })
          })
        ),
    ),
  )
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
  return ports
}

/**
 * Asks again and again until it is so.
 * @param {() => boolean | Promise<boolean>} isSo
 * @param {{ what: string, ended: () => string | null, seconds?: number }} options
 * @throws {Error} when the process ended first, or the time is over
 */
export async function until(isSo, { what, ended, seconds = 60 }) {
  const deadline = performance.now() + seconds * 1000
  while (!(await isSo())) {
    const how = ended()
    if (how !== null) throw new Error(`${what}: the process ${how}`)
    if (performance.now() > deadline) throw new Error(`${what}: not in ${seconds} seconds`)
    await sleep(5)
  }
}

/** @param {number} ms */
export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
