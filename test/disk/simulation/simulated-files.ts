import { basename, dirname, relative } from 'node:path'
import { storageError } from '../../../adapters/disk/file-errors.ts'
import type {
  FileStat,
  Files,
  OpenDirectory,
  OpenFile,
  OpenMode,
} from '../../../adapters/disk/files.ts'
import type { Call, Verdict } from '../fault-files.ts'
import { FileNode, FolderNode, type Node } from './nodes.ts'

/** Where a simulated store is. */
export const simulatedRoot = '/simulated'

/**
 * A file system in memory that knows what of it outlives power loss, in which any call can fail. Symbolic
 * links, permissions and locks it does not have.
 */
export class SimulatedFiles implements Files {
  readonly root: FolderNode
  /** Calls so far. */
  calls = 0
  /** Descriptors that are open. */
  descriptors = 0
  mostDescriptors = 0
  /** Decides on every call, before it is carried out. */
  judge: (call: Call) => Verdict = () => null
  /** What each call waits for first. */
  pause: () => Promise<void> = async () => {}

  constructor(root: FolderNode = new FolderNode()) {
    this.root = root
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    await this.pause()
    this.#check(mode, path)
    const { folder, name } = this.#place(path)
    const there = folder.names.get(name)
    if (mode === 'create' && there !== undefined) throw systemError('EEXIST', path)
    if (there?.kind === 'directory') throw systemError('EFTYPE', path)
    if (there === undefined && (mode === 'read' || mode === 'write')) {
      throw systemError('ENOENT', path)
    }
    const file = there ?? new FileNode()
    if (there === undefined) folder.change(name, file)
    return this.#fileOf(file, path)
  }

  async openDirectory(path: string): Promise<OpenDirectory> {
    await this.pause()
    this.#check('open-directory', path)
    const folder = this.#node(path)
    if (folder?.kind !== 'directory') throw systemError('ENOENT', path)
    const release = this.#hold()
    return {
      sync: async () => {
        await this.pause()
        try {
          this.#check('sync-directory', path)
        } catch (error) {
          folder.failSync()
          throw error
        }
        folder.sync()
      },
      close: async () => release(),
    }
  }

  async stat(path: string): Promise<FileStat | null> {
    await this.pause()
    return this.statNow(path)
  }

  statNow(path: string): FileStat | null {
    this.#check('stat', path)
    const node = this.#node(path)
    if (node === undefined) return null
    const { kind, identity, changedAt } = node
    const size = node.kind === 'file' ? node.bytes.byteLength : 4096
    return { kind, size, changedAt, identity, place: identity }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.pause()
    this.#check('rename', from, to)
    const source = this.#place(from)
    const node = source.folder.names.get(source.name)
    if (node === undefined) throw systemError('ENOENT', from)
    const { folder, name } = this.#place(to)
    const change = folder.change(name, node)
    source.folder.change(source.name, null, { folder, change })
  }

  async link(from: string, to: string): Promise<void> {
    await this.pause()
    this.#check('link', from, to)
    const node = this.#node(from)
    const { folder, name } = this.#place(to)
    if (node === undefined) throw systemError('ENOENT', from)
    if (folder.names.has(name)) throw systemError('EEXIST', to)
    folder.change(name, node)
  }

  async unlink(path: string): Promise<boolean> {
    await this.pause()
    this.#check('unlink', path)
    const { folder, name } = this.#place(path)
    const node = folder.names.get(name)
    if (node?.kind === 'directory') throw systemError('EISDIR', path)
    if (node !== undefined) folder.change(name, null)
    return node !== undefined
  }

  async makeDirectory(path: string): Promise<boolean> {
    await this.pause()
    this.#check('make-directory', path)
    const { folder, name } = this.#place(path)
    if (folder.names.has(name)) return false
    folder.change(name, new FolderNode())
    return true
  }

  async *list(path: string): AsyncGenerator<string> {
    await this.pause()
    this.#check('list', path)
    const folder = this.#node(path)
    if (folder?.kind !== 'directory') throw systemError('ENOENT', path)
    yield* [...folder.names.keys()]
  }

  #fileOf(file: FileNode, path: string): OpenFile {
    const release = this.#hold()
    let isClosed = false
    const expectOpen = (): void => {
      if (isClosed) throw new Error('the file is closed')
    }
    return {
      fd: -1,
      size: file.bytes.byteLength,
      identity: file.identity,
      write: async (chunks, position) => {
        expectOpen()
        await this.pause()
        const most = this.#check('write', path)
        const whole = Buffer.concat(chunks)
        const bytes = Uint8Array.from(most === null ? whole : whole.subarray(0, most))
        if (bytes.byteLength > 0) file.change({ kind: 'write', at: position, bytes })
        return bytes.byteLength
      },
      read: async (into, offset, length, position) => {
        expectOpen()
        await this.pause()
        this.#check('read', path)
        const bytes = file.bytes.subarray(position, position + length)
        into.set(bytes, offset)
        return bytes.byteLength
      },
      readNow: (into, offset, length, position) => {
        expectOpen()
        this.#check('read', path)
        const bytes = file.bytes.subarray(position, position + length)
        into.set(bytes, offset)
        return bytes.byteLength
      },
      datasync: async () => {
        expectOpen()
        await this.pause()
        try {
          this.#check('datasync', path)
        } catch (error) {
          file.failSync()
          throw error
        }
        file.sync()
      },
      truncate: async (size) => {
        expectOpen()
        await this.pause()
        this.#check('truncate', path)
        file.change({ kind: 'truncate', size })
      },
      close: async () => {
        if (isClosed) return
        isClosed = true
        release()
      },
    }
  }

  #hold(): () => void {
    this.descriptors += 1
    this.mostDescriptors = Math.max(this.mostDescriptors, this.descriptors)
    let isHeld = true
    return () => {
      if (isHeld) this.descriptors -= 1
      isHeld = false
    }
  }

  #node(path: string): Node | undefined {
    let node: Node | undefined = this.root
    for (const name of relative(simulatedRoot, path).split('/').filter(Boolean)) {
      node = node?.kind === 'directory' ? node.names.get(name) : undefined
    }
    return node
  }

  #place(path: string): { readonly folder: FolderNode; readonly name: string } {
    const folder = this.#node(dirname(path))
    if (folder?.kind !== 'directory') throw systemError('ENOENT', path)
    return { folder, name: basename(path) }
  }

  /** Records a call, and throws where it is to fail; returns how much may be written. */
  #check(operation: string, ...paths: string[]): number | null {
    const path = paths.map((each) => relative(simulatedRoot, each)).join(' ')
    const call = { operation, path }
    this.calls += 1
    const verdict = this.judge(call)
    if (typeof verdict !== 'string') return verdict
    throw storageError(systemError(verdict, path))
  }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
