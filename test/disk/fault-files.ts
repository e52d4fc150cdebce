import { relative } from 'node:path'
import { storageError } from '../../adapters/disk/file-errors.ts'
import type {
  FileStat,
  Files,
  OpenDirectory,
  OpenFile,
  OpenMode,
} from '../../adapters/disk/files.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'

/** A call of the file system, as it is recorded: what, and on which path below the root. */
export interface Call {
  readonly operation: string
  readonly path: string
}

/** What becomes of a call: null lets it pass, a code fails it, a number writes at most so much. */
export type Verdict = string | number | null

/** The process counts as dead: every call fails, and what it had open is closed. */
export class Crashed extends Error {
  constructor() {
    super('the process is dead')
  }
}

/**
 * The real file system, with every call recorded; a test can fail any call, and end the process at
 * any point. A crash leaves the files as they are, as `kill -9` does.
 */
export class FaultFiles implements Files {
  readonly calls: Call[] = []
  readonly #root: string
  readonly #open: Set<OpenFile | OpenDirectory> = new Set()
  /** Decides on every call. */
  judge: (call: Call) => Verdict = () => null
  /** The number of the call, counted from 1, before which the process dies. */
  crashAt: number = Number.POSITIVE_INFINITY
  #dead = false

  constructor(root: string) {
    this.#root = root
  }

  /** Closes what the dead process had open, as the kernel does. */
  async bury(): Promise<void> {
    this.#dead = true
    for (const open of this.#open) await open.close()
    this.#open.clear()
  }

  /** The calls as lines: `rename uploads/… blobs/…`. */
  get lines(): string[] {
    return this.calls.map(({ operation, path }) => `${operation} ${path}`)
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    this.#check(mode, path)
    const file = await nodeFiles.open(path, mode)
    this.#open.add(file)
    return this.#fileOf(file, path)
  }

  async openDirectory(path: string): Promise<OpenDirectory> {
    this.#check('open-directory', path)
    const directory = await nodeFiles.openDirectory(path)
    this.#open.add(directory)
    return {
      sync: async () => {
        this.#check('sync-directory', path)
        await directory.sync()
      },
      close: async () => {
        this.#check('close-directory', path)
        this.#open.delete(directory)
        await directory.close()
      },
    }
  }

  async stat(path: string): Promise<FileStat | null> {
    this.#check('stat', path)
    return await nodeFiles.stat(path)
  }

  statNow(path: string): FileStat | null {
    this.#check('stat', path)
    return nodeFiles.statNow(path)
  }

  async rename(from: string, to: string): Promise<void> {
    this.#check('rename', from, to)
    await nodeFiles.rename(from, to)
  }

  async link(from: string, to: string): Promise<void> {
    this.#check('link', from, to)
    await nodeFiles.link(from, to)
  }

  async unlink(path: string): Promise<boolean> {
    this.#check('unlink', path)
    return await nodeFiles.unlink(path)
  }

  async makeDirectory(path: string): Promise<boolean> {
    this.#check('make-directory', path)
    return await nodeFiles.makeDirectory(path)
  }

  async *list(path: string): AsyncGenerator<string> {
    this.#check('list', path)
    yield* nodeFiles.list(path)
  }

  #fileOf(file: OpenFile, path: string): OpenFile {
    return {
      fd: file.fd,
      size: file.size,
      identity: file.identity,
      write: async (chunks, position) => {
        const most = this.#check('write', path)
        if (most === null) return await file.write(chunks, position)
        const [first = new Uint8Array(0)] = chunks.filter((chunk) => chunk.byteLength > 0)
        return await file.write([first.subarray(0, most)], position)
      },
      read: async (into, offset, length, position) => {
        this.#check('read', path)
        return await file.read(into, offset, length, position)
      },
      readNow: (into, offset, length, position) => {
        this.#check('read', path)
        return file.readNow(into, offset, length, position)
      },
      datasync: async () => {
        this.#check('datasync', path)
        await file.datasync()
      },
      truncate: async (size) => {
        this.#check('truncate', path)
        await file.truncate(size)
      },
      close: async () => {
        this.#check('close', path)
        this.#open.delete(file)
        await file.close()
      },
    }
  }

  /** Records a call, and throws where it is to fail; returns how much may be written. */
  #check(operation: string, ...paths: string[]): number | null {
    if (this.#dead || this.calls.length + 1 >= this.crashAt) {
      this.#dead = true
      throw new Crashed()
    }
    const path = paths.map((each) => relative(this.#root, each)).join(' ')
    const call = { operation, path }
    this.calls.push(call)
    const verdict = this.judge(call)
    if (typeof verdict !== 'string') return verdict
    throw storageError(Object.assign(new Error(`${verdict}: ${operation}`), { code: verdict }))
  }
}

/**
 * Lets one call fail for want of descriptors, as a contract's place does. Syncs are spared: one that
 * fails loses data for good. So are closes, which need nothing.
 */
export function failOnceIn(files: FaultFiles): (skip?: number) => () => boolean {
  return (skip = 0) => {
    const { judge } = files
    let left = skip
    let struck = false
    files.judge = (call) => {
      if (struck || /sync|close|stat/.test(call.operation)) return judge(call)
      struck = left === 0
      left -= 1
      return struck ? 'EMFILE' : judge(call)
    }
    return () => {
      files.judge = judge
      return struck
    }
  }
}
