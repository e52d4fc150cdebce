import type { Files } from '../../adapters/disk/files.ts'
import { crashAtEvery } from '../disk/crash-points.ts'
import { checkState, statesOf } from '../disk/simulation/ends.ts'
import { Random } from '../disk/simulation/random.ts'
import { simulatedRoot } from '../disk/simulation/simulated-files.ts'
import { carelessFiles } from './careless-files.ts'
import type { Proof } from './proof.ts'

/** A process that dies before each of its calls of the file system, in turn. */
export const crashes: Proof = {
  says: 'what was acknowledged outlives the process, at whichever call of the file system it dies',
  where: 'inside',
  unit: 'simulated lives of a registry, beside every call of a store on the real disk',
  lengths: { short: 1, full: 20 },
  breaks: ['late-writes'],
  async run({ seed, length, broken }) {
    const through = (files: Files): Files =>
      broken === null
        ? files
        : carelessFiles(files, simulatedRoot, { lateWrites: /^journal\.\d+$/ })
    const violations: string[] = []
    const placements = [64 * 1024, -1]
    let points = 0
    for (let life = 0; life < length; life += 1) {
      for (const segmentLimit of placements) {
        const perCall = { kill: 1, 'power loss': 0 }
        const options = { life: seed * 1000 + life, through }
        for (const state of await statesOf(segmentLimit, perCall, new Random(seed), options)) {
          points += 1
          await checkState(state, segmentLimit).catch((error: Error) => {
            violations.push(`life ${life}, ${error.message}`)
          })
          if (broken !== null && violations.length > 0) break
        }
      }
    }
    for (const segmentLimit of broken === null ? placements : []) {
      for (const tornWrites of [false, true]) {
        const step = length >= 10 ? 1 : 16
        const report = await crashAtEvery({ segmentLimit, tornWrites, step })
        points += report.points
        violations.push(...report.violations)
      }
    }
    return { text: `${points} crash points`, violations }
  },
}
