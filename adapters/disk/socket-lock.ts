import net from 'node:net'
import { join, relative } from 'node:path'
import { codeOf, isNoFile } from './file-errors.ts'
import type { Files } from './files.ts'
import { identityNow } from './identity.ts'
import type { Layout } from './layout.ts'
import type { HeldLock } from './lock.ts'

const publishedName = /^lock\.[0-9a-f-]{36}$/
/** The system cuts off longer names of sockets, on Linux at 107 bytes and elsewhere at 103. */
const longestName = 100
/** A live holder answers at once; a stopped one counts as alive. */
const answerMs = 200

/**
 * The lock where there is no flock: a socket in the folder, on which its holder listens. Each gets
 * a name that was never used before, and only once it listens. A process that finds another one alive
 * withdraws, so of two that start at once at most one remains: the later to publish sees the earlier.
 * The sockets of dead processes refuse connections and are removed. Null when another process has it.
 *
 * Holds between processes that share a kernel, which a folder on a network does not ensure. A holder
 * whose socket was removed by hand notices with `isHeld`.
 */
export async function takeSocketLock(files: Files, layout: Layout): Promise<HeldLock | null> {
  const name = `lock.${crypto.randomUUID()}`
  const path = join(layout.root, name)
  const fresh = `${path}.new`
  const server = net.createServer((socket) => socket.destroy())
  const withdraw = async (): Promise<void> => {
    await files.unlink(path)
    await new Promise((resolve) => server.close(resolve))
  }
  await listen(server, fresh)
  let identity: string | undefined
  try {
    await files.rename(fresh, path)
    identity = (await files.stat(path))?.identity
    for await (const other of files.list(layout.root)) {
      if (!publishedName.test(other) || other === name) continue
      if (await isAlive(join(layout.root, other))) {
        await withdraw()
        return null
      }
      await files.unlink(join(layout.root, other))
    }
  } catch (error) {
    await withdraw()
    throw error
  }
  // The lock alone must not keep the process alive.
  server.unref()
  return {
    isHeld: async () => identity !== undefined && identityNow(files, path) === identity,
    release: withdraw,
  }
}

/** Whether a process has the folder by socket. */
export async function isSocketLocked(files: Files, layout: Layout): Promise<boolean> {
  for await (const name of files.list(layout.root)) {
    if (publishedName.test(name) && (await isAlive(join(layout.root, name)))) return true
  }
  return false
}

function listen(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(shortName(path), () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(shortName(path))
    const settle = (alive: boolean): void => {
      socket.destroy()
      resolve(alive)
    }
    socket.setTimeout(answerMs, () => settle(true))
    socket.once('connect', () => settle(true))
    socket.once('error', (error) => settle(codeOf(error) !== 'ECONNREFUSED' && !isNoFile(error)))
  })
}

function shortName(path: string): string {
  if (path.length <= longestName) return path
  const short = relative(process.cwd(), path)
  if (short.length <= longestName) return short
  throw new Error(
    `${path}: too long for a lock of this kind. Choose a folder with a shorter path, or install ` +
      'flock (util-linux or busybox) before the store is made',
  )
}
