import type { OpenFile } from '../files.ts'

/** The most that is read without waiting, in bytes: 20 µs of copying. */
export const mostQuick: number = 128 * 1024

/** A read that took so long came from a disk, in milliseconds; and for how long none is tried then. */
const slowMs = 20
const pauseMs = 10_000

/**
 * Reads without waiting what should be in the system's memory. The trip to a thread and back takes ten
 * times as long as such a read. Where memory is short, what was read lately may be gone from it and the
 * process stops until the disk has answered: after one read that took long, there is none for a while.
 */
export class QuickReads {
  readonly #clock: () => number
  #offUntil = 0

  /** @param clock in milliseconds; never goes back */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  isOn(): boolean {
    return this.#offUntil === 0 || this.#clock() >= this.#offUntil
  }

  /** Fills `into` from `position` on; false where the file is shorter. */
  read(file: OpenFile, into: Uint8Array, position: number): boolean {
    const began = this.#clock()
    let filled = 0
    while (filled < into.byteLength) {
      const count = file.readNow(into, filled, into.byteLength - filled, position + filled)
      if (count === 0) return false
      filled += count
    }
    const now = this.#clock()
    this.#offUntil = now - began > slowMs ? now + pauseMs : 0
    return true
  }
}
