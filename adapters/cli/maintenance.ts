import type { EventSink, Registry } from '../../src/index.ts'

/** How often idle uploads are looked for. */
const uploadsMs = 60_000

/**
 * Does what no request asks for: ends idle uploads, and, where `collectEveryMs` says so, collects
 * garbage. Returns what ends it.
 */
export function startMaintenance(
  registry: Registry,
  collectEveryMs: number | null,
  events: EventSink,
): () => Promise<void> {
  const tasks = [repeat('dropping idle uploads', () => registry.expireUploads(), uploadsMs, events)]
  if (collectEveryMs !== null) {
    tasks.push(
      repeat('collecting garbage', () => registry.collectGarbage(), collectEveryMs, events),
    )
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
