import { type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type KeyStore,
  KeysBroken,
  type SigningKeyOptions,
  type SigningKeys,
  signingKeys,
} from '../../src/access/index.ts'
import { CliError, exitCodes } from './exit.ts'
import { codeOf, replaceFile, withLock } from './whole-file.ts'

/**
 * Keeps signing keys in a file that only its owner may read. Several processes may share it: who replaces it
 * holds `<path>.lock` for the moment it takes.
 */
export function fileKeyStore(path: string): KeyStore {
  return {
    read: () => readPrivate(path),

    async replace(before, after) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const isReplaced = await withLock(path, async () => {
        if ((await readPrivate(path)) !== before) return false
        await replaceFile(path, after)
        return true
      })
      return isReplaced ?? false
    },
  }
}

/**
 * The signing keys in a file, which is made when there is none.
 *
 * @param options how the keys are renewed
 * @throws CliError that says what is wrong with the file, and what to do.
 */
export async function signingKeysOf(
  path: string,
  options: Omit<SigningKeyOptions, 'store'> = {},
): Promise<SigningKeys> {
  const keys = signingKeys({ ...options, store: fileKeyStore(path) })
  try {
    await keys.current()
  } catch (error) {
    throw new CliError(exitCodes.problem, [`signing keys: ${path}: ${reason(error)}`])
  }
  return keys
}

/** The file is there, but may not be used. */
class KeyFileRefused extends Error {
  override readonly name = 'KeyFileRefused'
}

/** @throws KeyFileRefused where others may read or change the file. */
async function readPrivate(path: string): Promise<string | null> {
  let file: FileHandle
  try {
    // Opening a named pipe would wait for its writer.
    if (!(await stat(path)).isFile()) throw new KeyFileRefused('it is not a file; remove it')
    file = await open(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    const { mode } = await file.stat()
    // Windows has no such bits.
    if (process.platform !== 'win32' && (mode & 0o027) !== 0) {
      throw new KeyFileRefused(
        `others may read or change it; run chmod 600 ${path}. If it was readable for others before, remove it: new keys are made, and clients log in again`,
      )
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function reason(error: unknown): string {
  if (error instanceof KeysBroken) {
    return `${error.message}; restore it from a backup, or remove it: new keys are made, and clients log in again`
  }
  if (error instanceof KeyFileRefused) return error.message
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read or write it; change its owner, or name another folder with --access-dir'
    case 'EROFS':
      return 'the file system is read-only; name another folder with --access-dir'
    case 'EISDIR':
      return 'it is a folder; name another folder with --access-dir'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'its folder is a file; name another folder with --access-dir'
    case 'ENOSPC':
      return 'there is no space left; free some'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}
