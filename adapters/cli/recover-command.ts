import { resolve } from 'node:path'
import { type Notice, RegistryError } from '../../src/index.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { CopyIncomplete } from '../disk/copied-folder.ts'
import { openRegistry } from '../disk/open-registry.ts'
import { recoverFlags } from './command-line.ts'
import { CliError, exitCodes } from './exit.ts'
import { explainStorage } from './explain.ts'
import { expectOwnFolder } from './folder-owner.ts'
import type { Settings } from './settings.ts'
import { acceptCopy, dropSeal, expectStore, restoreMarker, startEmpty } from './start-over.ts'

/**
 * Opens a store and prints what was found and repaired. With a switch, repairs a store that does not
 * open, in the way the switch names. Never deletes anything.
 *
 * @returns the exit code
 * @throws CliError when there is no store, it is in use, or the switch does not help.
 */
export async function recoverCommand(
  { storageDir }: Settings,
  switches: ReadonlySet<string>,
): Promise<number> {
  const chosen = recoverFlags.switches.filter((name) => switches.has(name))
  if (chosen.length > 1) {
    throw new CliError(exitCodes.usage, [`--${chosen.join(' and --')}: only one of them`])
  }
  try {
    return await recover(storageDir, chosen[0] ?? null)
  } catch (error) {
    throw explained(error, storageDir)
  }
}

async function recover(directory: string, way: string | null): Promise<number> {
  // Looking opens the store, and that would make one where there is none.
  await expectStore(directory)
  await expectOwnFolder(directory)
  const found = await look(directory)
  if (found.damage === null) {
    const text =
      found.repaired.length === 0
        ? `${directory}: the store is whole; its blobs were not read`
        : `${directory}: the store was damaged, lost nothing by it, and is whole again`
    if (way === null) return say(exitCodes.ok, `${text}.`, ...found.repaired)
    const needless = `${text}; --${way} was not needed, and nothing was changed by it`
    throw new CliError(exitCodes.problem, [needless, ...found.repaired])
  }
  if (way === null) return say(exitCodes.problem, explanation(found.damage, directory))
  const { kept, takeBack } = await repair(directory, way)
  const { damage, repaired } = await look(directory)
  if (damage !== null) {
    await takeBack?.()
    throw new CliError(exitCodes.problem, [`${damage.message}; nothing was deleted`])
  }
  return say(exitCodes.ok, `${directory}: the store opens again.`, ...kept, ...repaired)
}

/** What opening a store says of it. */
interface Found {
  /** Why it does not open; null when it does. */
  readonly damage: StoreDamaged | null
  /** What was put right in opening it, a line each. */
  readonly repaired: readonly string[]
}

async function look(directory: string): Promise<Found> {
  const repaired: string[] = []
  try {
    const registry = await openRegistry({ directory, onNotice: linesInto(repaired) })
    await registry.close()
    return { damage: null, repaired }
  } catch (error) {
    if (error instanceof StoreDamaged) return { damage: error, repaired }
    throw error
  }
}

/** Notes in lines what was put right. */
function linesInto(lines: string[]): (notice: Notice) => void {
  return (notice) => {
    if (notice.kind === 'store-recovered') lines.push(`${notice.file}: ${notice.detail}`)
    if (notice.kind === 'background-failure') lines.push(`${notice.task} failed: ${notice.error}`)
  }
}

/** What was done to a store. */
interface Repair {
  /** A line each. */
  readonly kept: readonly string[]
  /** Undoes it, where it did not help. */
  takeBack?(): Promise<void>
}

async function repair(directory: string, way: string): Promise<Repair> {
  if (way === 'restore-marker') {
    await restoreMarker(directory)
    return { kept: ['store.json was written again; names and bytes are as they were.'] }
  }
  const repaired: string[] = []
  const onNotice = linesInto(repaired)
  if (way === 'accept-copy') {
    return { kept: [...lackingText(await acceptCopy(directory, onNotice)), ...repaired] }
  }
  if (way === 'accept-loss') {
    const { place, putBack } = await dropSeal(directory)
    try {
      const text = 'What was lost of the journal is forgotten; everything before it is there.'
      const lacking = lackingText(await acceptCopy(directory, onNotice))
      return { kept: [text, ...lacking, `Kept: ${place}`, ...repaired], takeBack: putBack }
    } catch (error) {
      await putBack()
      throw error
    }
  }
  const moved = await startEmpty(directory)
  return {
    kept: [
      'Its names are gone, its blobs are all there: what is pushed again is found in place.',
      ...moved.map((name) => `Kept: ${name}`),
    ],
  }
}

function lackingText(lacking: number): readonly string[] {
  if (lacking === 0) return []
  const what = lacking === 1 ? '1 blob or manifest has' : `${lacking} blobs and manifests have`
  return [`${what} no bytes: clients are told so, and a push heals them.`]
}

function explained(error: unknown, directory: string): unknown {
  if (error instanceof CliError) return error
  const text = explainStorage(error, directory)
  if (text !== null) return new CliError(exitCodes.problem, [text])
  return error instanceof RegistryError ? new CliError(exitCodes.problem, [error.message]) : error
}

function explanation(damage: StoreDamaged, directory: string): string {
  if (damage instanceof CopyIncomplete && damage.file === resolve(directory)) {
    return copyExplanation(damage, directory)
  }
  return `The store cannot be opened without losing changes that clients were told are stored:

  ${damage.message}

Nothing was changed. What can be done, best first:

  Put the file back from a backup, and start again.

  npx layerdock recover --storage-dir ${directory} --restore-marker
    if only store.json is lost or damaged: writes it again.

  npx layerdock recover --storage-dir ${directory} --accept-loss
    if the end of the newest journal was cut off: continues with what is whole. The last changes
    that clients were told are stored are lost.

  npx layerdock recover --storage-dir ${directory} --start-empty
    moves the files of the names to quarantine/ and starts without names: every repository,
    tag and manifest has to be pushed again. No blob is touched.

Building the names again from the blobs is not possible yet.`
}

function copyExplanation(damage: CopyIncomplete, directory: string): string {
  return `The store cannot be opened as whole:

  ${damage.message}

Nothing was changed. What can be done, best first:

  Copy the folder again once that server is stopped, or restore a backup: layerdock backup makes
  one while the server runs.

  npx layerdock recover --storage-dir ${directory} --accept-copy
    opens what there is. Clients are told that the rest is missing, and a push heals it.`
}

function say(exitCode: number, ...lines: readonly string[]): number {
  process.stdout.write(`${lines.join('\n')}\n`)
  return exitCode
}
