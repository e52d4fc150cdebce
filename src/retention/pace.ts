/** How long requests wait for a run at most, in milliseconds, give or take a few items. */
const sliceMs = 2
const restMs = 4
/** Items between two looks at the clock. */
const stride = 32

/** Has a run over a hundred thousand manifests make way for requests: a store in memory never lets go by itself. */
export class Pace {
  readonly #signal: AbortSignal
  #end: number = performance.now() + sliceMs
  #count = 0

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Whether it is time to rest; asked for each item. */
  get isDue(): boolean {
    this.#count += 1
    if (this.#count < stride) return false
    this.#count = 0
    return performance.now() >= this.#end
  }

  /** Lets others run. @throws what the signal aborts with. */
  async rest(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, restMs))
    this.#signal.throwIfAborted()
    this.#end = performance.now() + sliceMs
  }
}
