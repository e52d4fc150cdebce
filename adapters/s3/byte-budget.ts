import { RegistryError } from '../../src/index.ts'

interface Waiting {
  readonly bytes: number
  go(): void
}

/**
 * Memory that all uploads share. An upload that finds too little waits, in order; more than there is at all is granted
 * to one alone, so that everybody gets on in the end.
 */
export class ByteBudget {
  readonly #bytes: number
  readonly #longestWaitMs: number
  #used = 0
  #waiting: Waiting[] = []

  /** @param longestWaitMs after which an upload waits no more, in milliseconds */
  constructor(bytes: number, longestWaitMs = 60_000) {
    this.#bytes = bytes
    this.#longestWaitMs = longestWaitMs
  }

  /** Bytes that are taken now. */
  get used(): number {
    return this.#used
  }

  /**
   * Takes bytes; a promise only where they are not there at once.
   *
   * @throws RegistryError `unavailable` where others, such as clients that send slowly, keep them for too long
   */
  take(bytes: number): void | Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((each) => each !== waiting)
        const cause = new Error('uploads hold all the memory there is for parts (bufferBytes)')
        reject(new RegistryError('unavailable', { cause }))
        // One that fits may have waited behind it.
        this.give(0)
      }, this.#longestWaitMs)
      const waiting = {
        bytes,
        go() {
          clearTimeout(timer)
          resolve()
        },
      }
      this.#waiting.push(waiting)
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
