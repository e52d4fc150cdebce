import { nextTurn } from './next-turn.ts'

/** How long others wait for a slice of the work, in milliseconds, give or take one item. */
const sliceMs = 2
/** Items of {@link Steps} between two looks at the clock. */
const stride = 256
/** How many times as long as a slice the work rests after it. */
const restFactor = 3
/** The longest rest, in milliseconds: what looks like work may have been a wait. */
const longestRestMs = 20

/**
 * The same items, made in slices: after each, the thread belongs to others three times as long. So the
 * work takes a quarter of it at most, and four times its own time at least.
 *
 * @param isUrgent whether the rest of the work should be over soon: others then have one turn alone
 */
export async function* paced<T>(
  items: AsyncIterable<T>,
  isUrgent: () => boolean,
): AsyncGenerator<T> {
  let workedMs = 0
  let since = performance.now()
  for await (const item of items) {
    workedMs += performance.now() - since
    if (workedMs >= sliceMs) {
      await (isUrgent() ? nextTurn() : rest(workedMs))
      workedMs = 0
    }
    yield item
    // Whoever takes the items takes their own time.
    since = performance.now()
  }
}

/** Work in steps of about {@link sliceMs}, with a rest after each. */
export class Steps {
  #since = performance.now()
  #done = 0

  /** Whether others should have the thread now; asked after each item. */
  isOver(): boolean {
    this.#done += 1
    return this.#done % stride === 0 && performance.now() - this.#since >= sliceMs
  }

  /** Leaves the thread to others. */
  async rest(): Promise<void> {
    await rest(performance.now() - this.#since)
    this.#since = performance.now()
  }
}

/** Leaves the thread to others for three times as long as was worked, up to a bound. */
export function rest(workedMs: number): Promise<void> {
  const ms = Math.min(workedMs * restFactor, longestRestMs)
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
