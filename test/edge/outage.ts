/** Lets one access fail, as {@link StorePlace.failOnce} wants it. */
export class Outage {
  #left: number | null = null
  readonly #error: () => Error

  /** @param error what an access throws that fails */
  constructor(error: () => Error) {
    this.#error = error
  }

  /** Plans one; returns what calls it off and says whether it had happened. */
  plan(skip = 0): () => boolean {
    let happened = false
    this.#strike = () => {
      happened = true
      throw this.#error()
    }
    this.#left = skip
    return () => {
      if (!happened) this.#left = null
      return happened
    }
  }

  /** Called before each access. */
  access(): void {
    if (this.#left === null) return
    if (this.#left > 0) {
      this.#left -= 1
      return
    }
    this.#left = null
    this.#strike()
  }

  #strike: () => void = () => {}
}
