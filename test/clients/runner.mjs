// Shared by all clients: how to describe and find one, and how a step checks things.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, createReadStream } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * One thing that a client does, with its checks.
 * @typedef {object} Step
 * @property {string} title
 * @property {() => Promise<unknown>} run throws when something is not as it should be; a string it
 *   returns is shown beside the step
 */

/**
 * A client: one file in this folder.
 * @typedef {object} Client
 * @property {string} name
 * @property {() => string | null} find its version, or `null` when it is not installed
 * @property {(context: import('./context.mjs').Context) => Promise<Step[]>} steps in order; it defers
 *   the end of everything that it starts
 */

/** @param {string} program @returns {string | null} its path */
export function which(program) {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(dir, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return null
}

/**
 * The version that a program prints.
 * @param {string[]} command
 * @param {RegExp} [pattern] with one group; the default takes the first thing like 1.2.3
 * @returns {string | null} `null`: it is not installed
 */
export function versionOf([program, ...args], pattern = /v?(\d+\.\d+[\w.+~-]*)/) {
  if (program === undefined || which(program) === null) return null
  try {
    const said = execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return pattern.exec(said)?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

/** @param {string} path @returns {Promise<string>} the digest of a file */
export async function fileDigest(path) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

/**
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {string} what
 */
export function same(actual, expected, what) {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (left !== right) throw new Error(`${what}: ${left} instead of ${right}`)
}

/**
 * @param {string} text
 * @param {string} part
 */
export function contains(text, part) {
  if (!text.includes(part)) throw new Error(`${part} is not in: ${text.slice(0, 500)}`)
}

/**
 * @param {() => Promise<unknown>} action
 * @param {string} what it would mean if the action succeeded
 */
export async function fails(action, what) {
  try {
    await action()
  } catch {
    return
  }
  throw new Error(what)
}

/**
 * Asks until the answer is yes.
 * @param {() => Promise<boolean> | boolean} question
 * @param {string} what is waited for
 * @param {number} [seconds]
 */
export async function until(question, what, seconds = 30) {
  const deadline = Date.now() + seconds * 1000
  while (!(await question())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} seconds`)
    await new Promise((next) => setTimeout(next, 50))
  }
}
