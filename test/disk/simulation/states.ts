import { type Change, changed, FileNode, FolderNode, type Node } from './nodes.ts'
import type { Random } from './random.ts'

/** What a kill leaves: all that was written. */
export function afterKill(root: FolderNode): FolderNode {
  return copyOf(root, {
    names: (folder) => folder.names,
    bytes: (file) => file.bytes,
  })
}

/**
 * One of the states that power loss may leave. What was synced is there. Of the rest, each file's
 * changes and each folder's names are done or not, independently of each other; a write may be cut at
 * any length, be zeros where it made the file longer, or be there in some sectors alone.
 */
export function afterPowerLoss(root: FolderNode, random: Random): FolderNode {
  // Some states have nearly all that was not synced, some nearly nothing.
  const kept = random.pick([0, 0.2, 0.5, 0.8, 1])
  return copyOf(root, {
    names: (folder) => someNames(folder, random, kept),
    bytes: (file) => someBytes(file, random, kept),
  })
}

interface Choice {
  readonly names: (folder: FolderNode) => ReadonlyMap<string, Node>
  readonly bytes: (file: FileNode) => Uint8Array
}

/** The same files and folders, with what is left of them: none is another for it. */
function copyOf(root: FolderNode, choice: Choice): FolderNode {
  const copies: Map<Node, Node> = new Map()
  const copyNode = (node: Node): Node => {
    const there = copies.get(node)
    if (there !== undefined) return there
    if (node.kind === 'file') {
      const file = new FileNode(choice.bytes(node), node.identity)
      file.changedAt = node.changedAt
      copies.set(node, file)
      return file
    }
    const folder = new FolderNode(node.identity)
    folder.changedAt = node.changedAt
    copies.set(node, folder)
    for (const [name, each] of choice.names(node)) folder.change(name, copyNode(each))
    folder.sync()
    return folder
  }
  return copyNode(root) as FolderNode
}

/** A removed old name is never durable without the new one, which another folder may have. */
function someNames(folder: FolderNode, random: Random, kept: number): Map<string, Node> {
  const names = new Map(folder.durable)
  for (const { name, node, isDone, after } of folder.pending) {
    if (isDone || after?.change.isDone === false || !random.chance(kept)) continue
    if (node === null) names.delete(name)
    else names.set(name, node)
  }
  return names
}

function someBytes(file: FileNode, random: Random, kept: number): Uint8Array {
  let bytes = file.durable
  for (const change of file.pending) {
    if (random.chance(kept)) bytes = changed(bytes, change)
    else if (change.kind === 'write') bytes = partOf(bytes, change, random)
  }
  return bytes
}

const sector = 512

function partOf(
  before: Uint8Array,
  change: Change & { kind: 'write' },
  random: Random,
): Uint8Array {
  const { at, bytes } = change
  switch (random.pick(['dropped', 'cut', 'zeros', 'sectors'])) {
    case 'cut':
      return changed(before, {
        ...change,
        bytes: bytes.subarray(0, random.below(bytes.length + 1)),
      })
    case 'zeros': {
      const size = Math.max(before.byteLength, at + bytes.byteLength)
      return changed(before, { kind: 'truncate', size })
    }
    case 'sectors': {
      const whole = changed(before, change)
      const some = changed(before, { kind: 'truncate', size: whole.byteLength })
      for (let from = 0; from < whole.byteLength; from += sector) {
        if (random.chance(0.5)) some.set(whole.subarray(from, from + sector), from)
      }
      return some
    }
    default:
      return before
  }
}
