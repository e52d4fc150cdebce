// The two shapes that timed work has.

/**
 * Lets `clients` run `operation(client)` again and again for `seconds`. Resolves with the time of
 * each in milliseconds and the seconds until the last of them had ended.
 */
export async function repeatFor(seconds, clients, operation) {
  const times = []
  const startedAt = performance.now()
  const end = startedAt + seconds * 1000
  await atOnce(clients, async (client) => {
    for (let from = performance.now(); from < end; ) {
      await operation(client)
      const now = performance.now()
      times.push(now - from)
      from = now
    }
  })
  return { times, seconds: (performance.now() - startedAt) / 1000 }
}

/** Lets `clients`, all at once, run `operation(client)` `count` times each; resolves as `repeatFor` does. */
export async function repeatTimes(count, clients, operation) {
  const times = []
  const startedAt = performance.now()
  await atOnce(clients, async (client) => {
    for (let n = 0; n < count; n++) {
      const from = performance.now()
      await operation(client)
      times.push(performance.now() - from)
    }
  })
  return { times, seconds: (performance.now() - startedAt) / 1000 }
}

/** Runs `work(0)` to `work(count - 1)` at once. */
export function atOnce(count, work) {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)))
}
