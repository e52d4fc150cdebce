import { timerPause } from '../copy/patience.ts'
import type { CopiedStores } from '../copy/report.ts'
import { safeNotices } from '../core/callbacks.ts'
import { callSafely } from '../oci/call-safely.ts'
import { steadyClock } from '../oci/steady-clock.ts'
import type { VerifyReport, VerifyState } from './report.ts'
import { type VerifyOptions, verifyStores } from './verify-stores.ts'

/** Where a schedule is, as JSON. */
export interface VerifySchedule {
  /** Where the pass under way was last; null where none is. */
  readonly state: VerifyState | null
  /** When the next one begins, in milliseconds since the epoch. */
  readonly nextAt: number
  /** The last pass that came to its end. */
  readonly last: { readonly endedAt: number; readonly report: VerifyReport } | null
}

/** Settings of {@link startVerifying}. */
export interface VerifyingOptions
  extends Pick<
    VerifyOptions,
    'bytesPerSecond' | 'hash' | 'onNotice' | 'onProblem' | 'onFile' | 'sources' | 'clock'
  > {
  /** A pass begins so long after the one before began, in milliseconds, and is spread over most of that. */
  readonly everyMs: number
  /** Reads where the schedule is; null before the first pass. All nodes of a registry read the same. */
  readonly load: () => Promise<VerifySchedule | null>
  /** Keeps it. */
  readonly save: (schedule: VerifySchedule) => Promise<void>
  /** Has one of several nodes do the work; as `turns` of `startMaintenance`. Default: this process does it. */
  readonly turns?: {
    run(task: string, everyMs: number, work: () => Promise<unknown>): Promise<void>
  }
  /** How long after the start the first look is, and between two looks, in milliseconds. Default: ten minutes. */
  readonly lookEveryMs?: number
  /** Told what each pass found. */
  readonly onReport?: (report: VerifyReport) => void
}

/** How much of the time between two passes one is spread over: what is late still ends before the next. */
const share = 0.9
const task = 'verifying all content'

/**
 * Verifies stores again and again beside what else they do: each pass is spread over the time until the next. A
 * process that ends stops its pass, and the next one, or another node, goes on with it. What fails is a notice, and
 * tried again. The timers keep no process alive.
 *
 * @returns what ends it, once the digests under way were looked at
 */
export function startVerifying(
  stores: CopiedStores,
  options: VerifyingOptions,
): () => Promise<void> {
  const { everyMs, load, save, turns, lookEveryMs = 10 * 60_000, clock = steadyClock() } = options
  const onNotice = safeNotices(options.onNotice)
  const stop = new AbortController()
  const { signal } = stop
  const pause = timerPause(signal, false)

  const pass = async (): Promise<void> => {
    const schedule = await load()
    if (schedule !== null && schedule.state === null && clock() < schedule.nextAt) return
    const { state: from = null, last = null } = schedule ?? {}
    const startedAt = from?.startedAt ?? clock()
    const nextAt = startedAt + everyMs
    const report = await verifyStores(stores, {
      ...options,
      concurrency: 2,
      spreadMs: everyMs * share,
      clock,
      pause,
      signal,
      from,
      onState: (state) => save({ state, nextAt, last }),
    })
    await save({ state: null, nextAt, last: { endedAt: clock(), report } })
    callSafely(
      () => options.onReport?.(report),
      () => {},
    )
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await pause(lookEveryMs)
      try {
        await (turns === undefined ? pass() : turns.run(task, lookEveryMs, pass))
      } catch (error) {
        if (signal.aborted) return
        onNotice({ kind: 'background-failure', task, error, retried: true })
      }
    }
  }
  const running = run().catch(() => {})
  return async () => {
    stop.abort(new Error('the schedule has ended'))
    await running
  }
}
