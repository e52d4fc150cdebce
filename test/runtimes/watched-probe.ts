import { openRegistry } from '../../adapters/disk/open-registry.ts'
import type { Fetcher } from '../../adapters/serving/fetcher.ts'
import { createRegistry, type RegistryEvent, type RequestReport } from '../../src/index.ts'
import { probe } from './probe.ts'

/** A probe, and the observer that its server is to have. */
export interface WatchedProbe {
  readonly fetcher: Fetcher
  readonly observe: (report: RequestReport) => void
}

/**
 * A probe that answers `/reports` with what its server's observer and its registry's own were told,
 * and with the registry's events.
 *
 * @param directory where the registry is; default: in memory
 */
export async function watchedProbe(directory?: string): Promise<WatchedProbe> {
  const server: RequestReport[] = []
  const own: RequestReport[] = []
  const events: RegistryEvent[] = []
  const observe = (report: RequestReport): void => void own.push(report)
  const onEvent = (event: RegistryEvent): void => void events.push(event)
  const registry =
    directory === undefined
      ? createRegistry({ observe, onEvent })
      : await openRegistry({ directory, observe, onEvent })
  const inside = probe(registry)
  const fetcher: Fetcher = {
    ...inside,
    fetch: (request) =>
      new URL(request.url).pathname === '/reports'
        ? Response.json({ server, own, events })
        : inside.fetch(request),
  }
  return { fetcher, observe: (report) => void server.push(report) }
}
