import type { KeyStore } from '../../../src/access/index.ts'
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
  const notes: Map<string, KeyStore> = new Map()
  const end = startMaintenance(registry, maintenance, options.onNotice)
  return {
    registry,
    stores,
    note(name) {
      const there = notes.get(name)
      if (there !== undefined) return there
      const fresh = noteInMemory()
      notes.set(name, fresh)
      return fresh
    },
    kept: { fields: { storage: 'memory' }, text: 'keeping everything in memory' },
    look: async () => allPlanes('ok'),
    async close() {
      await end()
      await registry.close()
    },
  }
}

function noteInMemory(): KeyStore {
  let text: string | null = null
  return {
    read: async () => text,
    async replace(before, after) {
      if (text !== before) return false
      text = after
      return true
    },
  }
}
