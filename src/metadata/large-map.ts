/** A map is cut into parts when it grows beyond this. */
const largestPart = 64 * 1024
const parts = 16
/** Of the 32 of a hash, those beyond what numbers the parts. */
const unusedBits = 32 - Math.log2(parts)

/**
 * A map that may have millions of entries. A Map that grows moves all that is in it at once, which takes
 * 100 ms for a million; here that is a part at a time.
 */
export class LargeMap<K extends string, V> {
  /** All entries while they are few; null afterwards. */
  #whole: Map<K, V> | null = new Map()
  #parts: readonly Map<K, V>[] = []

  /** How many entries there are. */
  get size(): number {
    if (this.#whole !== null) return this.#whole.size
    let size = 0
    for (const part of this.#parts) size += part.size
    return size
  }

  get(key: K): V | undefined {
    return this.#partOf(key).get(key)
  }

  set(key: K, value: V): void {
    this.#partOf(key).set(key, value)
    if (this.#whole !== null && this.#whole.size > largestPart) this.#cut(this.#whole)
  }

  delete(key: K): boolean {
    return this.#partOf(key).delete(key)
  }

  /** In no order. */
  *values(): Generator<V> {
    if (this.#whole !== null) yield* this.#whole.values()
    for (const part of this.#parts) yield* part.values()
  }

  #partOf(key: K): Map<K, V> {
    return this.#whole ?? (this.#parts[partFor(key)] as Map<K, V>)
  }

  #cut(whole: Map<K, V>): void {
    this.#parts = Array.from({ length: parts }, () => new Map())
    this.#whole = null
    for (const [key, value] of whole) this.#partOf(key).set(key, value)
  }
}

/** The part a key belongs to. Names that come in numbers differ at their ends. */
function partFor(key: string): number {
  const end = key.length
  // Beyond the start of a short key is NaN, which is 0 here.
  let hash = Math.imul((key.charCodeAt(end - 1) | 0) + 1, 0x9e3779b1)
  hash = Math.imul(hash ^ key.charCodeAt(end - 2), 0x85ebca6b)
  hash = Math.imul(hash ^ key.charCodeAt(end - 3), 0xc2b2ae35)
  return hash >>> unusedBits
}
