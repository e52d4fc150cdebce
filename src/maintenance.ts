import { callSafely } from './oci/call-safely.ts'
import type { NoticeSink } from './ports/notices.ts'
import type { Registry } from './registry.ts'

/** What is done beside the requests, and how often. Times are in milliseconds; null is never. */
export interface MaintenanceOptions {
  /** Upload sessions that were idle too long are ended. Default: every minute. */
  readonly expireEveryMs?: number
  /** Garbage is collected, for the first time ten minutes after the start. Default: never. */
  readonly collectEveryMs?: number | null
  /** Whether a collection also drops repositories that hold nothing. Default: false. */
  readonly dropEmptyRepositories?: boolean
  /**
   * Bytes that no name points at are deleted, for the first time ten minutes after the start. Default:
   * every day.
   */
  readonly sweepEveryMs?: number | null
  /**
   * Room that deleted blobs still take is given back, for the first time ten minutes after the start.
   * Default: every hour.
   */
  readonly compactEveryMs?: number | null
  /**
   * Where several nodes have the same stores, has one of them do what is due. Each asks at least every ten
   * minutes, so that what a node left undone is soon taken up by another. Default: this process does it all.
   */
  readonly turns?: MaintenanceTurns
}

/** Shares out the work of maintenance among nodes that have the same stores. */
export interface MaintenanceTurns {
  /**
   * Does the work of a task, unless a node is doing it now or has done it in the last `everyMs`. Where the
   * work throws, it is due again at once, and `run` throws the same.
   */
  run(task: string, everyMs: number, work: () => Promise<unknown>): Promise<void>
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** Long enough after a start not to compete with it; a service restarted daily does its work as well. */
const firstMs = 10 * minuteMs

/**
 * Does what no request asks for: ends idle uploads, sweeps, compacts, and collects garbage where that is asked
 * for. What fails is a notice, and tried again in its next turn. The timers keep no process alive.
 *
 * @returns what ends it, once the turns under way have ended
 */
export function startMaintenance(
  registry: Pick<
    Registry,
    'expireUploads' | 'collectGarbage' | 'sweepBytes' | 'compactBytes' | 'flushPulls'
  >,
  options: MaintenanceOptions,
  onNotice: NoticeSink,
): () => Promise<void> {
  const { expireEveryMs = minuteMs, collectEveryMs = null, sweepEveryMs = dayMs } = options
  const { compactEveryMs = hourMs, turns } = options
  const emptyRepositories = options.dropEmptyRepositories ?? false
  const tasks = [repeat('ending idle uploads', () => registry.expireUploads(), expireEveryMs)]
  // Each node has pulls of its own.
  tasks.push(repeat('noting pulls', () => registry.flushPulls(), minuteMs, null))
  if (collectEveryMs !== null) {
    const collect = (): Promise<unknown> => registry.collectGarbage({ emptyRepositories })
    tasks.push(repeat('collecting garbage', collect, collectEveryMs))
  }
  if (sweepEveryMs !== null) {
    const sweep = (): Promise<unknown> => registry.sweepBytes()
    tasks.push(repeat('sweeping bytes without a name', sweep, sweepEveryMs))
  }
  if (compactEveryMs !== null) {
    const task = 'giving back room of deleted blobs'
    tasks.push(repeat(task, () => registry.compactBytes(), compactEveryMs))
  }
  return async () => {
    await Promise.all(tasks.map((end) => end()))
  }

  function repeat(
    name: string,
    work: () => Promise<unknown>,
    everyMs: number,
    shared: MaintenanceTurns | null = turns ?? null,
  ): () => Promise<void> {
    return repeatTask({ name, work, everyMs, turns: shared, onNotice })
  }
}

/** Work of a program's own beside the requests. */
export interface MaintenanceTask {
  /** For notices, and for nodes to share it out. */
  readonly name: string
  readonly everyMs: number
  readonly work: () => Promise<unknown>
  /** Null where this process does it all. */
  readonly turns: MaintenanceTurns | null
  readonly onNotice: NoticeSink
}

/**
 * Does something again and again, as {@link startMaintenance} does: for the first time ten minutes after the start, or
 * once its interval has passed. A turn that outlasts its interval makes the next one wait. What fails is a notice.
 *
 * @returns what ends it, once the turn under way has ended
 */
export function repeatTask(task: MaintenanceTask): () => Promise<void> {
  const { name, everyMs, work, turns, onNotice } = task
  const askEveryMs = turns === null ? everyMs : Math.min(everyMs, firstMs)
  let running: Promise<void> = Promise.resolve()
  let timer: ReturnType<typeof setTimeout>
  let ended = false
  const turn = async (): Promise<void> => {
    try {
      await (turns === null ? work() : turns.run(name, everyMs, work))
    } catch (error) {
      const notice = { kind: 'background-failure', task: name, error, retried: true } as const
      // There is nobody else to tell.
      callSafely(
        () => onNotice(notice),
        () => {},
      )
    }
    if (!ended) schedule(askEveryMs)
  }
  const schedule = (ms: number): void => {
    timer = setTimeout(() => {
      running = turn()
    }, ms)
    // A program with nothing else to do ends; not every runtime's timers have this.
    const handle = timer as { unref?(): void }
    handle.unref?.()
  }
  schedule(Math.min(firstMs, askEveryMs))
  return async () => {
    ended = true
    clearTimeout(timer)
    await running
  }
}
