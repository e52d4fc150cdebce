/** Says once that everything ends. An AbortSignal warns of many listeners, and here are as many as requests. */
export class StopSignal {
  readonly #listeners: Set<() => void> = new Set()
  #isStopped: boolean = false

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Calls back when everything ends, or now where it did. What is returned ends that. */
  listen(callback: () => void): () => void {
    if (this.#isStopped) callback()
    else this.#listeners.add(callback)
    return () => this.#listeners.delete(callback)
  }

  /** Ends everything. */
  stop(): void {
    this.#isStopped = true
    for (const callback of [...this.#listeners]) callback()
    this.#listeners.clear()
  }
}
