import { assembleRegistry, type Registry } from './assembled-registry.ts'
import { memoryBlobs } from './memory/blob-store.ts'
import { portableHash } from './memory/portable-hash.ts'
import { memoryUploads } from './memory/upload-store.ts'
import { memoryMetadata } from './metadata/store.ts'
import { steadyClock } from './oci/steady-clock.ts'
import type { RegistryOptions, RegistryStores } from './options.ts'

export type { Registry } from './assembled-registry.ts'

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
  if (stores !== undefined) return assembleRegistry({ ...options, stores, hash })
  const clock = options.clock ?? steadyClock()
  const own = memoryStores({ clock })
  return assembleRegistry({ ...options, stores: own, hash, clock }, () => closeStores(own))
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
