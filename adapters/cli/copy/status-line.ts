/** Where people read how far a long command is: standard error. */
export interface StatusLine {
  /** How far it is. A terminal shows the newest; elsewhere one is written now and then. */
  show(text: string): void
  /** A message, which stays. */
  say(text: string): void
  /** Takes the status away. */
  end(): void
}

/** How often a terminal's line changes, and how often one is written elsewhere, in milliseconds. */
const terminalMs = 200
const elsewhereMs = 10_000

/** Opens the status line on a stream. */
export function openStatusLine(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'> = process.stderr,
  clock: () => number = () => performance.now(),
): StatusLine {
  const isTerminal = stream.isTTY === true
  const everyMs = isTerminal ? terminalMs : elsewhereMs
  let shownAt = isTerminal ? Number.NEGATIVE_INFINITY : clock()
  let isShown = false
  const clear = (): void => {
    if (isShown) stream.write('\r\u001b[K')
    isShown = false
  }
  return {
    show(text) {
      const now = clock()
      if (now - shownAt < everyMs) return
      shownAt = now
      if (!isTerminal) {
        stream.write(`layerdock: ${text}\n`)
        return
      }
      clear()
      stream.write(text.slice(0, Math.max((stream.columns || 80) - 1, 20)))
      isShown = true
    },
    say(text) {
      clear()
      stream.write(`layerdock: ${text}\n`)
    },
    end: clear,
  }
}
