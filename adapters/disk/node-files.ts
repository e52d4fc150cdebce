import fs from 'node:fs'
import { codeOf, storageError } from './file-errors.ts'
import type { FileStat, Files, OpenDirectory, OpenFile, OpenMode } from './files.ts'
import { lacksDescriptors, openWithSpare, refillDescriptors } from './spare-descriptors.ts'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = fs.constants

/** Without O_NONBLOCK, opening a planted pipe would hold a thread of the pool for ever. */
const flags: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  write: O_RDWR | O_NOFOLLOW | O_NONBLOCK,
  create: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
  ensure: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
}

/** Names read from a folder at once; with the default of 32 a walk takes several times as long. */
const namesAtOnce = 1024

type Done<T> = (error: NodeJS.ErrnoException | null, value?: T) => void

/** {@link Files} over `node:fs`: the callbacks, which cost less than its promises. */
export const nodeFiles: Files = {
  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const fd = await open(path, flags[mode])
    if (mode === 'create') return new NodeFile(fd, 0)
    // Synchronous, since the open call has just brought what it asks for into memory.
    const stat = fs.fstatSync(fd)
    if (stat.isFile()) return new NodeFile(fd, stat.size)
    fs.closeSync(fd)
    throw Object.assign(new Error(`${path}: not a regular file`), { code: 'EFTYPE' })
  },

  async openDirectory(path: string): Promise<OpenDirectory> {
    const way = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
    const fd = await open(path, way)
    return {
      sync: () => call<void>((done) => fs.fsync(fd, done)),
      close: () => close(fd),
    }
  },

  async stat(path: string): Promise<FileStat | null> {
    try {
      return statOf(await call<fs.Stats>((done) => fs.lstat(path, done)))
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
      throw error
    }
  },

  statNow(path: string): FileStat | null {
    try {
      const stat = fs.lstatSync(path, { throwIfNoEntry: false })
      return stat === undefined ? null : statOf(stat)
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
      throw storageError(error)
    }
  },

  rename(from: string, to: string): Promise<void> {
    return call<void>((done) => fs.rename(from, to, done))
  },

  link(from: string, to: string): Promise<void> {
    return call<void>((done) => fs.link(from, to, done))
  },

  unlink(path: string): Promise<boolean> {
    return unless('ENOENT', (done) => fs.unlink(path, done))
  },

  makeDirectory(path: string): Promise<boolean> {
    return unless('EEXIST', (done) => fs.mkdir(path, 0o700, done))
  },

  async *list(path: string): AsyncGenerator<string> {
    const options = { bufferSize: namesAtOnce }
    const folder = await call<fs.Dir>((done) => fs.opendir(path, options, done))
    for await (const entry of folder) yield entry.name
  },
}

class NodeFile implements OpenFile {
  readonly fd: number
  readonly size: number
  #identity: string | null = null
  #underWay = 0
  #closed: Promise<void> | null = null
  #quiet: (() => void) | null = null

  constructor(fd: number, size: number) {
    this.fd = fd
    this.size = size
  }

  get identity(): string {
    this.#identity ??= identityOf(fs.fstatSync(this.fd))
    return this.#identity
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const [only] = chunks
    return this.#call<number>((done) =>
      chunks.length === 1 && only !== undefined
        ? fs.write(this.fd, only, 0, only.byteLength, position, done)
        : fs.writev(this.fd, chunks, position, done),
    )
  }

  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.#call<number>((done) => fs.read(this.fd, into, offset, length, position, done))
  }

  readNow(into: Uint8Array, offset: number, length: number, position: number): number {
    if (this.#closed !== null) throw new Error('the file is closed')
    try {
      return fs.readSync(this.fd, into, offset, length, position)
    } catch (error) {
      throw storageError(error)
    }
  }

  datasync(): Promise<void> {
    return this.#call<void>((done) => fs.fdatasync(this.fd, done))
  }

  truncate(size: number): Promise<void> {
    return this.#call<void>((done) => fs.ftruncate(this.fd, size, done))
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#quiet = resolve
      })
    }
    await close(this.fd)
  }

  #call<T>(start: (done: Done<T>) => void): Promise<T> {
    if (this.#closed !== null) return Promise.reject(new Error('the file is closed'))
    this.#underWay++
    return call<T>((done) =>
      start((error, value) => {
        this.#underWay--
        if (this.#underWay === 0) this.#quiet?.()
        done(error, value)
      }),
    )
  }
}

function open(path: string, way: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, way, 0o600, (error, fd) => {
      if (error === null || error === undefined) return resolve(fd)
      try {
        const spare = codeOf(error) === 'EMFILE' ? openWithSpare(path, way, 0o600) : null
        if (spare === null) throw error
        resolve(spare)
      } catch (error) {
        reject(storageError(error))
      }
    })
  })
}

async function close(fd: number): Promise<void> {
  if (!lacksDescriptors()) return call<void>((done) => fs.close(fd, done))
  // Both at once, so that no connection takes the descriptor in between.
  fs.closeSync(fd)
  refillDescriptors()
}

function statOf(stat: fs.Stats): FileStat {
  const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other'
  return {
    kind,
    size: stat.size,
    changedAt: stat.ctimeMs,
    identity: identityOf(stat),
    place: placeOf(stat),
  }
}

function identityOf(stat: fs.Stats): string {
  return `${stat.dev}:${stat.ino}`
}

/**
 * A copy has another number as a rule, and was made later in any case. The number of a device may be another after
 * each start, so it counts only where the file system does not know when files were made.
 */
function placeOf({ dev, ino, birthtimeMs }: fs.Stats): string {
  const birth = Math.trunc(birthtimeMs)
  return birth > 0 ? `${ino}-${birth}` : `${ino}-${dev}`
}

function call<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    start((error, value) => {
      if (error === null || error === undefined) resolve(value as T)
      else reject(storageError(error))
    })
  })
}

async function unless(code: string, start: (done: Done<void>) => void): Promise<boolean> {
  try {
    await call<void>(start)
    return true
  } catch (error) {
    if (codeOf(error) === code) return false
    throw error
  }
}
