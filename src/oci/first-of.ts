/** Sorted when it has this many more than are wanted. */
const spare = 1024

/** The first of many values in an order: so many, with about twice as many in memory at most. */
export class FirstOf<T> {
  readonly #limit: number
  readonly #compare: (one: T, other: T) => number
  #values: T[] = []
  #last: T | null = null

  constructor(limit: number, compare: (one: T, other: T) => number) {
    this.#limit = limit
    this.#compare = compare
  }

  /** The last that is wanted so far: what comes after it need not be added. Null while there are too few. */
  get last(): T | null {
    return this.#last
  }

  /** Adds a value; it is forgotten where there are enough before it. */
  add(value: T): void {
    if (this.#last !== null && this.#compare(value, this.#last) >= 0) return
    this.#values.push(value)
    if (this.#values.length >= this.#limit + spare) this.#cut()
  }

  /** The first values, sorted. */
  sorted(): readonly T[] {
    this.#cut()
    return this.#values
  }

  #cut(): void {
    this.#values.sort(this.#compare)
    if (this.#values.length < this.#limit) return
    this.#values.length = this.#limit
    this.#last = this.#values.at(-1) ?? null
  }
}
