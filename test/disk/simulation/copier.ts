import { FileNode, FolderNode, type Node } from './nodes.ts'
import type { Random } from './random.ts'

/** A file or folder that is still to be copied, as it was when its folder was listed. */
interface Task {
  readonly from: FolderNode
  readonly to: FolderNode
  readonly name: string
  /** Null before it is opened. */
  open: { readonly node: FileNode; readonly bytes: Uint8Array[]; at: number } | null
}

/**
 * Copies a folder as `cp -r`, `rsync` and `tar` do, in an order of its own: it lists a folder once, opens its files one
 * after the other or several at a time, and reads them piece by piece, while others write them. What is gone by then is
 * left out.
 */
export class Copier {
  readonly copy: FolderNode = new FolderNode()
  readonly #random: Random
  #tasks: Task[] = []

  constructor(root: FolderNode, random: Random) {
    this.#random = random
    this.#list(root, this.copy)
  }

  get isDone(): boolean {
    return this.#tasks.length === 0
  }

  /** Does one call of the file system. */
  step(): void {
    const index = this.#random.below(this.#tasks.length)
    const task = this.#tasks[index] as Task
    if (task.open === null) {
      const node: Node | undefined = task.from.names.get(task.name)
      if (node?.kind === 'directory') this.#listInto(node, task)
      if (node?.kind === 'file') task.open = { node, bytes: [], at: 0 }
      else this.#end(index)
      return
    }
    const { node, bytes, at } = task.open
    const piece = node.bytes.slice(at, at + 1 + this.#random.below(2 * node.bytes.byteLength + 1))
    if (piece.byteLength > 0) {
      bytes.push(piece)
      task.open.at += piece.byteLength
      return
    }
    task.to.names.set(task.name, new FileNode(Uint8Array.from(Buffer.concat(bytes))))
    this.#end(index)
  }

  #listInto(folder: FolderNode, { to, name }: Task): void {
    const made = new FolderNode()
    to.names.set(name, made)
    this.#list(folder, made)
  }

  #list(from: FolderNode, to: FolderNode): void {
    for (const name of from.names.keys()) this.#tasks.push({ from, to, name, open: null })
  }

  #end(index: number): void {
    this.#tasks.splice(index, 1)
  }
}

/** Another folder with the same files, for a process of its own; a snapshot of a file system, and no copy. */
export function cloneOf(folder: FolderNode): FolderNode {
  const clone = new FolderNode()
  for (const [name, node] of folder.names) {
    clone.names.set(name, node.kind === 'file' ? fileClone(node) : cloneOf(node))
  }
  return clone
}

function fileClone(node: FileNode): FileNode {
  const clone = new FileNode(node.bytes, node.identity)
  clone.changedAt = node.changedAt
  return clone
}
