/** Half of what is remembered, at most. */
const mostNoted = 1024

/**
 * Remembers where in a file was read lately. What was is in the system's memory, as a rule, so that
 * reading it again waits for no disk.
 */
export class LatelyRead {
  #newer: Set<number> = new Set()
  #older: Set<number> = new Set()

  /** Notes an offset; whether it was noted lately. */
  note(offset: number): boolean {
    if (this.#newer.has(offset)) return true
    const isKnown = this.#older.has(offset)
    if (this.#newer.size >= mostNoted) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    this.#newer.add(offset)
    return isKnown
  }
}
