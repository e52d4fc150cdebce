/** What limits the operations of a server: one change of a name at a time, and a few others beside it. */
export class UnderWay {
  readonly #changing: Set<string> = new Set()
  readonly #running: Set<Promise<unknown>> = new Set()
  readonly #most: number

  /** @param most operations at once, of all names */
  constructor(most: number) {
    this.#most = most
  }

  /** Why an operation may not begin now; null where it may. */
  refusal(name: string, changes: boolean): string | null {
    if (changes && this.#changing.has(name)) {
      return `another ${name} is under way; wait until it has ended`
    }
    return this.#running.size < this.#most ? null : 'too many operations are under way; try later'
  }

  /** Does the work, which {@link refusal} let begin. */
  async run(name: string, changes: boolean, work: () => Promise<void>): Promise<void> {
    if (changes) this.#changing.add(name)
    const running = work()
    this.#running.add(running)
    try {
      await running
    } finally {
      this.#running.delete(running)
      if (changes) this.#changing.delete(name)
    }
  }

  /** Resolves when none is under way. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running)
  }
}
