import { describe, expect, test } from 'vitest'
import type { MetadataLog } from '../../src/kit.ts'
import { metadataLogContract } from '../../src/testing/index.ts'
import { emptyDisk, MemoryLog } from '../metadata/memory-log.ts'
import { brokenCase, but } from './breaking.ts'

const broken: Record<string, (log: MetadataLog) => MetadataLog> = {
  'forgets appends': (log) => but(log, () => ({ append: async () => {} })),
  'does not cut what is beyond the choice': (log) =>
    but(log, (inner) => ({
      adopt: (choice) => inner.adopt({ ...choice, journalBytes: 1e9 }),
    })),
  'does not put damaged files aside': (log) =>
    but(log, (inner) => ({ adopt: (choice) => inner.adopt({ ...choice, damaged: [] }) })),
  'rotates without a new generation': (log) => {
    let generation = 0
    return but(log, () => ({
      async rotate() {
        generation += 1
        return generation
      },
    }))
  },
  'keeps no snapshot before the newest': (log) =>
    but(log, (inner) => ({
      async load() {
        const found = await inner.load()
        return { ...found, snapshots: found.snapshots.slice(0, 1) }
      },
    })),
  'lists snapshots oldest first': (log) =>
    but(log, (inner) => ({
      async load() {
        const found = await inner.load()
        return { ...found, snapshots: [...found.snapshots].reverse() }
      },
    })),
  'lists journals newest first': (log) =>
    but(log, (inner) => ({
      async load() {
        const found = await inner.load()
        return { ...found, journals: [...found.journals].reverse() }
      },
    })),
  'sets no seals': (log) => but(log, () => ({ seal: async () => {} })),
  'keeps no seals': (log) =>
    but(log, (inner) => ({ load: async () => ({ ...(await inner.load()), seal: null }) })),
  'seals what was never appended': (log) =>
    but(log, (inner) => ({
      async load() {
        const found = await inner.load()
        return { ...found, seal: found.seal && { ...found.seal, bytes: found.seal.bytes + 1 } }
      },
    })),
  'has the seal of the journal before': (log) =>
    but(log, (inner) => ({
      async load() {
        const found = await inner.load()
        const { seal } = found
        return { ...found, seal: seal && { ...seal, generation: Math.max(0, seal.generation - 1) } }
      },
    })),
  'takes the beginning of a snapshot for the whole': (log) =>
    but(log, (inner) => ({
      replace: (generation, rows) =>
        inner.replace(
          generation,
          (async function* () {
            try {
              yield* rows
            } catch {
              // Ends as if it were whole.
            }
          })(),
        ),
    })),
}

describe('the contract notices a metadata log that', () => {
  test.each(Object.entries(broken))('%s', async (_, breaking) => {
    const make = () => {
      const disk = emptyDisk()
      return { open: () => breaking(new MemoryLog(disk)) }
    }
    expect(await brokenCase(metadataLogContract, make)).not.toBeNull()
  })
})
