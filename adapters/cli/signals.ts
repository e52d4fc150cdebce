import { isatty } from 'node:tty'

/**
 * One Ctrl-C reaches a program twice: from the terminal, and from the npm, `bun run` or `deno task`
 * that started it and passes the signal on. So does a SIGTERM that is sent to all of them.
 */
const repeatMs = 100

/** What the outside asks of a running program. */
export interface Signals {
  /** Resolves with the signal that asks the program to end. */
  readonly stop: Promise<NodeJS.Signals>
  /** Sets what a SIGHUP calls; until then a SIGHUP does nothing. */
  onHangup(reload: () => void): void
  /** Sets what a SIGUSR2 calls; until then a SIGUSR2 does nothing. */
  onReopen(reopen: () => void): void
}

/**
 * Listens to SIGTERM, SIGINT, SIGHUP and SIGUSR2, which all end a process that does not.
 *
 * SIGTERM and SIGINT ask the program to end. SIGHUP asks it to reload, as a supervisor or a person
 * means it; but when the program's terminal was closed, it asks it to end. SIGUSR2 asks it to open its logs again.
 *
 * @param impatient called by another SIGTERM or SIGINT after the first: its sender does not want to
 *   wait
 */
export function listenToSignals(impatient: () => void): Signals {
  const terminals = terminalsOf()
  let reload = (): void => {}
  let reopen = (): void => {}
  const stop = new Promise<NodeJS.Signals>((resolve) => {
    let first: { readonly signal: NodeJS.Signals; readonly at: number } | null = null
    const end = (signal: NodeJS.Signals): void => {
      const at = performance.now()
      if (first === null) {
        first = { signal, at }
        resolve(signal)
      } else if (first.signal !== signal || at - first.at > repeatMs) {
        impatient()
      }
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
    process.on('SIGHUP', (signal) => {
      if (terminalGone(terminals)) resolve(signal)
      else reload()
    })
    // Windows has no such signal.
    if (process.platform !== 'win32') process.on('SIGUSR2', () => reopen())
  })
  return {
    stop,
    onHangup(call) {
      reload = call
    },
    onReopen(call) {
      reopen = call
    },
  }
}

/** The standard streams that are a terminal. */
function terminalsOf(): readonly number[] {
  return [0, 1, 2].filter((fd) => isatty(fd))
}

/**
 * Whether the terminal that the program was started at was closed: its streams are then no terminals
 * any more. On Windows a closed console is all that SIGHUP means.
 */
function terminalGone(terminals: readonly number[]): boolean {
  if (process.platform === 'win32') return true
  return terminals.length > 0 && !terminals.some((fd) => isatty(fd))
}
