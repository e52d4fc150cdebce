/** How many names one step takes: a fraction of a millisecond. */
export const sortStride = 1024

/**
 * Sorts names in byte order, in small steps with a pause after each: half a million take too long for one.
 * A name that is there twice stays so.
 */
export function* sortInSteps<T extends string>(names: readonly T[]): Generator<void, readonly T[]> {
  const size = names.length
  let from = names.slice()
  // Two arrays that take turns, because many that grow make the collector work more than all of this.
  let to = names.slice()
  for (let start = 0; start < size; start += sortStride) {
    const sorted = from.slice(start, start + sortStride).sort()
    for (const [index, name] of sorted.entries()) from[start + index] = name
    yield
  }
  for (let width = sortStride; width < size; width *= 2) {
    for (let start = 0; start < size; start += 2 * width) {
      const middle = Math.min(start + width, size)
      const end = Math.min(middle + width, size)
      let left = start
      for (let at = start; at < end; at += sortStride) {
        left = mergeSome({ from, to, start, middle, end, left, at })
        yield
      }
    }
    const merged = to
    to = from
    from = merged
  }
  return from
}

/** Two sorted stretches of a list, next to each other, and how far they are merged. */
interface Merge<T> {
  readonly from: readonly T[]
  /** Where they are merged to, at the same place. */
  readonly to: T[]
  readonly start: number
  /** Where the second starts. */
  readonly middle: number
  readonly end: number
  /** The first name of the first stretch that is not merged yet. */
  readonly left: number
  /** Where the next name goes. */
  readonly at: number
}

/** Merges one stride of names; returns what `left` is then. */
function mergeSome<T extends string>(merge: Merge<T>): number {
  const { from, to, start, middle, end } = merge
  let { left, at } = merge
  let right = middle + (at - start) - (left - start)
  const stop = Math.min(at + sortStride, end)
  for (; at < stop; at += 1) {
    const isLeft =
      right === end || (left < middle && (from[left] as string) <= (from[right] as string))
    to[at] = from[isLeft ? left : right] as T
    if (isLeft) left += 1
    else right += 1
  }
  return left
}
