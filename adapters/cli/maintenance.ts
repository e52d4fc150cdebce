import type { EventSink, Registry } from '../../src/index.ts'

/** How often idle uploads are looked for. */
const uploadsMs = 60_000
/** How often the storage is looked at, for the log to say what no request and no probe meets. */
const lookMs = 3_000

/** What {@link startMaintenance} takes care of. */
export interface MaintenanceDeps {
  readonly registry: Registry
  /** Looks at the storage; its events say what it finds. */
  readonly look: () => Promise<unknown>
  /** Null for never. */
  readonly collectEveryMs: number | null
  /** Whether nothing may be changed. */
  readonly readOnly: boolean
  readonly events: EventSink
}

/**
 * Does what no request asks for: ends idle uploads, and, where `collectEveryMs` says so, collects
 * garbage. Returns what ends it.
 */
export function startMaintenance(deps: MaintenanceDeps): () => Promise<void> {
  const { registry, look, collectEveryMs, readOnly, events } = deps
  const tasks = [repeat('looking at the storage', look, lookMs, events)]
  if (!readOnly) {
    tasks.push(repeat('dropping idle uploads', () => registry.expireUploads(), uploadsMs, events))
  }
  if (!readOnly && collectEveryMs !== null) {
    const collect = (): Promise<unknown> => registry.collectGarbage()
    tasks.push(repeat('collecting garbage', collect, collectEveryMs, events))
  }

  return async () => {
    await Promise.all(tasks.map((end) => end()))
  }
}

/** A turn that outlasts its interval makes the next one wait. */
function repeat(
  task: string,
  work: () => Promise<unknown>,
  everyMs: number,
  events: EventSink,
): () => Promise<void> {
  let running: Promise<void> | null = null
  const run = async (): Promise<void> => {
    try {
      await work()
    } catch (error) {
      events({ kind: 'background-failure', task, error, retried: true })
    } finally {
      running = null
    }
  }
  const timer = setInterval(() => {
    running ??= run()
  }, everyMs)
  return async () => {
    clearInterval(timer)
    await running
  }
}
