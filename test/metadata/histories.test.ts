import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryMetadata, openMetadata } from '../../src/metadata/store.ts'
import type { MetadataStore } from '../../src/ports/metadata-store.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { runs } from '../sample.ts'
import { copyOf, type Disk, diskOf, emptyDisk, MemoryLog } from './memory-log.ts'
import { Model } from './model.ts'
import { observe } from './observation.ts'
import { answerOf, answerOfModel, type Operation, operation } from './operations.ts'

const leaseMs = 20_000
const group = fc.array(operation, { minLength: 1, maxLength: 6 })
const pause = fc.constantFrom(0, 1, 5000, 30_000)

function open(disk: Disk, clock: FakeClock): ReturnType<typeof openMetadata> {
  const log = new MemoryLog(disk, {}, 997)
  return openMetadata({ log, leaseMs, clock: clock.now, elapsed: clock.now })
}

/** Lets time pass for the store and the model. */
function pass(ms: number, clock: FakeClock, model: Model): void {
  clock.advance(ms)
  model.now += ms
}

/** Calls at once, whose answers have to be those of one after the other. */
async function runTogether(
  store: MetadataStore,
  model: Model,
  group: readonly Operation[],
): Promise<void> {
  const alone = group.findIndex(({ outOfTurn }) => outOfTurn)
  if (alone !== -1 && group.length > 1) {
    await runTogether(store, model, group.slice(0, alone))
    await runTogether(store, model, group.slice(alone, alone + 1))
    await runTogether(store, model, group.slice(alone + 1))
    return
  }
  const answers = await Promise.all(group.map((each) => answerOf(each, store)))
  expect(answers).toEqual(group.map((each) => answerOfModel(each, model)))
}

test('random histories in memory answer as the model does', async () => {
  const steps = fc.array(fc.tuple(group, pause), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const clock = fakeClock()
      const store = memoryMetadata({ leaseMs, clock: clock.now, elapsed: clock.now })
      const model = new Model(clock.now, leaseMs)
      for (const [group, ms] of history) {
        await runTogether(store, model, group)
        expect(await observe(store)).toEqual(model.view())
        pass(ms, clock, model)
      }
    }),
    { numRuns: runs(150) },
  )
})

test('random histories over a log answer as the model does, over crashes, closes and compactions', async () => {
  const then = fc.constantFrom('go on', 'go on', 'crash', 'close', 'compact')
  const steps = fc.array(fc.tuple(group, pause, then), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const clock = fakeClock()
      let disk = emptyDisk()
      let store = await open(disk, clock)
      const model = new Model(clock.now, leaseMs)
      for (const [group, ms, then] of history) {
        await runTogether(store, model, group)
        if (then === 'compact') await store.compact()
        pass(ms, clock, model)
        if (then === 'crash' || then === 'close') {
          if (then === 'close') await store.close()
          disk = copyOf(disk)
          model.outbox.restart()
          store = await open(disk, clock)
          const { openMs } = store.status()
          // What was open and not noted is lost by a crash: leases are the longer for it.
          if (then === 'close') expect(openMs).toBeGreaterThan(model.now - 1000)
          expect(openMs).toBeLessThanOrEqual(model.now)
          model.now = openMs
        }
        expect(await observe(store)).toEqual(model.view())
      }
      await store.close()
    }),
    { numRuns: runs(150) },
  )
})

test('a crash at any byte of the journal leaves a state between two changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (history) => {
      const clock = fakeClock()
      const disk = emptyDisk()
      const store = await open(disk, clock)
      const model = new Model(clock.now, leaseMs)
      const views = [{ bytes: 0, view: model.view() }]
      for (const each of history) {
        await answerOf(each, store)
        answerOfModel(each, model)
        views.push({ bytes: disk.journals.get(0)?.length ?? 0, view: model.view() })
      }
      const journal = disk.journals.get(0) ?? new Uint8Array(0)
      const step = Math.max(1, Math.floor(journal.length / 60))
      for (let length = 0; length <= journal.length; length += step) {
        const reopened = await open(diskOf([], [[0, journal.slice(0, length)]]), clock)
        const last = views.findLast(({ bytes }) => bytes <= length)
        expect(await observe(reopened)).toEqual(last?.view)
      }
      await store.close()
    }),
    { numRuns: runs(20) },
  )
})
