/** A change of a file's bytes. */
export type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }

/** A regular file: what programs see of it, and what of that outlives power loss. */
export class FileNode {
  readonly kind = 'file'
  readonly identity: string
  /** As programs see them; never changed in place. */
  bytes: Uint8Array
  durable: Uint8Array
  /** Since the last sync, in order. */
  pending: Change[] = []
  changedAt: number = Date.now()

  constructor(bytes: Uint8Array = new Uint8Array(0), identity: string = newIdentity()) {
    this.identity = identity
    this.bytes = bytes
    this.durable = bytes
  }

  change(change: Change): void {
    this.bytes = changed(this.bytes, change)
    this.pending.push(change)
    this.changedAt = Date.now()
  }

  sync(): void {
    for (const change of this.pending) this.durable = changed(this.durable, change)
    this.pending = []
  }

  /** The system reports an error and forgets what it did not write: no later sync makes up for it. */
  failSync(): void {
    this.pending = []
  }
}

/** A name that was made or removed since the folder's last sync. A rename has one of each. */
export interface NameChange {
  readonly name: string
  /** Null: the name was removed. */
  readonly node: Node | null
  /** Whether it is durable already. */
  isDone: boolean
  /** What is durable wherever this is: the new name of what was renamed. */
  readonly after: { readonly folder: FolderNode; readonly change: NameChange } | null
}

/** A folder: its names as programs see them, and those that outlive power loss. */
export class FolderNode {
  readonly kind = 'directory'
  readonly identity: string
  readonly names: Map<string, Node> = new Map()
  readonly durable: Map<string, Node> = new Map()
  pending: NameChange[] = []
  changedAt: number = Date.now()

  constructor(identity: string = newIdentity()) {
    this.identity = identity
  }

  change(name: string, node: Node | null, after: NameChange['after'] = null): NameChange {
    if (node === null) this.names.delete(name)
    else this.names.set(name, node)
    const change: NameChange = { name, node, isDone: false, after }
    this.pending.push(change)
    return change
  }

  sync(): void {
    for (const change of this.pending) this.#finish(change)
    this.pending = []
  }

  failSync(): void {
    this.pending = []
  }

  #finish(change: NameChange): void {
    if (change.isDone) return
    change.isDone = true
    if (change.after !== null) change.after.folder.#finish(change.after.change)
    if (change.node === null) this.durable.delete(change.name)
    else this.durable.set(change.name, change.node)
  }
}

export type Node = FileNode | FolderNode

/** The bytes after a change: a copy. */
export function changed(bytes: Uint8Array, change: Change): Uint8Array {
  const size =
    change.kind === 'truncate'
      ? change.size
      : Math.max(bytes.byteLength, change.at + change.bytes.byteLength)
  const next = new Uint8Array(size)
  next.set(bytes.subarray(0, size))
  if (change.kind === 'write') next.set(change.bytes, change.at)
  return next
}

let identities = 0

function newIdentity(): string {
  identities += 1
  return `simulated:${identities}`
}
