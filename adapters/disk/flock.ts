import { spawn } from 'node:child_process'
import { codeOf } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { Layout } from './layout.ts'

/** What `flock -n` exits with when somebody else has the lock. */
const exitTaken = 1

/**
 * Locks a store's lock file with flock(2), which no runtime offers: the program of that name locks
 * the open file it inherits from us, and the lock stays with our descriptor when it has ended. The
 * kernel drops it when that is closed, `kill -9` included. Null when somebody has it.
 *
 * @param how `shared` writes nothing, and holds beside other shared locks
 * @throws Error when there is no `flock` to be run, or it fails.
 */
export async function takeFlock(
  files: Files,
  layout: Layout,
  how: 'exclusive' | 'shared' = 'exclusive',
): Promise<(() => Promise<void>) | null> {
  const file = await files.open(layout.lock, how === 'shared' ? 'read' : 'ensure')
  try {
    if (
      (await runFlock(file, how === 'shared' ? '-sn' : '-xn')) &&
      (await isNamed(files, layout, file))
    )
      return () => file.close()
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return null
}

function runFlock(file: OpenFile, flags: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', [flags, '3'], { stdio: ['ignore', 'ignore', 'pipe', file.fd] })
    let complaint = ''
    child.stderr?.on('data', (text: Uint8Array) => {
      complaint += String(text).slice(0, 500)
    })
    child.on('error', (error) => {
      if (codeOf(error) !== 'ENOENT') return reject(error)
      const advice = 'this store is locked with flock: install it (util-linux or busybox)'
      reject(new Error(advice, { cause: error }))
    })
    child.on('close', (code) => {
      if (code === 0) resolve(true)
      else if (code === exitTaken) resolve(false)
      else reject(new Error(`flock failed with exit code ${code}: ${complaint.trim()}`))
    })
  })
}

/** A lock on a file that somebody removed since keeps nobody out. */
async function isNamed(files: Files, layout: Layout, file: OpenFile): Promise<boolean> {
  return (await files.stat(layout.lock))?.identity === file.identity
}
