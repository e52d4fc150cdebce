import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { layoutOf } from '../disk/layout.ts'
import { CliError, exitCodes } from './exit.ts'
import type { Entries } from './log.ts'
import type { Settings } from './settings.ts'
import { wantsDatabase } from './store-settings.ts'
import { codeOf } from './whole-file.ts'

/**
 * Expects that what this process writes into a store's folder can be written by the store's server too: files that
 * root makes belong to root.
 *
 * @param instead what else would do, for people, such as `, or start its server`
 * @throws CliError where this process is root, and the store belongs to another user.
 */
export async function expectOwnFolder(directory: string, instead: string = ''): Promise<void> {
  const uid = await otherOwner(directory)
  if (uid === null) return
  const problem = `${directory}: is a store of another user (uid ${uid}), whose server could not write what root writes there`
  const advice = `Run the command as that user: sudo -u '#${uid}' layerdock …${instead}`
  throw new CliError(exitCodes.problem, [`${problem}. ${advice}`])
}

/** Warns where a server that is root opens the store of another user, whose server could not go on with it. */
export async function warnOfOtherOwner(settings: Settings, log: Entries): Promise<void> {
  const { memory, bucket, storageDir } = settings
  if (memory || (wantsDatabase(settings) && bucket !== null)) return
  const uid = await otherOwner(storageDir)
  if (uid === null) return
  log.warn(
    { uid, storage: storageDir },
    'the server is root, and its store belongs to another user, whose server could not go on with it: start it as that user, or give root all files of the store',
  )
}

/**
 * The user that a store belongs to, where this process is root and that is another; null otherwise. Its own files
 * count, and not the folder around them: a container whose server is root may have a folder of any user.
 */
export async function otherOwner(directory: string): Promise<number | null> {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return null
  const { marker, blobs } = layoutOf(resolve(directory))
  for (const path of [marker, blobs]) {
    try {
      const { uid } = await stat(path)
      return uid === 0 ? null : uid
    } catch (error) {
      // What else is wrong with the folder is told by opening it.
      if (codeOf(error) !== 'ENOENT') return null
    }
  }
  return null
}
