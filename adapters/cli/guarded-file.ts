import { open, stat } from 'node:fs/promises'
import { codeOf } from './whole-file.ts'

/** A file of secrets cannot be used; the message says why, and what to do. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused'
  /** Whether there is no such file. */
  readonly isAbsent: boolean

  constructor(message: string, isAbsent: boolean = false) {
    super(message)
    this.isAbsent = isAbsent
  }
}

/** A file that was read. */
export interface GuardedFile {
  readonly text: string
  readonly mode: number
  /** The user it belongs to. */
  readonly uid: number
}

/** Larger files are something else. */
const mostBytes = 16 * 1024 * 1024

/**
 * Reads a file on which it depends who may do what.
 *
 * @param forbidden the bits of permissions that it must not have, such as 0o002 for writable by all
 * @throws FileRefused where it cannot be read, is not a file of text in UTF-8, or has such permissions.
 */
export async function readGuarded(path: string, forbidden: number): Promise<GuardedFile> {
  try {
    // Opening a named pipe would wait for its writer.
    expectFile((await stat(path)).isFile())
    const file = await open(path, 'r')
    try {
      const found = await file.stat()
      expectFile(found.isFile())
      if (hasBits(found.mode, forbidden)) throw new FileRefused(tooOpen(path, forbidden))
      if (found.size > mostBytes)
        throw new FileRefused('is larger than 16 MiB, so it is something else')
      const { mode, uid } = found
      return { text: decoded(await file.readFile()), mode, uid }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw refusal(error)
  }
}

/** Whether permissions have any of these bits. Windows has none of them. */
export function hasBits(mode: number, bits: number): boolean {
  return process.platform !== 'win32' && (mode & bits) !== 0
}

function tooOpen(path: string, forbidden: number): string {
  if ((forbidden & 0o004) === 0)
    return `every user of this machine may change it; run chmod o-w ${path}`
  return `other users of this machine may read or change it; run chmod 600 ${path}`
}

function expectFile(isFile: boolean): void {
  if (!isFile) throw new FileRefused('is not a file')
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new FileRefused('is not text in UTF-8')
  }
}

function refusal(error: unknown): FileRefused {
  if (error instanceof FileRefused) return error
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new FileRefused('there is no such file', true)
    case 'EACCES':
    case 'EPERM':
      return new FileRefused('the file may not be read by this user')
    default:
      return new FileRefused(error instanceof Error ? error.message : String(error))
  }
}
