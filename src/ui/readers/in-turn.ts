/** What is shorter is parsed at once, in bytes. */
const short = 64 * 1024
/** How long the thread is left to others at least after something long, in milliseconds. */
const restMs = 5
/** How far apart the next looks of those that wait are, in milliseconds. */
const mostLaterMs = 20

/** When the next long one may be parsed, by `performance.now()`. */
let freeAt = 0

/**
 * Parses a text that may be long. Of those of all requests one is parsed at a time, and then the thread is left to
 * everybody else for as long as that took: so views have half of it at most.
 *
 * Each request waits by timers of its own. On workerd, none may wait for what another one does.
 *
 * @param bytes how long the text is
 */
export async function inTurn<T>(bytes: number, parse: () => T): Promise<T> {
  if (bytes < short) return parse()
  // The thread may have been busy through the whole rest after the last text: others get a turn first.
  await new Promise((resolve) => setTimeout(resolve, 0))
  for (;;) {
    const waitMs = freeAt - performance.now()
    if (waitMs <= 0) break
    // Many short timers would keep Node among its timers, and away from everybody else.
    const laterMs = restMs + Math.random() * mostLaterMs
    await new Promise((resolve) => setTimeout(resolve, waitMs + laterMs))
  }
  const began = performance.now()
  try {
    return parse()
  } finally {
    const ended = performance.now()
    freeAt = ended + Math.max(restMs, ended - began)
  }
}
