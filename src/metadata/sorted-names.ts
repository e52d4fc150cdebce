import type { Page } from '../ports/metadata-store.ts'

/** A run is split when it grows beyond this, so that an insert moves few names. */
const longestRun = 1024

/**
 * A sorted set of ASCII names, in byte order (which for ASCII is the order of `<`). Names live in
 * runs of about a thousand, so every operation takes microseconds however many there are.
 */
export class SortedNames<T extends string = string> {
  /** Never an empty run; every name of a run is below those of the next. */
  readonly #runs: T[][] = []
  #size = 0

  /** How many names there are. */
  get size(): number {
    return this.#size
  }

  /** The name above all others. */
  get last(): T | undefined {
    return this.#runs.at(-1)?.at(-1)
  }

  /** Adds a name; false when it is there. */
  insert(name: T): boolean {
    const last = this.#runs.at(-1)
    // Names often come in order.
    if (last !== undefined && last.length < longestRun && (last.at(-1) as T) < name) {
      last.push(name)
      this.#size += 1
      return true
    }
    const at = this.#isLast(name) ? this.#runs.length - 1 : this.#runFor(name)
    const run = this.#runs[at]
    if (run === undefined) {
      this.#runs.push([name])
    } else {
      const place = (run.at(-1) as T) < name ? run.length : lowerBound(run, name)
      if (run[place] === name) return false
      if (place === run.length) run.push(name)
      else run.splice(place, 0, name)
      if (run.length > longestRun) this.#split(at, run, place)
    }
    this.#size += 1
    return true
  }

  /** Adds names that are in order, for far less each than {@link insert}; one may be there, or come twice. */
  insertSorted(names: readonly T[]): void {
    let start = 0
    while (start < names.length) {
      const at = this.#runFor(names[start] as T)
      const run = this.#runs[at] ?? []
      const next = this.#runs[at + 1]?.[0]
      const end = next === undefined ? names.length : lowerBound(names, next, start)
      const merged = mergedWith(run, names, start, end)
      this.#size += merged.length - run.length
      this.#runs.splice(at, 1, ...cutIntoRuns(merged))
      start = end
    }
  }

  /** Removes a name; false when it is not there. */
  delete(name: T): boolean {
    const at = this.#runFor(name)
    const run = this.#runs[at]
    if (run === undefined) return false
    const place = lowerBound(run, name)
    if (run[place] !== name) return false
    if (run.length === 1) this.#runs.splice(at, 1)
    else run.splice(place, 1)
    this.#size -= 1
    return true
  }

  /** Whether the name is there. */
  has(name: T): boolean {
    const run = this.#runs[this.#runFor(name)]
    return run !== undefined && run[lowerBound(run, name)] === name
  }

  /** Up to `limit` names above `after`, which need not be there; from the first without it. */
  page(after: string | undefined, limit: number): Page<T> {
    const items: T[] = []
    let at = after === undefined ? 0 : this.#runFor(after)
    let run = this.#runs[at]
    let place = 0
    if (run !== undefined && after !== undefined) {
      place = lowerBound(run, after)
      if (run[place] === after) place += 1
    }
    while (run !== undefined) {
      if (place >= run.length) {
        at += 1
        run = this.#runs[at]
        place = 0
      } else if (items.length >= limit) {
        return { items, more: true }
      } else {
        items.push(run[place] as T)
        place += 1
      }
    }
    return { items, more: false }
  }

  /** The same downwards: up to `limit` names below `before`; from the last without it. */
  pageDown(before: string | undefined, limit: number): Page<T> {
    const items: T[] = []
    let at = before === undefined ? this.#runs.length - 1 : this.#runFor(before)
    let run = this.#runs[at]
    let place = run === undefined ? 0 : before === undefined ? run.length : lowerBound(run, before)
    while (run !== undefined) {
      if (place === 0) {
        at -= 1
        run = this.#runs[at]
        place = run?.length ?? 0
      } else if (items.length >= limit) {
        return { items, more: true }
      } else {
        place -= 1
        items.push(run[place] as T)
      }
    }
    return { items, more: false }
  }

  /** Whether a name is above all others: names often come in order. */
  #isLast(name: string): boolean {
    const last = this.#runs.at(-1)?.at(-1)
    return last !== undefined && last < name
  }

  /** The run a name belongs to: the last that starts at or below it, or the first. */
  #runFor(name: string): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#runs[middle]?.[0] as string) <= name) low = middle + 1
      else high = middle
    }
    return Math.max(low - 1, 0)
  }

  /** A run that grew at its end stays full, and its last starts the next. */
  #split(at: number, run: T[], grownAt: number): void {
    const keep = grownAt === run.length - 1 ? grownAt : run.length >>> 1
    this.#runs.splice(at + 1, 0, run.splice(keep))
  }
}

/** A run with the names from `start` to `end` in it, each once. */
function mergedWith<T extends string>(
  run: readonly T[],
  names: readonly T[],
  start: number,
  end: number,
): T[] {
  const merged: T[] = []
  let at = 0
  for (let index = start; index < end; index += 1) {
    const name = names[index] as T
    while (at < run.length && (run[at] as T) <= name) {
      merged.push(run[at] as T)
      at += 1
    }
    if (merged.at(-1) !== name) merged.push(name)
  }
  for (; at < run.length; at += 1) merged.push(run[at] as T)
  return merged
}

function cutIntoRuns<T>(names: T[]): T[][] {
  if (names.length <= longestRun) return [names]
  const runs: T[][] = []
  for (let at = 0; at < names.length; at += longestRun) {
    runs.push(names.slice(at, at + longestRun))
  }
  return runs
}

/** Where in a run the name is, or would be, from `start` on. */
function lowerBound(run: readonly string[], name: string, start = 0): number {
  let low = start
  let high = run.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((run[middle] as string) < name) low = middle + 1
    else high = middle
  }
  return low
}
