/**
 * One Ctrl-C reaches a program twice, from the terminal and from the npm, `bun run` or `deno task`
 * that started it and passes it on; and so does a SIGTERM that is sent to all of them.
 */
const sameWishMs = 100

/**
 * Resolves with the first SIGTERM or SIGINT. Another one after it calls `impatient`: whoever sends
 * it will not wait.
 */
export function stopSignal(impatient: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: { readonly signal: NodeJS.Signals; readonly at: number } | null = null
    const heard = (signal: NodeJS.Signals): void => {
      const at = performance.now()
      if (first === null) {
        first = { signal, at }
        resolve(signal)
      } else if (first.signal !== signal || at - first.at > sameWishMs) {
        impatient()
      }
    }
    process.on('SIGTERM', heard)
    process.on('SIGINT', heard)
  })
}
