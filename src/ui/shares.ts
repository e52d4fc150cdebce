interface Share {
  readonly owner: string | null
  /** By `performance.now()`. */
  readonly until: number
}

/** Counts what callers have of something bounded. A share that is not given back ends by itself. */
export class Shares {
  readonly #taken: Set<Share> = new Set()

  /** Shares of all callers. */
  get all(): number {
    return this.#current().size
  }

  /** Shares of one caller. */
  of(owner: string | null): number {
    let count = 0
    for (const share of this.#current()) if (share.owner === owner) count += 1
    return count
  }

  /** Callers with a share; one that has several stands there as often. */
  owners(): readonly (string | null)[] {
    return Array.from(this.#current(), ({ owner }) => owner)
  }

  /** Takes one for so many milliseconds at most; returns what gives it back. */
  take(owner: string | null, forMs: number): () => void {
    const share: Share = { owner, until: performance.now() + forMs }
    this.#taken.add(share)
    return () => void this.#taken.delete(share)
  }

  /** The shares that have not ended. */
  #current(): ReadonlySet<Share> {
    const now = performance.now()
    for (const share of this.#taken) if (share.until <= now) this.#taken.delete(share)
    return this.#taken
  }
}
