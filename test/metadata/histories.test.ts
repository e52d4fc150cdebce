import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryMetadata, openMetadata } from '../../src/metadata/store.ts'
import type { MetadataStore } from '../../src/ports/metadata-store.ts'
import { copyOf, type Disk, emptyDisk, MemoryLog } from './memory-log.ts'
import { Model, observe } from './model.ts'
import { type Operation, operation } from './operations.ts'

const histories = fc.array(fc.array(operation, { minLength: 1, maxLength: 6 }), { maxLength: 12 })
const now = 1003
const leaseMs = 3

function open(disk: Disk): ReturnType<typeof openMetadata> {
  return openMetadata({ log: new MemoryLog(disk, {}, 997), leaseMs, clock: () => now })
}

/** Calls at once, whose answers have to be those of one after the other. */
async function runTogether(
  store: MetadataStore,
  model: Model,
  group: readonly Operation[],
): Promise<void> {
  const answers = await Promise.all(group.map((each) => each.onStore(store)))
  expect(answers).toEqual(group.map((each) => each.onModel(model)))
}

test('random histories in memory answer as the model does', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (groups) => {
      const store = memoryMetadata()
      const model = new Model()
      for (const group of groups) {
        await runTogether(store, model, group)
        expect(await observe(store)).toEqual(model.view())
      }
    }),
    { numRuns: 150 },
  )
})

test('random histories over a log answer as the model does, over crashes, closes and compactions', async () => {
  const step = fc.constantFrom('go on', 'go on', 'crash', 'close', 'compact')
  const steps = fc.array(fc.tuple(fc.array(operation, { minLength: 1, maxLength: 6 }), step), {
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      let disk = emptyDisk()
      let store = await open(disk)
      const model = new Model()
      for (const [group, then] of history) {
        await runTogether(store, model, group)
        if (then === 'compact') await store.compact()
        if (then === 'crash' || then === 'close') {
          if (then === 'close') await store.close()
          disk = copyOf(disk)
          store = await open(disk)
          model.restart(now + leaseMs)
        }
        expect(await observe(store)).toEqual(model.view())
      }
      await store.close()
    }),
    { numRuns: 150 },
  )
})

test('a crash at any byte of the journal leaves a state between two changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (history) => {
      const disk = emptyDisk()
      const store = await open(disk)
      const model = new Model()
      const views = [{ bytes: 0, view: model.view() }]
      for (const each of history) {
        await each.onStore(store)
        each.onModel(model)
        views.push({ bytes: disk.journals.get(0)?.length ?? 0, view: model.view() })
      }
      const journal = disk.journals.get(0) ?? new Uint8Array(0)
      const step = Math.max(1, Math.floor(journal.length / 60))
      for (let length = 0; length <= journal.length; length += step) {
        const cut: Disk = {
          snapshots: new Map(),
          journals: new Map([[0, journal.slice(0, length)]]),
        }
        const reopened = await open(cut)
        const last = views.findLast(({ bytes }) => bytes <= length)
        expect(await observe(reopened)).toEqual(last?.view)
      }
      await store.close()
    }),
    { numRuns: 20 },
  )
})
