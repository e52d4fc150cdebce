import { parseArgs } from 'node:util'

/**
 * The values of a program's options. `--help` prints the usage and ends the program; an unknown option
 * ends it with the usage and exit code 2.
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} const T
 * @param {string} usage
 * @param {T} options
 * @returns {ReturnType<typeof parseArgs<{ options: T }>>['values']}
 */
export function programOptions(usage, options) {
  try {
    const help = /** @type {const} */ ({ type: 'boolean', default: false })
    const { values } = parseArgs({ options: { ...options, help } })
    if (/** @type {{ help?: boolean }} */ (values).help !== true) return values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    process.exit(2)
  }
  process.stdout.write(usage)
  process.exit(0)
}
