import { RegistryError, type RegistryService } from '../../../src/index.ts'
import type { Entries } from '../log.ts'
import type { StoreWatch } from './store-watch.ts'

/** The same failure is told again after this long. */
const againMs = 60_000
/** Failures that are remembered as told. */
const mostTold = 100

/**
 * Looks after the stores when a request meets with one that cannot be used. A store that is away is told of
 * by the watch, once. One that answers and still refuses, such as a bucket that may be read and not be
 * written, is told of here, a minute apart.
 */
export function tellOutages(
  service: RegistryService,
  watch: StoreWatch,
  log: Entries,
): RegistryService {
  const told: Map<string, number> = new Map()

  async function note(error: unknown): Promise<void> {
    if (!(error instanceof RegistryError) || error.kind !== 'unavailable') return
    const { cause } = error
    if (cause === undefined || !(await watch.doubt())) return
    const now = performance.now()
    const text = cause instanceof Error ? `${cause.name} ${cause.message}` : String(cause)
    if (now - (told.get(text) ?? Number.NEGATIVE_INFINITY) < againMs) return
    if (told.size >= mostTold) told.clear()
    told.set(text, now)
    log.error({ err: cause }, 'a store refused what a request needs')
  }

  const methods = Object.entries(service).map(([name, method]) => [
    name,
    (...given: readonly unknown[]) => {
      const result: Promise<unknown> = Reflect.apply(method, service, given)
      // The promise itself is passed on: it may carry its value already.
      result.then(watch.worked, (error: unknown) => void note(error))
      return result
    },
  ])
  return Object.fromEntries(methods)
}
