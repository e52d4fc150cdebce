/** Values in order of a time, oldest first. Cheapest where the newest is added last. */
export class ByAge<T> {
  readonly #rows: Array<{ readonly time: number; readonly value: T }> = []

  /** Adds a value, after those of the same time. */
  add(time: number, value: T): void {
    this.#rows.splice(this.#firstAfter(time), 0, { time, value })
  }

  /** Removes a value that was added with this very time. */
  remove(time: number, value: T): void {
    for (let index = this.#firstAfter(time) - 1; index >= 0; index -= 1) {
      const row = this.#rows[index]
      if (row === undefined || row.time !== time) return
      if (row.value !== value) continue
      this.#rows.splice(index, 1)
      return
    }
  }

  /** Values of times before `time`, oldest first. Nothing may be added or removed meanwhile. */
  *before(time: number): Generator<T, void, undefined> {
    for (const row of this.#rows) {
      if (row.time >= time) return
      yield row.value
    }
  }

  #firstAfter(time: number): number {
    const last = this.#rows.at(-1)
    if (last === undefined || last.time <= time) return this.#rows.length
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#rows[middle]?.time ?? 0) <= time) low = middle + 1
      else high = middle
    }
    return low
  }
}
