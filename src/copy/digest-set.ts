import type { Digest } from '../oci/digest.ts'
import { encodedOf } from '../oci/digest.ts'

/**
 * Digests that were seen, by 64 bits of each: 16 to 32 bytes of memory for one. Of a hundred million digests,
 * two are taken for one with a chance of one in four thousand.
 */
export class DigestSet {
  #slots: BigUint64Array = new BigUint64Array(1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** False where the digest was there already. */
  add(digest: Digest): boolean {
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    // 0 is an empty slot.
    const value = BigInt(`0x${encodedOf(digest).slice(0, 16)}`) || 1n
    return this.#insert(value)
  }

  #insert(value: bigint): boolean {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let at = Number(value & BigInt(mask)); ; at = (at + 1) & mask) {
      if (slots[at] === value) return false
      if (slots[at] !== 0n) continue
      slots[at] = value
      this.#size += 1
      return true
    }
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new BigUint64Array(before.length * 2)
    this.#size = 0
    for (const value of before) if (value !== 0n) this.#insert(value)
  }
}
