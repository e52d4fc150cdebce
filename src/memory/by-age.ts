/** A value's place in a {@link ByAge}: what removes it again. */
export interface AgeRow<T> {
  readonly time: number
  /** Tells rows of the same time apart: the later one was added later. */
  readonly order: number
  readonly value: T
}

/**
 * Values in order of a time, oldest first. Adding and removing search in O(log n) and then move array
 * entries, which is cheapest near the end.
 */
export class ByAge<T> {
  readonly #rows: AgeRow<T>[] = []
  #order = 0

  get size(): number {
    return this.#rows.length
  }

  /** Adds a value, after those of the same time. */
  add(time: number, value: T): AgeRow<T> {
    this.#order += 1
    const row: AgeRow<T> = { time, order: this.#order, value }
    this.#rows.splice(this.#indexOf(row), 0, row)
    return row
  }

  /** Removes what {@link add} returned; false when it was removed before. */
  remove(row: AgeRow<T>): boolean {
    const index = this.#indexOf(row)
    if (this.#rows[index] !== row) return false
    this.#rows.splice(index, 1)
    return true
  }

  /** The oldest value; null when there is none. */
  oldest(): T | null {
    return this.#rows[0]?.value ?? null
  }

  /** Values of `time` and before, oldest first. Nothing may be added or removed meanwhile. */
  *upTo(time: number): Generator<T, void, undefined> {
    for (const row of this.#rows) {
      if (row.time > time) return
      yield row.value
    }
  }

  /** Where the row is, or belongs. */
  #indexOf(row: AgeRow<T>): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#rows[middle]
      if (other !== undefined && isBefore(other, row)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function isBefore(a: AgeRow<unknown>, b: AgeRow<unknown>): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
