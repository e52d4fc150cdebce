import type { BlobRef, CacheFigures, OpenBlob } from '../../../src/kit.ts'
import type { RecordPlace } from './segment-key.ts'

/** A record that was read lately. */
export interface CachedRecord {
  readonly ref: BlobRef
  readonly place: RecordPlace
  readonly open: OpenBlob
}

/** What an entry costs beside its bytes, roughly. */
const overhead = 512

/**
 * Small blobs that were read lately, within a budget. A key is used once, so what it stands for never
 * changes; whether its record was deleted is for the caller to know.
 */
export class RecordCache {
  readonly #budget: number
  /** By key, in the order of use, least recent first. */
  readonly #entries: Map<string, CachedRecord> = new Map()
  #used = 0
  #misses = 0
  #hits = 0

  /** @param budget in bytes */
  constructor(budget: number) {
    this.#budget = budget
  }

  get({ key, digest, size }: BlobRef): CachedRecord | null {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.ref.digest !== digest || entry.ref.size !== size) return null
    this.#hits += 1
    // Moving an entry costs more than finding it; under half a budget nothing is about to go.
    if (this.#used > this.#budget / 2) {
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return entry
  }

  /** Counts one that was looked for, and was not there. */
  noteMiss(): void {
    this.#misses += 1
  }

  figures(): CacheFigures {
    return { requests: this.#hits + this.#misses, hits: this.#hits, bytes: this.#used }
  }

  put(entry: CachedRecord): void {
    const { key } = entry.ref
    if (costOf(entry) > this.#budget || this.#entries.has(key)) return
    this.#entries.set(key, entry)
    this.#used += costOf(entry)
    for (const [oldest, old] of this.#entries) {
      if (this.#used <= this.#budget) return
      this.#entries.delete(oldest)
      this.#used -= costOf(old)
    }
  }
}

function costOf({ ref }: CachedRecord): number {
  return ref.size + overhead
}
