// The two shapes that timed work has.

/** @import { Timed } from './types.ts' */

/**
 * Makes all clients at once run `operation(client)` again and again for `seconds`, or until `operations`
 * of them have begun. Resolves with the time of each operation in milliseconds, and the seconds
 * until the last of them ended.
 * @template C
 * @param {number | { seconds: number, operations?: number }} span seconds, or both
 * @param {readonly C[]} clients
 * @param {(client: C) => Promise<unknown>} operation
 * @returns {Promise<Timed>}
 */
export async function repeatFor(span, clients, operation) {
  const { seconds, operations = Infinity } = typeof span === 'number' ? { seconds: span } : span
  /** @type {number[]} */
  const times = []
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000
  let begun = 0
  const repeat = async (/** @type {C} */ client) => {
    for (let from = performance.now(); from < end && begun < operations; ) {
      begun++
      await operation(client)
      const now = performance.now()
      times.push(now - from)
      from = now
    }
  }
  await Promise.all(clients.map(repeat))
  return { times, seconds: (performance.now() - startedAt) / 1000 }
}

/**
 * Makes all clients at once run `operation(client)` `count` times each. Resolves as `repeatFor` does.
 * @template C
 * @param {number} count
 * @param {readonly C[]} clients
 * @param {(client: C) => Promise<unknown>} operation
 * @returns {Promise<Timed>}
 */
export async function repeatTimes(count, clients, operation) {
  /** @type {number[]} */
  const times = []
  const startedAt = performance.now()
  const repeat = async (/** @type {C} */ client) => {
    for (let n = 0; n < count; n++) {
      const from = performance.now()
      await operation(client)
      times.push(performance.now() - from)
    }
  }
  await Promise.all(clients.map(repeat))
  return { times, seconds: (performance.now() - startedAt) / 1000 }
}
