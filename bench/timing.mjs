// The two shapes that timed work has.

/** @import { Timed } from './types.ts' */

/**
 * Makes all clients at once run `operation(client)` again and again for `seconds`. Resolves with the
 * time of each operation in milliseconds, and the seconds until the last of them ended.
 * @template C
 * @param {number} seconds
 * @param {readonly C[]} clients
 * @param {(client: C) => Promise<unknown>} operation
 * @returns {Promise<Timed>}
 */
export async function repeatFor(seconds, clients, operation) {
  /** @type {number[]} */
  const times = []
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000
  const repeat = async (/** @type {C} */ client) => {
    for (let from = performance.now(); from < end; ) {
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
