import { randomUUID } from 'node:crypto'
import { chmod, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A lock that is older was left behind by a process that ended in the middle. */
const staleMs = 10_000

/** How a file is replaced. */
export interface ReplaceOptions {
  /** Permissions. Default: 0600. */
  readonly mode?: number
  /** Whose it becomes, where this process may do that. Default: this process's user. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** Replaces a file so that a crash leaves the old one or the new one, whole. */
export async function replaceFile(
  path: string,
  text: string,
  { mode = 0o600, owner }: ReplaceOptions = {},
): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      // A user who may not give files away keeps it; the server may read it as that user or not at all.
      if (owner !== undefined) await file.chown(owner.uid, owner.gid).catch(() => {})
      await file.sync()
    } finally {
      await file.close()
    }
    if (mode !== 0o600) await chmod(temporary, mode)
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

/**
 * Does `work` while `<path>.lock` is there, which keeps out other processes that ask for it. Null where another
 * holds it for ten seconds.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T | null> {
  const lock = `${path}.lock`
  if (!(await take(lock))) return null
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
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

/** The system's code of an error, such as `ENOENT`; null for an error that has none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null
}
