import { expect, test } from 'vitest'
import { sampleOf, timesOf } from '../sample.ts'
import type { Figure } from './proof.ts'
import { proofs } from './proofs.ts'

/** Proves in this process. Proofs that start servers are in `.ci/run`. */
function prove(name: string, length: number, broken: string | null = null): Promise<Figure> {
  const proof = proofs[name]
  if (proof === undefined) throw new Error(`there is no proof ${name}`)
  return proof.run({ runtime: 'node', seed: 1, length, broken })
}

// What is whole is proved under other names for kills and power loss: test/disk/crash.test.ts, segment-states.test.ts.
test.each([
  ['damage', timesOf('tries of proofs', 200, 20)],
  ['disk-errors', timesOf('tries of proofs', 40, 5)],
  ['races', timesOf('tries of proofs', 500, 80)],
])('%s: nothing is wrong with a registry as it is', async (name, length) => {
  expect((await prove(name, length)).violations).toEqual([])
})

/** Each with what is broken, which it finds. */
const broken = [
  ['power', 100, 'no-journal-sync'],
  ['power', 100, 'no-segment-sync'],
  ['power', 100, 'no-upload-sync'],
  ['power', 100, 'no-blob-folder-sync'],
  ['power', 100, 'no-segment-folder-sync'],
  ['power', 100, 'no-folder-sync'],
  ['crashes', 1, 'late-writes'],
  ['damage', 100, 'no-seal'],
  ['disk-errors', 24, 'blind-writes'],
  ['races', 500, 'no-leases'],
] as const

test.each(sampleOf('proofs that can fail', broken, 6))(
  '%s: of %i, some are wrong with %s',
  async (name, length, broken) => {
    expect((await prove(name, length, broken)).violations).not.toEqual([])
  },
)

test('every proof can fail', () => {
  for (const { breaks } of Object.values(proofs)) expect(breaks).not.toEqual([])
})
