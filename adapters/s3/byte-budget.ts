interface Waiting {
  readonly bytes: number
  go(): void
}

/**
 * Memory that all uploads share. Who finds too little waits, in order; more than there is at all is granted to
 * one alone, so that everybody gets on in the end.
 */
export class ByteBudget {
  readonly #bytes: number
  #used = 0
  #waiting: Waiting[] = []

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Bytes that are taken now. */
  get used(): number {
    return this.#used
  }

  /** Takes bytes; a promise only where they are not there at once. */
  take(bytes: number): void | Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return
    }
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, go: resolve })
    })
  }

  /** Gives bytes back. */
  give(bytes: number): void {
    this.#used -= bytes
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || !this.#fits(next.bytes)) return
      this.#waiting.shift()
      this.#used += next.bytes
      next.go()
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#bytes
  }
}
