import type { Fetcher } from '../../adapters/serving/fetcher.ts'
import type { RequestObserver } from '../../src/index.ts'

/** What the servers of the runtimes have in common. */
type Serve = (
  registry: Fetcher,
  options: { readonly port: number; readonly observe?: RequestObserver },
) => Promise<{ readonly url: string; close(graceMs: number): Promise<unknown> }>

/** The `serve` of the runtime that this runs on. */
export async function serverHere(): Promise<Serve> {
  if ('Bun' in globalThis) return (await import('../../adapters/bun/index.ts')).serve
  if ('Deno' in globalThis) return (await import('../../adapters/deno/index.ts')).serve
  return (await import('../../adapters/node-fs/index.ts')).serve
}
