import { spawn } from 'node:child_process'
import { codeOf } from './file-errors.ts'
import type { Files, OpenFile, OpenMode } from './files.ts'

/** What `flock -n` exits with when another process has the lock. */
const exitTaken = 1

/** How a file is locked: for one holder alone, or together with others who only read. */
export type LockMode = 'alone' | 'shared'

/**
 * Locks a file with flock(2), which no runtime offers: the program of that name locks the open file it
 * inherits from us, and the lock stays with our descriptor when it has ended. The kernel drops it when
 * that is closed, `kill -9` included. Null when another process has it.
 *
 * @returns the open file; closing it releases the lock
 * @throws Error when there is no `flock` to be run, or it fails; as {@link Files.open}.
 */
export async function takeFlock(
  files: Files,
  path: string,
  mode: LockMode,
  open: OpenMode,
): Promise<OpenFile | null> {
  const file = await files.open(path, open)
  try {
    // A lock on a removed or replaced file does not stop another process.
    const held = (await runFlock(file, mode)) && (await isNamed(files, path, file))
    if (held) return file
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return null
}

async function isNamed(files: Files, path: string, file: OpenFile): Promise<boolean> {
  return (await files.stat(path))?.identity === file.identity
}

function runFlock(file: OpenFile, mode: LockMode): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const how = mode === 'alone' ? '-xn' : '-sn'
    const child = spawn('flock', [how, '3'], { stdio: ['ignore', 'ignore', 'pipe', file.fd] })
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
