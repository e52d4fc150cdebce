import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { Ledger } from './simulation/ledger.ts'
import { check, live } from './simulation/lives.ts'
import type { FolderNode } from './simulation/nodes.ts'
import { Random } from './simulation/random.ts'
import { SimulatedFiles } from './simulation/simulated-files.ts'
import type { SimulatedOptions } from './simulation/simulated-registry.ts'
import { afterKill, afterPowerLoss } from './simulation/states.ts'

/** States looked at for each call of a life: `LAYERDOCK_STATES=25 npx vitest run <this file>` for long. */
const perCall = Number(process.env.LAYERDOCK_STATES ?? 0.5)
const seed = Number(process.env.TEST_SEED ?? 1)
const leaseMs = 1000
/** Only a bound for what never ends, in milliseconds. */
const longest = 3_600_000

type Cause = 'kill' | 'power loss'

/** A state of the disk, with what was acknowledged by then. */
interface State {
  readonly at: string
  readonly cause: Cause
  readonly root: FolderNode
  readonly ledger: Ledger
}

function optionsFor(segmentLimit: number, boot: string): SimulatedOptions {
  // Ahead of the machine's time, which then decides what a sweep takes.
  return { clock: fakeClock(Date.now() + 1e9), segmentLimit, boot, leaseMs }
}

/** Half of a call may be a whole state, by chance. */
function countOf(share: number, random: Random): number {
  return Math.floor(share) + (random.chance(share % 1) ? 1 : 0)
}

/** Lives, and hands over states that an end of the process or of the power at any call may leave. */
async function* statesOf(
  segmentLimit: number,
  random: Random,
  files: SimulatedFiles = new SimulatedFiles(),
  ledger: Ledger = new Ledger(),
  life: number = seed,
): AsyncGenerator<State> {
  const states: State[] = []
  files.judge = ({ operation, path }) => {
    // Nothing changes between calls that only look.
    if (/stat|read|list/.test(operation)) return null
    const at = `call ${files.calls}: ${operation} ${path}`
    const copy = ledger.copy()
    const add = (cause: Cause, root: FolderNode): void =>
      void states.push({ at, cause, root, ledger: copy })
    for (let left = countOf(Math.min(perCall, 1), random); left > 0; left -= 1) {
      add('kill', afterKill(files.root))
    }
    for (let left = countOf(perCall, random); left > 0; left -= 1) {
      add('power loss', afterPowerLoss(files.root, random))
    }
    return null
  }
  await live(files, optionsFor(segmentLimit, 'boot'), ledger, life)
  yield* states
}

async function checkState({ at, cause, root, ledger }: State, segmentLimit: number): Promise<void> {
  const options = optionsFor(segmentLimit, cause === 'kill' ? 'boot' : 'another boot')
  await check(new SimulatedFiles(root), options, ledger, cause).catch((error: Error) => {
    throw new Error(`${cause} at ${at}: ${error.message}`, { cause: error })
  })
}

describe.each([
  ['in segments', 64 * 1024],
  ['in files', -1],
])('small content %s', (_, segmentLimit) => {
  test(
    'outlives kills and power loss at every call',
    async () => {
      let states = 0
      for await (const state of statesOf(segmentLimit, new Random(seed))) {
        await checkState(state, segmentLimit)
        states += 1
      }
      if (perCall > 1) process.stdout.write(`${states} states\n`)
      expect(states).toBeGreaterThan(150)
    },
    longest,
  )

  test('outlives many such lives, one after the other', async () => {
    const random = new Random(seed + 1)
    let files = new SimulatedFiles()
    let ledger = new Ledger()
    for (let life = 1; life <= 12; life += 1) {
      const states: State[] = []
      for await (const state of statesOf(segmentLimit, random, files, ledger, seed * 100 + life)) {
        states.push(state)
      }
      const last = random.pick(states)
      await checkState({ ...last, root: afterKill(last.root) }, segmentLimit)
      files = new SimulatedFiles(last.root)
      ledger = last.ledger
      ledger.upload = null
    }
  })
})
