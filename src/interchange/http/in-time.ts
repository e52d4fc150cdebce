/** How long nothing may come, in milliseconds. */
const idleMs = 60_000

/** Waits for bytes that are on their way. @throws Error where none came for a minute. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no byte came for a minute')), idleMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
