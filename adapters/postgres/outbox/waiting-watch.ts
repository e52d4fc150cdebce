import { callSafely } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import { isAnyDue } from './outbox-sql.ts'

/** How often it is looked whether other nodes left something, in milliseconds. */
const pollMs = 1000

/**
 * Calls back when messages may be claimed: at once where this process put them there, and otherwise within about a second.
 * It asks the database, since a notification needs a session, which a pooler does not give.
 */
export class WaitingWatch {
  readonly #database: Database
  readonly #callbacks: Set<() => void> = new Set()
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(database: Database) {
    this.#database = database
  }

  /** Adds a callback; what is returned takes it away. */
  add(callback: () => void): () => void {
    // Each has an identity of its own, also where the same function is added twice.
    const own = (): void => callback()
    this.#callbacks.add(own)
    this.#schedule()
    return () => {
      this.#callbacks.delete(own)
      if (this.#callbacks.size === 0) this.close()
    }
  }

  /** Calls all of them. */
  readonly wake = (): void => {
    // This watch has no notices to tell of one that throws.
    for (const callback of [...this.#callbacks]) callSafely(callback, () => {})
  }

  /** Asks no more. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #schedule(): void {
    if (this.#timer !== null) return
    const timer = setTimeout(() => this.#poll(timer), pollMs)
    this.#timer = timer
    // A process that has nothing else to do ends.
    ;(timer as { unref?(): void }).unref?.()
  }

  async #poll(timer: ReturnType<typeof setTimeout>): Promise<void> {
    const isDue = await this.#database.query(isAnyDue, [this.#database.clockOffset]).then(
      (rows) => rows.length > 0,
      // It is asked again soon.
      () => false,
    )
    if (this.#timer !== timer) return
    this.#timer = null
    this.#schedule()
    if (isDue) this.wake()
  }
}
