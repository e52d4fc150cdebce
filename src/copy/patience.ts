import { RegistryError } from '../oci/registry-error.ts'

/** Waits for so many milliseconds. Rejects when the signal aborts. */
export type Pause = (ms: number) => Promise<void>

/** Runs work that may be called again after an error. */
export type Patiently = <T>(work: () => Promise<T>) => Promise<T>

/** The pauses between attempts, in milliseconds: a minute in all, as long as a database takes to fail over. */
const pauses: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000]

/** Tries again what fails since a store is unavailable. Every method of a store may be called again. */
export function patience(pause: Pause, signal: AbortSignal | undefined): Patiently {
  return async (work) => {
    for (const ms of pauses) {
      signal?.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof RegistryError) || error.kind !== 'unavailable') throw error
      }
      await pause(ms)
    }
    signal?.throwIfAborted()
    return await work()
  }
}

/**
 * Pauses by the clock of the runtime.
 *
 * @param keepsAlive whether a process with nothing else to do waits for the end of a pause
 */
export function timerPause(signal: AbortSignal | undefined, keepsAlive: boolean = true): Pause {
  // All pauses share one listener: runtimes warn of a leak where a signal has more than ten.
  const stops = new Set<() => void>()
  const stopAll = (): void => {
    for (const stop of [...stops]) stop()
  }
  return (ms) =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        stops.delete(stop)
        if (stops.size === 0) signal?.removeEventListener('abort', stopAll)
      }
      const stop = (): void => {
        clearTimeout(timer)
        end()
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        end()
        resolve()
      }, ms)
      // Not every runtime's timers have this.
      if (!keepsAlive) (timer as { unref?(): void }).unref?.()
      if (stops.size === 0) signal?.addEventListener('abort', stopAll)
      stops.add(stop)
    })
}
