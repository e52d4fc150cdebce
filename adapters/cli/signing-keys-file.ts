import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type KeyStore,
  KeysBroken,
  type SigningKeyOptions,
  type SigningKeys,
  signingKeys,
} from '../../src/access/index.ts'
import { CliError, exitCodes } from './exit.ts'

/** A lock that is older was left behind by a process that ended in the middle. */
const staleMs = 10_000

/**
 * Keeps signing keys in a file that only its owner may read. Several processes may share it: who replaces it
 * holds `<path>.lock` for the moment it takes.
 */
export function fileKeyStore(path: string): KeyStore {
  const lock = `${path}.lock`
  return {
    read: () => readPrivate(path),

    async replace(before, after) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      if (!(await take(lock))) return false
      try {
        if ((await readPrivate(path)) !== before) return false
        await writeWhole(path, after)
        return true
      } finally {
        await rm(lock, { force: true })
      }
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

/** Whether the lock was taken. Where another process holds it, waits until that one is done. */
async function take(lock: string): Promise<boolean> {
  const deadline = performance.now() + staleMs
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close()
      return true
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    if (performance.now() > deadline) return false
    if (await isStale(lock)) await rm(lock, { force: true })
    else await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function isStale(lock: string): Promise<boolean> {
  try {
    return Math.abs(Date.now() - (await stat(lock)).mtimeMs) > staleMs
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Replaces a file so that a crash leaves the old one or the new one, whole. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r').catch(() => null)
  try {
    await folder?.sync()
  } catch {
    // Some file systems do not sync folders; the file itself is durable.
  } finally {
    await folder?.close()
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

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null
}
