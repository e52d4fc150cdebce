import { RegistryError } from '../../src/index.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { openRegistry } from '../disk/open-registry.ts'
import { CliError, exitCodes } from './exit.ts'
import { explainStorage } from './explain.ts'
import type { Settings } from './settings.ts'
import { expectStore, restoreMarker, startEmpty } from './start-over.ts'

/** The switches of `layerdock recover`. */
export const recoverSwitches: readonly string[] = ['start-empty', 'restore-marker']

/**
 * Looks at a store. With a switch, gets it going again in the way that switch names; nothing is
 * deleted in any.
 *
 * @returns the exit code
 * @throws CliError when there is no store, it is in use, or the way does not lead anywhere.
 */
export async function recoverCommand(
  { storageDir }: Settings,
  switches: ReadonlySet<string>,
): Promise<number> {
  // Looking opens the store, and that would make one where there is none.
  await expectStore(storageDir)
  const damage = await damageOf(storageDir)
  const chosen = recoverSwitches.filter((name) => switches.has(name))
  if (chosen.length > 1) {
    throw new CliError(exitCodes.usage, [`--${chosen.join(' and --')}: only one of them`])
  }
  if (damage === null) {
    if (chosen.length === 0) return say(exitCodes.ok, `${storageDir}: the store is whole.`)
    throw new CliError(exitCodes.problem, [
      `${storageDir}: the store is whole; nothing was changed`,
    ])
  }
  if (chosen.length === 0) return say(exitCodes.problem, explanation(damage, storageDir))
  const kept = await restart(storageDir, switches.has('start-empty'))
  const left = await damageOf(storageDir)
  if (left !== null) throw new CliError(exitCodes.problem, [`${left.message}; nothing was deleted`])
  return say(exitCodes.ok, `${storageDir}: the store opens again.`, ...kept)
}

/** Why the store cannot be opened; null when it can. */
async function damageOf(directory: string): Promise<StoreDamaged | null> {
  try {
    const registry = await openRegistry({ directory })
    await registry.close()
    return null
  } catch (error) {
    if (error instanceof StoreDamaged) return error
    throw explained(error, directory)
  }
}

async function restart(directory: string, empty: boolean): Promise<readonly string[]> {
  try {
    if (!empty) {
      await restoreMarker(directory)
      return ['store.json was written anew; names and bytes are as they were.']
    }
    const moved = await startEmpty(directory)
    return [
      'Its names are gone, its blobs are all there: what is pushed again is found in place.',
      ...moved.map((name) => `Kept: ${name}`),
    ]
  } catch (error) {
    throw explained(error, directory)
  }
}

function explained(error: unknown, directory: string): unknown {
  if (error instanceof CliError) return error
  const text = explainStorage(error, directory)
  if (text !== null) return new CliError(exitCodes.problem, [text])
  return error instanceof RegistryError ? new CliError(exitCodes.problem, [error.message]) : error
}

function explanation(damage: StoreDamaged, directory: string): string {
  return `The store cannot be opened without forgetting what clients were told is safe:

  ${damage.message}

Nothing was changed. What can be done, best first:

  Put the file back from a backup, and start again.

  layerdock recover --storage-dir ${directory} --restore-marker
    where store.json is lost or damaged and nothing else: writes it anew.

  layerdock recover --storage-dir ${directory} --start-empty
    moves the files of the names to quarantine/ and starts without names: every repository,
    tag and manifest has to be pushed again. No blob is touched.

Building the names again from the blobs is not possible yet.`
}

function say(exitCode: number, ...lines: readonly string[]): number {
  process.stdout.write(`${lines.join('\n')}\n`)
  return exitCode
}
