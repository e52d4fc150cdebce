import { createRegistry } from '../../../src/index.ts'
import { startMaintenance } from '../../../src/kit.ts'
import { nodeHash } from '../../disk/node-hash.ts'
import { allPlanes } from '../health.ts'
import type { Opened, OpenParts } from '../open-registry.ts'

/** A registry that forgets everything at the end. */
export function openMemory({ options, maintenance }: OpenParts): Opened {
  const registry = createRegistry({ ...options, hash: nodeHash })
  const end = startMaintenance(registry, maintenance, options.onNotice)
  return {
    registry,
    kept: { fields: { storage: 'memory' }, text: 'keeping everything in memory' },
    look: async () => allPlanes('ok'),
    async close() {
      await end()
      await registry.close()
    },
  }
}
