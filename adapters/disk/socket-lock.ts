import net from 'node:net'
import { join, relative } from 'node:path'
import { codeOf, isNoFile } from './file-errors.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'

const publishedName = /^lock\.[0-9a-f-]{36}$/
/** The system cuts longer names of sockets off, on Linux at 107 bytes and elsewhere at 103. */
const longestName = 100
/** A live holder answers at once; one that is stopped counts as alive. */
const answerMs = 200

/**
 * The lock where there is no flock: a socket in the folder, on which its holder listens. Each gets
 * a name that was never used before, and only once it listens. Who finds another alive withdraws,
 * so of two that start at once at most one remains: the later to publish sees the earlier. The
 * sockets of the dead refuse connections and are removed. Null when somebody has it.
 *
 * Holds between processes that share a kernel, which a folder on a network does not ensure.
 */
export async function takeSocketLock(
  files: Files,
  layout: Layout,
): Promise<(() => Promise<void>) | null> {
  const name = `lock.${crypto.randomUUID()}`
  const path = join(layout.root, name)
  const fresh = `${path}.new`
  const server = net.createServer((socket) => socket.destroy())
  const withdraw = async (): Promise<void> => {
    await files.unlink(path)
    await new Promise((resolve) => server.close(resolve))
  }
  await listen(server, fresh)
  try {
    await files.rename(fresh, path)
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
  // The lock is no reason for a process to go on living.
  server.unref()
  return withdraw
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
