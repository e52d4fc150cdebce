import type { Pause } from './patience.ts'

/** How far ahead of the rate a transfer may be, in milliseconds: shorter pauses cost more than they are worth. */
const slackMs = 100

/** Holds all transfers together to so many bytes a second. */
export class ByteRate {
  readonly #bytesPerMs: number
  readonly #clock: () => number
  readonly #pause: Pause
  /** When the bytes so far may have gone, by the clock. */
  #due: number

  /** @param bytesPerSecond infinity for no limit */
  constructor(bytesPerSecond: number, clock: () => number, pause: Pause) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#clock = clock
    this.#pause = pause
    this.#due = clock()
  }

  /** Waits until these bytes may go. */
  async take(bytes: number): Promise<void> {
    const now = this.#clock()
    this.#due = Math.max(this.#due, now) + bytes / this.#bytesPerMs
    const early = this.#due - now
    if (early > slackMs) await this.#pause(early)
  }
}
