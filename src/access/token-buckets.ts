/** How often something may happen. */
export interface Rate {
  /** In the long run. */
  readonly perSecond: number
  /** At once, after a pause. At least 1. */
  readonly burst: number
}

/** Buckets of one kind at once, of about 100 bytes each. */
const mostBuckets = 16_384

/**
 * A token bucket for each key, in bounded memory and at a constant cost. A bucket that was not used for long
 * enough is full, as is that of a key without one. So buckets may be forgotten, least recently used first:
 * they are kept in two maps, and the older one goes when the younger one is full. An exact order would cost a
 * deletion for each request, and much more on Bun, whose maps are slow to find their first key.
 */
export class TokenBuckets {
  readonly #intervalMs: number
  /** How far ahead of the clock a bucket may be filled from, in milliseconds. */
  readonly #slackMs: number
  readonly #clock: () => number
  /** For each key that was used lately, when its bucket will be full again. */
  #young: Map<string, number> = new Map()
  /** The same of keys that were used before; some are in both, and count there no more. */
  #old: Map<string, number> = new Map()

  /** @param clock milliseconds that never go back */
  constructor({ perSecond, burst }: Rate, clock: () => number) {
    this.#intervalMs = 1000 / perSecond
    this.#slackMs = (burst - 1) * this.#intervalMs
    this.#clock = clock
  }

  /** Takes a token; returns 0, or how many milliseconds it takes until there is one. */
  take(key: string): number {
    const now = this.#clock()
    const fullAt = Math.max(this.#get(key) ?? now, now)
    const waitMs = fullAt - now - this.#slackMs
    // A microsecond is nothing to wait for, and floating point is not exact.
    const isTaken = waitMs < 0.001
    this.#put(key, isTaken ? fullAt + this.#intervalMs : fullAt)
    return isTaken ? 0 : waitMs
  }

  /** Puts a token back. */
  giveBack(key: string): void {
    const fullAt = this.#get(key)
    if (fullAt !== undefined) this.#put(key, fullAt - this.#intervalMs)
  }

  /** How many buckets there are at most. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  #get(key: string): number | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  #put(key: string, fullAt: number): void {
    this.#young.set(key, fullAt)
    if (this.#young.size < mostBuckets / 2) return
    this.#old = this.#young
    this.#young = new Map()
  }
}

/** @throws RangeError, where it is not a rate, that names what it was given as. */
export function checkRate({ perSecond, burst }: Rate, name: string): void {
  if (!(perSecond > 0 && perSecond < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name}: perSecond is a number more than 0, not ${perSecond}`)
  }
  if (!(burst >= 1)) throw new RangeError(`${name}: burst is 1 or more, not ${burst}`)
}
