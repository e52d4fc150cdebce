import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, opendir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { ContentFault, type SourceBlob } from '../../src/kit.ts'
import { fileStream } from './file-stream.ts'

/** What a name in a folder leads to. */
export type EntryKind = 'file' | 'folder' | 'other'

/** Folders whose kind is remembered. */
const mostKnown = 10_000

/**
 * A folder that another program wrote. It is only read, and nothing outside of it: no symbolic link is followed, at
 * any place of a path, and only ordinary files are opened.
 *
 * A path is a list of names. Methods throw ContentFault `refused` for a link or a special file in the way, and
 * `unreadable` where the system fails.
 */
export class SafeFolder {
  /** The folder, its links resolved: it is the caller who names it. */
  readonly root: string
  readonly #known: Set<string> = new Set()

  private constructor(root: string) {
    this.root = root
  }

  /** @throws the error of the system where it cannot be found. */
  static async open(path: string): Promise<SafeFolder> {
    return new SafeFolder(await realpath(path))
  }

  /** What is there; null for nothing. */
  async kind(path: readonly string[]): Promise<EntryKind | null> {
    const found = await this.#stat(path)
    if (found === null) return null
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other'
  }

  /** When the file was last written, in milliseconds since the epoch; null where there is none. */
  async writtenAt(path: readonly string[]): Promise<number | null> {
    const found = await this.#stat(path)
    return found?.isFile() === true ? Math.floor(found.mtimeMs) : null
  }

  /** The names in a folder, in no order; none where there is no such folder. */
  async *list(path: readonly string[]): AsyncGenerator<{ name: string; kind: EntryKind }> {
    const found = await this.#stat(path)
    if (found === null) return
    if (!found.isDirectory()) throw notFollowed(path, found, 'a folder')
    const folder = await told(path, () => opendir(join(this.root, ...path)))
    for await (const entry of folder) {
      const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other'
      yield { name: entry.name, kind }
    }
  }

  /** A whole file; null where there is none. @throws ContentFault also where it has more than `most` bytes. */
  async read(path: readonly string[], most: number): Promise<Uint8Array | null> {
    const opened = await this.#open(path)
    if (opened === null) return null
    const { handle, size } = opened
    try {
      if (size > most) throw tooLarge(path, most)
      const bytes = new Uint8Array(size)
      let read = 0
      while (read < size) {
        const { bytesRead } = await told(path, () => handle.read(bytes, read, size - read, read))
        if (bytesRead === 0) break
        read += bytesRead
      }
      return bytes.subarray(0, read)
    } finally {
      await handle.close()
    }
  }

  /** A file to be streamed; null where there is none. */
  async stream(path: readonly string[]): Promise<SourceBlob | null> {
    const opened = await this.#open(path)
    if (opened === null) return null
    const { handle, size } = opened
    return { size, stream: fileStream(handle, { close: () => handle.close() }) }
  }

  async #open(path: readonly string[]): Promise<{ handle: FileHandle; size: number } | null> {
    const found = await this.#stat(path)
    if (found === null) return null
    if (!found.isFile()) throw notFollowed(path, found, 'a file')
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
    // A pipe that took the file's place in between must not stop us.
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK
    const handle = await told(path, () => open(join(this.root, ...path), flags))
    try {
      const opened = await handle.stat()
      if (!opened.isFile() || opened.ino !== found.ino || opened.dev !== found.dev) {
        throw new ContentFault('refused', `${shown(path)} was replaced while it was opened`)
      }
      return { handle, size: opened.size }
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Looks at a path whose folders are folders, each of them. */
  async #stat(path: readonly string[]): Promise<Stats | null> {
    for (const name of path) {
      if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
        throw new ContentFault('refused', `${shown(path)} leads out of the folder`)
      }
    }
    for (let length = 1; length < path.length; length += 1) {
      const folder = path.slice(0, length)
      const key = folder.join('/')
      if (this.#known.has(key)) continue
      const found = await this.#lstat(folder)
      if (found === null) return null
      if (!found.isDirectory()) {
        if (found.isFile()) return null
        throw notFollowed(folder, found, 'a folder')
      }
      if (this.#known.size >= mostKnown) this.#known.clear()
      this.#known.add(key)
    }
    return await this.#lstat(path)
  }

  async #lstat(path: readonly string[]): Promise<Stats | null> {
    try {
      return await lstat(join(this.root, ...path))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null
      throw unreadable(path, error)
    }
  }
}

async function told<T>(path: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: readonly string[], error: unknown): ContentFault {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ELOOP') return new ContentFault('refused', `${shown(path)} is a symbolic link`)
  return new ContentFault('unreadable', `${shown(path)}: ${code ?? String(error)}`)
}

function notFollowed(path: readonly string[], found: Stats, wanted: string): ContentFault {
  const what = found.isSymbolicLink() ? 'a symbolic link, which is not followed' : `not ${wanted}`
  return new ContentFault('refused', `${shown(path)} is ${what}`)
}

function tooLarge(path: readonly string[], most: number): ContentFault {
  return new ContentFault('refused', `${shown(path)} is larger than ${most} bytes`)
}

function shown(path: readonly string[]): string {
  return path.join('/').slice(0, 500)
}
