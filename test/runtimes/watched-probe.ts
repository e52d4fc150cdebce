import { openRegistry } from '../../adapters/disk/open-registry.ts'
import type { Fetcher } from '../../adapters/serving/fetcher.ts'
import { createRegistry, type RequestReport } from '../../src/index.ts'
import { probe } from './probe.ts'

/** A probe, and the observer that its server is to have. */
export interface WatchedProbe {
  readonly fetcher: Fetcher
  readonly observe: (report: RequestReport) => void
}

/**
 * A probe that answers `/reports` with what its server's observer and its registry's own were told.
 *
 * @param directory where the registry is; default: in memory
 */
export async function watchedProbe(directory?: string): Promise<WatchedProbe> {
  const server: RequestReport[] = []
  const own: RequestReport[] = []
  const observe = (report: RequestReport): void => void own.push(report)
  const registry =
    directory === undefined
      ? createRegistry({ observe })
      : await openRegistry({ directory, observe })
  const inside = probe(registry)
  const fetcher: Fetcher = {
    ...inside,
    fetch: (request) =>
      new URL(request.url).pathname === '/reports'
        ? Response.json({ server, own })
        : inside.fetch(request),
  }
  return { fetcher, observe: (report) => void server.push(report) }
}
