import type { Files, OpenFile } from '../files.ts'
import { LatelyRead } from './lately-read.ts'

interface Entry {
  readonly file: Promise<OpenFile>
  /** Null until it is open. */
  opened: OpenFile | null
  readonly lately: LatelyRead
  users: number
  isOut: boolean
}

/** Segments that are kept open to be read. */
const mostOpen = 32

/** The open files of segments: one for all who read it, and the one used longest ago is closed. */
export class SegmentFiles {
  readonly #files: Files
  /** By path, the one used last at the end. */
  readonly #open: Map<string, Entry> = new Map()

  constructor(files: Files) {
    this.#files = files
  }

  /** Works with a segment's file, which stays open meanwhile. */
  async use<T>(path: string, work: (file: OpenFile) => Promise<T>): Promise<T> {
    const entry = this.#entry(path)
    entry.users += 1
    try {
      return await work(await entry.file)
    } catch (error) {
      // One that could not be opened may be there the next time.
      if (this.#open.get(path) === entry && (await isBroken(entry))) this.#drop(path, entry)
      throw error
    } finally {
      entry.users -= 1
      if (entry.isOut && entry.users === 0) await closeEntry(entry)
    }
  }

  /** A segment's file, where it is open and was lately read at `offset`; otherwise null. */
  warm(path: string, offset: number): OpenFile | null {
    const entry = this.#open.get(path)
    return entry?.lately.note(offset) === true ? this.#entry(path).opened : null
  }

  /** Closes a file once no caller reads it. */
  async forget(path: string): Promise<void> {
    const entry = this.#open.get(path)
    if (entry === undefined) return
    this.#drop(path, entry)
    if (entry.users === 0) await closeEntry(entry)
  }

  async close(): Promise<void> {
    for (const path of [...this.#open.keys()]) await this.forget(path)
  }

  #entry(path: string): Entry {
    const there = this.#open.get(path)
    // Where few are open, none is about to be closed, and their order does not matter.
    if (there !== undefined && this.#open.size <= mostOpen / 2) return there
    this.#open.delete(path)
    const entry = there ?? this.#begin(path)
    this.#open.set(path, entry)
    if (this.#open.size > mostOpen) {
      const [oldest = ''] = this.#open.keys()
      void this.forget(oldest).catch(() => {})
    }
    return entry
  }

  #begin(path: string): Entry {
    const file = this.#files.open(path, 'read')
    const entry: Entry = { file, opened: null, lately: new LatelyRead(), users: 0, isOut: false }
    file.then(
      (opened) => {
        entry.opened = opened
      },
      () => {},
    )
    return entry
  }

  #drop(path: string, entry: Entry): void {
    this.#open.delete(path)
    entry.isOut = true
  }
}

async function isBroken(entry: Entry): Promise<boolean> {
  return await entry.file.then(
    () => false,
    () => true,
  )
}

async function closeEntry(entry: Entry): Promise<void> {
  const file = await entry.file.catch(() => null)
  await file?.close()
}
