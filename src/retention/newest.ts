import type { TagRecord } from '../ports/metadata-store.ts'
import { followedBy } from './following-tags.ts'
import type { Pace } from './pace.ts'
import { coversTag, type RetentionRule } from './read-policy.ts'
import { compareVersions, type Version, versionOf } from './versions.ts'

/** The newest tags of a repository, for each rule that keeps some: a number and no more is held of each. */
export interface Newest {
  /** Whether the tag is among the newest that the rule keeps. Of tags as old as the last of them, all are. */
  isNewest(rule: RetentionRule, tag: TagRecord): boolean
  /** Whether it is among the highest versions that the rule keeps. */
  isHighest(rule: RetentionRule, tag: TagRecord): boolean
}

/** Finds the newest tags of all that a repository has. */
export async function findNewest(
  rules: readonly RetentionRule[],
  tags: AsyncIterable<TagRecord>,
  pace: Pace,
): Promise<Newest> {
  const counted = rules.flatMap(({ keep, ...rule }) => {
    if (keep === null || keep === 'all') return []
    const { newest, newestVersions } = keep
    if (newest === undefined && newestVersions === undefined) return []
    const times = newest === undefined ? null : new Highest<number>(newest, (a, b) => a - b)
    const versions =
      newestVersions === undefined ? null : new Highest<Version>(newestVersions, compareVersions)
    return [{ label: rule.label, rule: { ...rule, keep }, times, versions }]
  })
  if (counted.length > 0) {
    for await (const { tag, updatedAt } of tags) {
      if (pace.isDue) await pace.rest()
      if (followedBy(tag) !== null) continue
      for (const { rule, times, versions } of counted) {
        if (!coversTag(rule, tag)) continue
        times?.add(updatedAt, false)
        const version = versions === null ? null : versionOf(tag)
        if (version !== null) versions?.add(version, true)
      }
    }
  }
  const found = new Map(counted.map((one) => [one.label, one]))
  return {
    isNewest: ({ label }, { updatedAt }) => found.get(label)?.times?.holds(updatedAt) ?? false,
    isHighest({ label }, { tag }) {
      const version = versionOf(tag)
      return version !== null && (found.get(label)?.versions?.holds(version) ?? false)
    },
  }
}

/** The highest of many values, so many and no more. */
class Highest<T> {
  readonly #most: number
  readonly #compare: (one: T, other: T) => number
  /** A heap: the lowest first. */
  readonly #heap: T[] = []
  /** Ascending, where equal values count once. */
  #sorted: T[] = []

  constructor(most: number, compare: (one: T, other: T) => number) {
    this.#most = most
    this.#compare = compare
  }

  /** @param once whether values that are equal count as one */
  add(value: T, once: boolean): void {
    if (once) this.#addOnce(value)
    else this.#addToHeap(value)
  }

  holds(value: T): boolean {
    const lowest = this.#heap[0] ?? this.#sorted[0]
    return lowest !== undefined && this.#compare(value, lowest) >= 0
  }

  #addOnce(value: T): void {
    const sorted = this.#sorted
    let [from, to] = [0, sorted.length]
    while (from < to) {
      const middle = (from + to) >> 1
      const order = this.#compare(sorted[middle] as T, value)
      if (order === 0) return
      if (order < 0) from = middle + 1
      else to = middle
    }
    if (from === 0 && sorted.length >= this.#most) return
    sorted.splice(from, 0, value)
    if (sorted.length > this.#most) sorted.shift()
  }

  #addToHeap(value: T): void {
    const heap = this.#heap
    if (heap.length < this.#most) {
      heap.push(value)
      this.#rise(heap.length - 1)
    } else if (this.#compare(value, heap[0] as T) > 0) {
      heap[0] = value
      this.#sink()
    }
  }

  #rise(from: number): void {
    const heap = this.#heap
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#compare(heap[parent] as T, heap[at] as T) <= 0) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = at
      for (const child of [left, right]) {
        if (child < heap.length && this.#compare(heap[child] as T, heap[least] as T) < 0) {
          least = child
        }
      }
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap
    const value = heap[one] as T
    heap[one] = heap[other] as T
    heap[other] = value
  }
}
