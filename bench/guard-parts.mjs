// What the guard measures, and where.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allocationMeter, cpuMeter } from './guard-measure.mjs'
import { layerdock } from './servers.mjs'

/** @import { Meter } from './guard-measure.mjs' */

/**
 * @typedef {object} Part
 * @property {'cpu' | 'allocated'} part its place in the baseline
 * @property {string} title
 * @property {string} unit
 * @property {Meter} meter
 */

/** Where stores are kept, where it is there. */
export const memory = '/dev/shm'

/** @type {readonly Part[]} */
export const parts = [
  { part: 'cpu', title: 'CPU time', unit: 'µs', meter: cpuMeter },
  { part: 'allocated', title: 'allocations', unit: 'bytes', meter: allocationMeter },
]

/** @type {Set<string>} */
const folders = new Set()
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/**
 * Whether the part can be measured on the runtime.
 * @param {string} runtime
 * @param {Part} part
 */
export function isMeasured(runtime, { meter: { variant } }) {
  return variant === undefined || layerdock(runtime).variants[variant] !== undefined
}

/**
 * A folder that goes when the program ends. In memory, because how long a disk takes decides how many requests share a write, and so what each costs.
 * @param {string | undefined} dir
 */
export function newFolder(dir) {
  const parent = dir ?? (existsSync(memory) ? memory : tmpdir())
  const folder = mkdtempSync(join(parent, 'layerdock-guard-'))
  folders.add(folder)
  return folder
}
