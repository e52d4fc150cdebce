import type { Files } from '../../../adapters/disk/files.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { Ledger } from './ledger.ts'
import { check, live } from './lives.ts'
import type { FolderNode } from './nodes.ts'
import type { Random } from './random.ts'
import { SimulatedFiles } from './simulated-files.ts'
import type { SimulatedOptions } from './simulated-registry.ts'
import { afterKill, afterPowerLoss } from './states.ts'

/** What ends a life. */
export type Cause = 'kill' | 'power loss'

/** A state of the disk, with what was acknowledged by then. */
export interface State {
  readonly at: string
  readonly cause: Cause
  readonly root: FolderNode
  readonly ledger: Ledger
}

/** How many states each call that changes something gives; half of one is one by chance. */
export type StatesPerCall = Readonly<Record<Cause, number>>

/** What {@link statesOf} goes on from, where that is not an empty folder, and how it lives. */
export interface LifeOptions {
  readonly files?: SimulatedFiles
  readonly ledger?: Ledger
  /** What is pushed follows from it. Default: 1. */
  readonly life?: number
  /** The store's own view of the files, where that is not all of it. */
  readonly through?: (files: Files) => Files
}

function optionsFor(segmentLimit: number, boot: string): SimulatedOptions {
  // Ahead of the machine's time, which then decides what a sweep takes.
  return { clock: fakeClock(Date.now() + 1e9), segmentLimit, boot, leaseMs: 1000 }
}

function countOf(share: number, random: Random): number {
  return Math.floor(share) + (random.chance(share % 1) ? 1 : 0)
}

/** Lives, and returns states that an end of the process or of the power at any call may leave. */
export async function statesOf(
  segmentLimit: number,
  perCall: StatesPerCall,
  random: Random,
  options: LifeOptions = {},
): Promise<State[]> {
  const { files = new SimulatedFiles(), ledger = new Ledger(), life = 1 } = options
  const { through = (all) => all } = options
  const states: State[] = []
  files.judge = ({ operation, path }) => {
    // Nothing changes between calls that only look.
    if (/stat|read|list/.test(operation)) return null
    const at = `call ${files.calls}: ${operation} ${path}`
    const copy = ledger.copy()
    const add = (cause: Cause, root: FolderNode): void =>
      void states.push({ at, cause, root, ledger: copy })
    for (let left = countOf(perCall.kill, random); left > 0; left -= 1) {
      add('kill', afterKill(files.root))
    }
    for (let left = countOf(perCall['power loss'], random); left > 0; left -= 1) {
      add('power loss', afterPowerLoss(files.root, random))
    }
    return null
  }
  await live(through(files), optionsFor(segmentLimit, 'boot'), ledger, life)
  return states
}

/** Has the next process look at a state. @throws Error that says which state it was and what is wrong */
export async function checkState(
  { at, cause, root, ledger }: State,
  segmentLimit: number,
): Promise<void> {
  const options = optionsFor(segmentLimit, cause === 'kill' ? 'boot' : 'another boot')
  await check(new SimulatedFiles(root), options, ledger, cause).catch((error: Error) => {
    throw new Error(`${cause} at ${at}: ${error.message}`, { cause: error })
  })
}
