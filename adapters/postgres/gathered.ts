interface Waiting<Item> {
  readonly item: Item
  readonly bytes: number
  resolve(): void
  reject(error: unknown): void
}

/** How much goes together. */
export interface GatheringOptions {
  /** Items of one write, at most. */
  readonly items: number
  /** Their bytes together, at most; a larger item goes alone. */
  readonly bytes: number
  /** Writes under way at once. */
  readonly writes: number
}

/**
 * Gathers what waits to be written: an item goes at once while few writes are under way, and else with all that came
 * meanwhile, in one write.
 */
export class Gathered<Item> {
  readonly #write: (items: readonly Item[]) => Promise<unknown>
  readonly #options: GatheringOptions
  #waiting: Waiting<Item>[] = []
  #underWay = 0

  /** @param write writes all, or throws and has written none */
  constructor(write: (items: readonly Item[]) => Promise<unknown>, options: GatheringOptions) {
    this.#write = write
    this.#options = options
  }

  /** Resolves once the item is written; rejects as its write does. */
  add(item: Item, bytes = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, bytes, resolve, reject })
      this.#next()
    })
  }

  #next(): void {
    if (this.#underWay >= this.#options.writes || this.#waiting.length === 0) return
    const lot = this.#waiting.splice(0, this.#fitting())
    this.#underWay += 1
    this.#write(lot.map(({ item }) => item))
      .then(
        () => {
          for (const { resolve } of lot) resolve()
        },
        (error) => {
          for (const { reject } of lot) reject(error)
        },
      )
      .finally(() => {
        this.#underWay -= 1
        this.#next()
      })
  }

  /** How many of those that wait fit into one write. */
  #fitting(): number {
    let bytes = 0
    const most = Math.min(this.#waiting.length, this.#options.items)
    for (let count = 0; count < most; count += 1) {
      bytes += this.#waiting[count]?.bytes ?? 0
      if (bytes > this.#options.bytes) return Math.max(count, 1)
    }
    return most
  }
}
