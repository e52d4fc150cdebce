import { CopyRefused } from '../../src/kit.ts'
import type { BackupFolder } from './backup-folder.ts'
import type { Generation, GenerationFacts } from './generation.ts'
import {
  type BackupSource,
  type CopiedMoment,
  copyMoment,
  type MomentOptions,
} from './make-backup.ts'
import type { Reading } from './open-generation.ts'

/** A generation that was made, and how. */
export interface MadeGeneration {
  readonly made: Generation
  readonly copied: CopiedMoment
}

/**
 * Makes a generation of a source, and copies only what the newest one does not have.
 *
 * @throws as `copyMoment` and `BackupFolder.finish`: then there is none, and the next call goes on.
 */
export async function makeGeneration(
  folder: BackupFolder,
  source: BackupSource,
  options: MomentOptions,
  facts: (copied: CopiedMoment, reading: Reading) => GenerationFacts,
): Promise<MadeGeneration> {
  const copied = await copyInto(folder, source, options)
  const made = await folder.finish(Date.now(), (reading) => facts(copied, reading))
  return { made, copied }
}

/** Copies into the next generation; one that has nothing in common with the source begins without names. */
async function copyInto(
  folder: BackupFolder,
  source: BackupSource,
  options: MomentOptions,
): Promise<CopiedMoment> {
  for (let isFresh = false; ; isFresh = true) {
    const next = await folder.begin(isFresh)
    try {
      return await copyMoment(source, next, options)
    } catch (error) {
      if (isFresh || !(error instanceof CopyRefused)) throw error
    } finally {
      await next.close()
    }
  }
}
