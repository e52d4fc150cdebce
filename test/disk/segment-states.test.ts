import { describe, expect, test } from 'vitest'
import { timesOf } from '../sample.ts'
import { isFull } from '../services/test-service.ts'
import { checkState, statesOf } from './simulation/ends.ts'
import { Ledger } from './simulation/ledger.ts'
import { Random } from './simulation/random.ts'
import { SimulatedFiles } from './simulation/simulated-files.ts'
import { afterKill } from './simulation/states.ts'

// For long, on every runtime: `npm run prove -- crashes` and `npm run prove -- power`.
const share = isFull ? 0.5 : 0.05
const perCall = { kill: share, 'power loss': share }
const seed = Number(process.env.TEST_SEED ?? 1)

describe.each([
  ['in segments', 64 * 1024],
  ['in files', -1],
])('small content %s', (_, segmentLimit) => {
  test('outlives kills and power loss at every call', async () => {
    const states = await statesOf(segmentLimit, perCall, new Random(seed), { life: seed })
    for (const state of states) await checkState(state, segmentLimit)
    expect(states.length).toBeGreaterThan(300 * share)
  })

  test('outlives many such lives, one after the other', async () => {
    const random = new Random(seed + 1)
    let files = new SimulatedFiles()
    let ledger = new Ledger()
    for (let life = 1; life <= timesOf('lives of a store', 12, 3); life += 1) {
      const options = { files, ledger, life: seed * 100 + life }
      const states = await statesOf(segmentLimit, perCall, random, options)
      const last = random.pick(states)
      await checkState({ ...last, root: afterKill(last.root) }, segmentLimit)
      files = new SimulatedFiles(last.root)
      ledger = last.ledger
      ledger.upload = null
    }
  })
})
