import { basename } from 'node:path'
import { syncDirectory } from './directory-sync.ts'
import type { Files, OpenFile } from './files.ts'
import type { Layout } from './layout.ts'
import { readSpan, writeAll } from './whole-files.ts'

/** Where damaged files go. What is there is never overwritten. */
export class Quarantine {
  readonly #files: Files
  readonly #layout: Layout
  readonly #clock: () => number

  constructor(files: Files, layout: Layout, clock: () => number) {
    this.#files = files
    this.#layout = layout
    this.#clock = clock
  }

  /** Moves a damaged file of the store's folder here; returns its new name. */
  async move(path: string): Promise<string> {
    const name = await this.#freeName(`${basename(path)}.corrupt-${this.#stamp()}`)
    await this.#files.rename(path, this.#layout.quarantined(name))
    await syncDirectory(this.#files, this.#layout.quarantine)
    await syncDirectory(this.#files, this.#layout.root)
    return `quarantine/${name}`
  }

  /** Copies a file from byte `start` on; returns the copy's name. */
  async copyTail(file: OpenFile, name: string, start: number): Promise<string> {
    const tailName = await this.#freeName(`${name}.tail-${this.#stamp()}`)
    const tail = await this.#files.open(this.#layout.quarantined(tailName), 'create')
    try {
      let position = 0
      for await (const piece of readSpan(file, start, file.size)) {
        await writeAll(tail, [piece], position)
        position += piece.byteLength
      }
      await tail.datasync()
    } finally {
      await tail.close()
    }
    await syncDirectory(this.#files, this.#layout.quarantine)
    return `quarantine/${tailName}`
  }

  /** Writes a copy of damaged bytes; returns its name. */
  async copy(name: string, bytes: Uint8Array): Promise<string> {
    const copyName = await this.#freeName(`${name}.corrupt-${this.#stamp()}`)
    const copy = await this.#files.open(this.#layout.quarantined(copyName), 'create')
    try {
      await writeAll(copy, [bytes], 0)
      await copy.datasync()
    } finally {
      await copy.close()
    }
    await syncDirectory(this.#files, this.#layout.quarantine)
    return `quarantine/${copyName}`
  }

  async #freeName(wanted: string): Promise<string> {
    let name = wanted
    for (
      let count = 2;
      (await this.#files.stat(this.#layout.quarantined(name))) !== null;
      count++
    ) {
      name = `${wanted}-${count}`
    }
    return name
  }

  #stamp(): string {
    return new Date(this.#clock()).toISOString().replaceAll(':', '')
  }
}
