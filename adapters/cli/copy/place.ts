import { resolve } from 'node:path'
import type { NoticeSink } from '../../../src/index.ts'
import { type CopiedStores, memoryStores } from '../../../src/kit.ts'
import { StoreInUse } from '../../disk/lock.ts'
import { type DiskStoresOptions, openDiskStores } from '../../disk/open-stores.ts'
import { UnfitFolder } from '../../disk/store-folder.ts'
import { CliError, exitCodes } from '../exit.ts'
import { explainStorage } from '../explain.ts'
import { plain } from '../plain-text.ts'
import { expectStore, isStore } from '../start-over.ts'
import type { Words } from '../words.ts'

/** A registry that is copied from or to. */
export type Side = 'from' | 'to'

/** Where a registry's names and bytes are, as the command line says. */
export interface Place {
  readonly side: Side
  readonly directory: string
}

/** The flags of one side, with the names of their values. */
export function placeFlags(side: Side): Readonly<Record<string, string>> {
  return { [side]: 'DIR' }
}

/** Parses the flags of one side. Pushes what is wrong with them, a sentence each. */
export function placeOf({ values }: Words, side: Side, problems: string[]): Place {
  const directory = values.get(side)?.at(-1)
  if (directory === undefined || directory === '') {
    const whose = side === 'from' ? 'what is to be copied' : 'where to'
    problems.push(`${whose}? --${side} DIR`)
  } else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(directory) || directory === 'postgres+s3') {
    problems.push(`--${side} ${plain(directory, 100)}: is not a folder`)
  }
  return { side, directory: directory ?? '' }
}

/** What a place is called in messages: without secrets. */
export function placeName({ directory }: Place): string {
  return plain(directory, 200)
}

/** Whether two places would be the same. */
export function isSamePlace(one: Place, other: Place): boolean {
  return resolve(one.directory) === resolve(other.directory)
}

/** Stores that are open. */
export interface OpenPlace {
  readonly stores: CopiedStores
  close(): Promise<void>
}

/**
 * Opens a place.
 *
 * @param mode `look` is `read`, and stands for empty stores where there is no store yet
 * @throws CliError when it cannot be opened, and what to do.
 */
export async function openPlace(
  place: Place,
  mode: DiskStoresOptions['mode'] | 'look',
  onNotice: NoticeSink,
): Promise<OpenPlace> {
  const { directory, side } = place
  if (mode === 'look' && !(await isStore(directory))) {
    return { stores: memoryStores(), close: async () => {} }
  }
  if (side === 'from') await expectStore(directory)
  try {
    const how = mode === 'look' ? 'read' : mode
    const stores = await openDiskStores({ directory, mode: how, onNotice })
    return { stores, close: () => stores.close() }
  } catch (error) {
    throw explained(error, place, mode)
  }
}

function explained(error: unknown, { directory, side }: Place, mode: string): unknown {
  const problem = (text: string): CliError => new CliError(exitCodes.problem, [text])
  if (error instanceof StoreInUse) {
    const advice =
      side === 'to' || mode !== 'read'
        ? 'Stop it first'
        : 'Stop it first, or start it with --read-only, or copy what is there now with --running'
    return problem(`${error.message}. ${advice}`)
  }
  if (error instanceof UnfitFolder) {
    return problem(`${error.message}. Choose a folder that is empty, or is not there yet`)
  }
  const text = explainStorage(error, directory)
  return text === null ? error : problem(text.replaceAll('--storage-dir', `--${side}`))
}
