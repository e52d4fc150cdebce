import type { UploadId } from '../oci/upload-id.ts'
import { type AgeRow, ByAge } from './by-age.ts'

/** Whose share a session takes; null where that is not known. */
type Owner = string | null

/**
 * Sessions that may make way for new ones, by owner and age. Finding the one to go takes no scan,
 * however many there are.
 */
export class SpareSessions {
  readonly #byOwner: Map<Owner, ByAge<UploadId>> = new Map()
  /** Owners by how many spare sessions they have: an owner moves one step at a time. */
  readonly #ranks: Map<number, Set<Owner>> = new Map()
  #most = 0

  /** Adds a session; the row it returns removes it again. */
  add(owner: Owner, time: number, id: UploadId): AgeRow<UploadId> {
    let own = this.#byOwner.get(owner)
    if (own === undefined) {
      own = new ByAge()
      this.#byOwner.set(owner, own)
    }
    const row = own.add(time, id)
    this.#move(owner, own.size - 1, own.size)
    return row
  }

  remove(owner: Owner, row: AgeRow<UploadId>): void {
    const own = this.#byOwner.get(owner)
    if (own === undefined || !own.remove(row)) return
    this.#move(owner, own.size + 1, own.size)
    if (own.size === 0) this.#byOwner.delete(owner)
  }

  /** The owner's oldest; null when it has none. */
  oldestOf(owner: Owner): UploadId | null {
    return this.#byOwner.get(owner)?.oldest() ?? null
  }

  /** The oldest of an owner with the most spare sessions; null when there are none. */
  oldestOfLargest(): UploadId | null {
    const [owner] = this.#ranks.get(this.#most) ?? []
    return owner === undefined ? null : this.oldestOf(owner)
  }

  #move(owner: Owner, from: number, to: number): void {
    const before = this.#ranks.get(from)
    before?.delete(owner)
    if (before?.size === 0) this.#ranks.delete(from)
    if (to > 0) {
      const rank = this.#ranks.get(to) ?? new Set()
      this.#ranks.set(to, rank.add(owner))
    }
    if (to > this.#most || !this.#ranks.has(this.#most)) this.#most = to
  }
}
