/** How long others wait for a slice of work at most, in milliseconds, give or take one item. */
const sliceMs = 2

/** Has work over long lists make way for requests: a store in memory never lets go of the thread by itself. */
export class Slices {
  #end: number = performance.now() + sliceMs

  /** Lets others run where a slice is over; to be called after each lot of work. */
  async next(): Promise<void> {
    if (performance.now() < this.#end) return
    await new Promise((resolve) => setTimeout(resolve, 0))
    this.#end = performance.now() + sliceMs
  }
}
