import { type AssembledOptions, type AssembledRegistry, assemble } from './assembled-registry.ts'
import { withApp } from './http/hono-app.ts'
import { memoryBlobs } from './memory/blob-store.ts'
import { portableHash } from './memory/portable-hash.ts'
import { memoryUploads } from './memory/upload-store.ts'
import { memoryMetadata } from './metadata/store.ts'
import { steadyClock } from './oci/steady-clock.ts'
import type { RegistryOptions, RegistryStores } from './options.ts'

/** A registry: a fetch handler and a Hono app, the service behind them, and its maintenance. */
export interface Registry extends AssembledRegistry {
  /**
   * The same routes as a Hono app, for `app.route('/', registry.app)` in an app of any hono 4 version.
   * Middleware that is added to it does not apply to {@link fetch}: put that into an app of your own,
   * around either.
   *
   * The type is `any`: the class `Hono` has private members, so TypeScript refuses the one of another
   * installed copy, and no structural type can stand for it. Annotate it where you want the type
   * (`const app: Hono = registry.app`). Where the type of your app matters (`hc<typeof app>`), write
   * `app.route('/', registry.app)` as a statement of its own and do not use what it returns.
   */
  // biome-ignore lint/suspicious/noExplicitAny: explained above
  readonly app: any
}

/**
 * Makes a registry (OCI Distribution Specification, end-1 to end-14, and `_catalog`).
 *
 * @example
 * const registry = createRegistry()
 * export default { fetch: registry.fetch }
 *
 * @throws TypeError when `prefix` or `stripped` is not a path, the public path does not begin with
 *   `stripped`, or `cors` lists something that is not an origin.
 */
export function createRegistry(options: RegistryOptions = {}): Registry {
  const { stores, hash = portableHash } = options
  if (stores !== undefined) return assembleWithApp({ ...options, stores, hash })
  const clock = options.clock ?? steadyClock()
  const own = memoryStores({ clock })
  return assembleWithApp({ ...options, stores: own, hash, clock }, () => closeStores(own))
}

function assembleWithApp(options: AssembledOptions, close?: () => Promise<void>): Registry {
  const { registry, routes } = assemble(options, close)
  return withApp(registry, routes)
}

/** Closes all three stores, also where one of them fails; then throws the first failure. */
export async function closeStores({ metadata, uploads, blobs }: RegistryStores): Promise<void> {
  const results: PromiseSettledResult<void>[] = []
  for (const store of [uploads, metadata, blobs]) {
    results.push(...(await Promise.allSettled([store.close()])))
  }
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Stores that forget everything when the process ends. */
export function memoryStores(options: { readonly clock?: () => number } = {}): RegistryStores {
  const clock = options.clock ?? steadyClock()
  return {
    blobs: memoryBlobs({ clock }),
    uploads: memoryUploads({ clock }),
    metadata: memoryMetadata({ clock, elapsed: clock }),
  }
}
