import { readFileSync, statSync } from 'node:fs'
import { CliError, exitCodes } from './exit.ts'

/** More than any policy may have; see `parsePolicy`. */
const mostBytes = 8 * 1024 * 1024

/**
 * Reads the file of a policy.
 *
 * @param regular whether it has to be a file, and not a pipe
 * @throws CliError where it cannot be read, or anyone on this machine could change it.
 */
export function readPolicyText(
  path: string,
  { regular = false }: { readonly regular?: boolean } = {},
): string {
  try {
    const found = statSync(path)
    const { mode, size } = found
    const isFile = found.isFile()
    if (regular && !isFile && !found.isDirectory()) throw wrong(`${path}: is not a file`)
    // Windows has no such bits.
    if (process.platform !== 'win32' && (mode & 0o002) !== 0 && isFile) {
      throw wrong(`${path}: anyone on this machine may change it; run chmod o-w ${path}`)
    }
    if (size > mostBytes) throw wrong(`${path}: has ${size} bytes; a policy has 1 MiB at most`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw error instanceof CliError ? error : wrong(`${path}: ${reason(error)}`)
  }
}

function wrong(message: string): CliError {
  return new CliError(exitCodes.config, [message])
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'the file may not be read by this user'
  if (code === 'EISDIR') return 'is a folder'
  return error instanceof Error ? error.message : String(error)
}
