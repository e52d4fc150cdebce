/** A terminal's Ctrl-C reaches a program twice when npm, which passes it on, runs beneath the shell. */
const sameKeyMs = 100

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
      } else if (signal !== 'SIGINT' || first.signal !== signal || at - first.at > sameKeyMs) {
        impatient()
      }
    }
    process.on('SIGTERM', heard)
    process.on('SIGINT', heard)
  })
}
