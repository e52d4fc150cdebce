import type { RegistryOptions } from '../../src/options.ts'
import { createRegistry, type Registry } from '../../src/registry.ts'

/** A registry over one kind of store; every call of `make` gives a fresh, empty one. */
export interface RegistryKind {
  readonly name: string
  make(options?: RegistryOptions): Promise<MadeRegistry>
}

/** A registry made for one test, to be ended after it. */
export interface MadeRegistry {
  readonly registry: Registry
  end(): Promise<void>
}

/** What every case of HTTP is run on. */
export const registries: readonly RegistryKind[] = [
  {
    name: 'memory',
    async make(options = {}) {
      const registry = createRegistry(options)
      return { registry, end: () => registry.close() }
    },
  },
]
