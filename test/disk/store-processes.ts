import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runtimes } from '../../conformance/servers.mjs'

const run = promisify(execFile)
const program = fileURLToPath(new URL('store-process.ts', import.meta.url))

/** What another process found: see store-process.ts. */
export interface ProcessResult {
  readonly opened?: boolean
  /** The name of the error, and what it said. */
  readonly refused?: string
  readonly message?: string
  /** The sizes of the blobs it read, in bytes. */
  readonly blobs?: readonly number[]
  readonly sessions?: number
  /** `pushed`, or the kind of the error. */
  readonly pushed?: string
}

/**
 * Opens a store in another process, to write or to read, and ends it.
 *
 * @param around words of a command that runs it, where it has to run in some surroundings
 */
export async function storeProcess(
  mode: 'write' | 'read',
  directory: string,
  around: readonly string[] = [],
): Promise<ProcessResult> {
  const { command = [] } = runtimes.bun?.find?.('current') ?? {}
  const [first = '', ...rest] = [...around, ...command, program, mode, directory]
  const { stdout } = await run(first, rest)
  return JSON.parse(stdout) as ProcessResult
}
