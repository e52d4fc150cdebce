import { spawnSync } from 'node:child_process'
import { isFull } from '../services/test-service.ts'

/** A command of a tool that ended. */
export interface Finished {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs a tool to its end, for five minutes at most. */
export function run(
  command: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Finished {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    env: { ...process.env, ...environment },
    input,
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 1 << 28,
  })
  return { status, out: stdout ?? '', err: `${stderr ?? ''}${error?.message ?? ''}` }
}

/** The same, for a command that has to succeed; its standard output. @throws Error with what it said. */
export function done(...given: Parameters<typeof run>): string {
  const { status, out, err } = run(...given)
  if (status !== 0) {
    const said = `${out}${err}`.slice(-4000)
    throw new Error(`${given[0]} ${given[1].join(' ')}: ended with ${status}\n${said}`)
  }
  return out
}

/** Whether a tool answers these words, such as `--version`. */
export function answers(command: string, ...words: readonly string[]): boolean {
  return run(command, words).status === 0
}

/**
 * Whether tests of a tool are left out: where it is not installed, unless `TEST_DEPLOY` says that it has to be. What is
 * missing is said once, with how to get it.
 */
export function lacks(tool: string, isThere: boolean, advice: string): boolean {
  if (isThere) return false
  if (isRequired(tool)) throw new Error(`no ${tool} (${advice}), and TEST_DEPLOY requires it`)
  process.stderr.write(`not run: tests of ${tool} (${advice})\n`)
  return true
}

/** Whether `TEST_DEPLOY` says that a tool has to be here, and to work. */
export function isRequired(tool: string): boolean {
  return (process.env.TEST_DEPLOY ?? '').split(',').includes(tool)
}

/** Whether tests that take a minute run, as in CI. */
export const isLong: boolean = isFull
