import { RegistryError } from '../../index.ts'

/** Lets a test make one call of many fail. */
export class Outage {
  /** How many calls still succeed before one fails; null when none is to fail. */
  #left: number | null = null

  /**
   * Makes one call fail, after `skip` others.
   *
   * @returns a function that calls it off, and says whether it had happened
   */
  failOnce(skip: number): () => boolean {
    this.#left = skip
    let struck: boolean | null = null
    return () => {
      struck ??= this.#left === null
      this.#left = null
      return struck
    }
  }

  /** Every call begins here. @throws RegistryError `unavailable` when it is its turn to fail. */
  reach(): void {
    if (this.#left === null) return
    const strikes = this.#left === 0
    this.#left = strikes ? null : this.#left - 1
    if (strikes) throw new RegistryError('unavailable', { cause: new Error('SlowDown: an outage') })
  }
}
