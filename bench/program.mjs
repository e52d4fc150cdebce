// How a program of this folder begins and ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { programOptions } from '../conformance/program-options.mjs'

/**
 * Reads a program's options and runs it. What it throws becomes one line and exit code 1; an interrupt
 * ends it as an exit does, so that its folders go.
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} const T
 * @param {string} usage
 * @param {T} options
 * @param {(values: ReturnType<typeof programOptions<T>>) => void | Promise<void>} main
 */
export async function runProgram(usage, options, main) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => process.exit(130))
  }
  try {
    await main(programOptions(usage, options))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

/**
 * A new folder that goes when the program ends.
 * @param {string} parent
 * @param {string} name how its name begins
 */
export function programFolder(parent, name) {
  const folder = mkdtempSync(join(parent, `layerdock-${name}-`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
