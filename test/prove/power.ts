import type { Files } from '../../adapters/disk/files.ts'
import { checkState, statesOf } from '../disk/simulation/ends.ts'
import { Random } from '../disk/simulation/random.ts'
import { simulatedRoot } from '../disk/simulation/simulated-files.ts'
import { carelessFiles } from './careless-files.ts'
import { forgotten } from './forgotten-syncs.ts'
import type { Proof } from './proof.ts'

/** States that power loss may leave: what was not synced is dropped, torn and reordered. */
export const power: Proof = {
  says: 'what was acknowledged outlives power loss, whatever of what was not synced is there',
  where: 'inside',
  unit: 'states',
  lengths: { short: 600, full: 10_000 },
  breaks: Object.keys(forgotten),
  async run({ seed, length, broken }) {
    const careless = broken === null ? undefined : forgotten[broken]
    const through = (files: Files): Files =>
      careless === undefined ? files : carelessFiles(files, simulatedRoot, careless)
    const violations: string[] = []
    const random = new Random(seed)
    // Short runs see every kind of call, too.
    const perCall = { kill: 0, 'power loss': Math.min(8, length / 800) }
    let states = 0
    for (let life = 0; states < length; life += 1) {
      const segmentLimit = life % 2 === 0 ? 64 * 1024 : -1
      const options = { life: seed * 1000 + life, through }
      for (const state of await statesOf(segmentLimit, perCall, random, options)) {
        states += 1
        await checkState(state, segmentLimit).catch((error: Error) => {
          violations.push(`life ${life}, ${error.message}`)
        })
        if (broken !== null && violations.length > 0) break
      }
      if (broken !== null && violations.length > 0) break
    }
    return { text: `${states} states after power loss`, violations }
  },
}
