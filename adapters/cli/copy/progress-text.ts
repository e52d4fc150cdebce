import type { CopyProgress, StoreComparison } from '../../../src/kit.ts'
import { countText, kinds, sizeText, timeText } from './amounts.ts'

/** Says how far a copy is: in bytes and names, how fast, and how long it may take. */
export class ProgressText {
  readonly #plan: StoreComparison
  readonly #clock: () => number
  readonly #started: number

  /** @param plan how the two compared before the copy */
  constructor(plan: StoreComparison, clock: () => number = () => performance.now()) {
    this.#plan = plan
    this.#clock = clock
    this.#started = clock()
  }

  /** How long it has taken so far, in milliseconds. */
  get elapsedMs(): number {
    return this.#clock() - this.#started
  }

  of({ bytes, copied }: CopyProgress): string {
    const { bytes: wanted } = this.#plan
    const total = kinds.reduce((sum, kind) => {
      return sum + this.#plan[kind].missing + this.#plan[kind].other
    }, 0)
    const done = kinds.reduce((sum, kind) => sum + copied[kind], 0)
    const isOver = wanted === 0 || bytes >= wanted
    const share = isOver ? done / Math.max(total, 1) : bytes / wanted
    const seconds = Math.max(this.elapsedMs / 1000, 0.001)
    const parts = [
      `copying ${Math.floor(Math.min(share, 1) * 100)}%`,
      `${sizeText(bytes)} of ${sizeText(Math.max(wanted, bytes))}`,
      `${countText(done)} of ${countText(Math.max(total, done))} names`,
      `${sizeText(Math.round(bytes / seconds))}/s`,
    ]
    if (!isOver && bytes > 0) {
      parts.push(`${timeText(((wanted - bytes) / bytes) * this.elapsedMs)} left`)
    }
    return parts.join(', ')
  }
}
