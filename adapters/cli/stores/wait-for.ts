import { CliError, exitCodes } from '../exit.ts'
import type { Entries } from '../log.ts'

/** Why a store could not be opened. */
export interface Explanation {
  /** For people: where, what is wrong, and what to do. */
  readonly text: string
  /** Whether waiting cannot help. */
  readonly isFinal: boolean
}

/** How long a start waits for a store. */
export interface Patience {
  /** In milliseconds. */
  readonly withinMs: number
  readonly log: Pick<Entries, 'info' | 'warn'>
  /** Resolves when the program is asked to end. */
  readonly stop: Promise<unknown>
}

/** The program was asked to end before its stores were open. */
export class StoppedWaiting extends Error {
  override readonly name = 'StoppedWaiting'
}

/** How often the log says that the server still waits. */
const sayEveryMs = 10_000
/** How long the waits between attempts are, from the first to the longest. */
const firstPauseMs = 200
const longestPauseMs = 2_000

/**
 * Opens a store, again and again until it answers. The log says at once that the server waits, and for what.
 *
 * @param what the store, for the log: `database`
 * @throws CliError when waiting cannot help, or took too long; StoppedWaiting.
 */
export async function waitFor<T>(
  what: string,
  open: () => Promise<T>,
  explain: (error: unknown) => Explanation,
  { withinMs, log, stop }: Patience,
): Promise<T> {
  const began = performance.now()
  let saidAt = Number.NEGATIVE_INFINITY
  let isStopped = false
  const stopped = stop.then(() => {
    isStopped = true
  })
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      const opened = await open()
      if (saidAt >= 0) log.info(`the ${what} answers`)
      return opened
    } catch (error) {
      const { text, isFinal } = explain(error)
      const now = performance.now()
      const left = began + withinMs - now
      if (isFinal) throw new CliError(exitCodes.problem, [text])
      if (isStopped) throw new StoppedWaiting()
      if (left <= 0) {
        const waited = `Waited ${Math.round(withinMs / 100) / 10} s, as --store-wait says`
        throw new CliError(exitCodes.problem, [`${text}. ${waited}`])
      }
      if (now - saidAt >= sayEveryMs) {
        saidAt = now
        log.warn({ problem: text, seconds: Math.ceil(left / 1000) }, `waiting for the ${what}`)
      }
      await Promise.race([pause(Math.min(pauseMs, left)), stopped])
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
