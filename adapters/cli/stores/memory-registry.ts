import { createRegistry } from '../../../src/index.ts'
import { memoryStores, startMaintenance, steadyClock } from '../../../src/kit.ts'
import { nodeHash } from '../../disk/node-hash.ts'
import { allPlanes } from '../health.ts'
import type { Opened, OpenParts } from '../open-registry.ts'

/** A registry that forgets everything at the end. */
export function openMemory({ options, maintenance }: OpenParts): Opened {
  const clock = steadyClock()
  const stores = memoryStores({ clock })
  const registry = createRegistry({ ...options, hash: nodeHash, clock, stores })
  const end = startMaintenance(registry, maintenance, options.onNotice)
  return {
    registry,
    stores,
    kept: { fields: { storage: 'memory' }, text: 'keeping everything in memory' },
    look: async () => allPlanes('ok'),
    async close() {
      await end()
      await registry.close()
    },
  }
}
