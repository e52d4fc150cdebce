import { readFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'

/**
 * Files that no answer waits for: what they say may be lost with the power, as CONTRIBUTING.md explains. Of the two
 * seals one is whole while the other is written.
 */
const unsynced =
  /^(?:journal\.seal|uploads\/sessions\.\d+|segments\/.*\.dead|lock|reserve|admin\.json.*|uploads)$/
/** The answers that stand for something: a 202 only where it is the answer to a deletion. */
const answers = /HTTP\/1\.1 (201|202)/

/** What a process did to the files of a store, in the order of its system calls. */
export class SyncTrace {
  acknowledged = 0
  readonly violations: string[] = []
  readonly #root: string
  /** Files with writes, and folders with names, that no sync has followed. */
  readonly #dirtyFiles: Set<string> = new Set()
  readonly #dirtyFolders: Set<string> = new Set()
  /** Calls that have begun, by their thread. */
  readonly #begun: Map<string, string> = new Map()
  #wroteJournal = false

  private constructor(root: string) {
    this.#root = root
  }

  /** Reads what `strace -f -y` has written of a store in a folder, and looks at each answer in it. */
  static read(file: string, root: string): SyncTrace {
    const trace = new SyncTrace(root)
    for (const line of readFileSync(file, 'latin1').split('\n')) trace.#line(line)
    return trace
  }

  #line(line: string): void {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(text)
    if (resumed !== null) {
      const begun = this.#begun.get(thread) ?? ''
      this.#begun.delete(thread)
      this.#end(begun + (resumed[2] ?? ''))
    } else if (text.endsWith('<unfinished ...>')) {
      const begun = text.slice(0, -'<unfinished ...>'.length)
      this.#begun.set(thread, begun)
      this.#begin(begun)
    } else {
      this.#begin(text)
      this.#end(text)
    }
  }

  /** What counts from when a call begins: writes, and answers. */
  #begin(text: string): void {
    const name = nameOf(text)
    if (/^(?:write|writev|pwrite64|pwritev|pwritev2|sendto|sendmsg|ftruncate)$/.test(name)) {
      const path = this.#pathOf(text)
      if (path === null) {
        this.#answer(text)
        return
      }
      if (!unsynced.test(path)) this.#dirtyFiles.add(path)
      if (/^journal\.\d+$/.test(path)) this.#wroteJournal = true
    }
  }

  /** What counts from when a call has ended: syncs, and names. */
  #end(text: string): void {
    if (/ = -1 E/.test(text)) return
    const name = nameOf(text)
    if (name === 'fsync' || name === 'fdatasync') {
      const path = this.#pathOf(text)
      if (path !== null) {
        this.#dirtyFiles.delete(path)
        this.#dirtyFolders.delete(path)
      }
    } else if (name === 'openat' && text.includes('O_CREAT')) {
      const made = /"([^"]+)"/.exec(text)?.[1] ?? ''
      this.#change(made)
    } else if (/^(?:rename|renameat|renameat2|link|linkat|mkdir|mkdirat)$/.test(name)) {
      const paths = [...text.matchAll(/"([^"]+)"/g)].map(([, path = '']) => path)
      for (const path of paths) this.#change(path)
      const [from = '', to = ''] = paths.map((path) => relative(this.#root, path))
      if (name.startsWith('rename') && this.#dirtyFiles.delete(from)) this.#dirtyFiles.add(to)
    }
  }

  /** A name was made or removed. */
  #change(path: string): void {
    const below = relative(this.#root, path)
    if (isOutside(below) || unsynced.test(below)) return
    // A staged upload is not named by anything that was acknowledged.
    const folder = relative(this.#root, dirname(path))
    if (folder !== 'uploads') this.#dirtyFolders.add(folder)
  }

  #answer(text: string): void {
    const status = answers.exec(text)?.[1]
    if (status === undefined) return
    // An upload that was opened, or a chunk that was taken: no promise over power loss.
    if (status === '202' && !this.#wroteJournal) return
    this.acknowledged += 1
    const left = [...this.#dirtyFiles].filter((path) => !path.startsWith('uploads/'))
    if (!this.#wroteJournal) this.violations.push(`change ${this.acknowledged}: nothing journalled`)
    for (const path of left) {
      this.violations.push(`change ${this.acknowledged}: ${path} is not synced`)
    }
    for (const path of this.#dirtyFolders) {
      this.violations.push(`change ${this.acknowledged}: the folder '${path}' is not synced`)
    }
    this.#wroteJournal = false
  }

  /** The path of the call's file below the store; null where it is none of the store's. */
  #pathOf(text: string): string | null {
    const path = /^\w+\(\d+<([^>]+)>/.exec(text)?.[1] ?? ''
    const below = relative(this.#root, path)
    return isOutside(below) || !path.startsWith('/') ? null : below
  }
}

/** Whether a path is neither in the store's folder nor the folder that has its name. */
function isOutside(below: string): boolean {
  return below.startsWith('../')
}

function nameOf(text: string): string {
  return /^(\w+)\(/.exec(text)?.[1] ?? ''
}
