import fs from 'node:fs'
import { codeOf } from './file-errors.ts'

/**
 * Descriptors kept back from the rest of the process. Where connections have taken all others, the
 * store opens its files with these.
 */
const spares: number[] = []
let wanted = 0

/** Keeps so many descriptors back, or as many as there are. */
export function keepDescriptors(count: number): void {
  wanted = Math.max(wanted, count)
  refillDescriptors()
}

/** Takes back what was used of the spare descriptors; whether all of them are there again. */
export function refillDescriptors(): boolean {
  try {
    while (spares.length < wanted) spares.push(fs.openSync('/dev/null', 'r'))
    return true
  } catch (error) {
    if (isShortage(error)) return false
    // The system has no such file.
    wanted = 0
    return true
  }
}

/** Whether the process can still open something without the spare descriptors, all of which are there. */
export function areDescriptorsLeft(): boolean {
  if (!refillDescriptors()) return false
  try {
    fs.closeSync(fs.openSync('/dev/null', 'r'))
    return true
  } catch (error) {
    return !isShortage(error)
  }
}

/** Whether some of the spare descriptors are in use. */
export function lacksDescriptors(): boolean {
  return spares.length < wanted
}

/**
 * Opens a file with a spare descriptor; null where there is none. Synchronous, so that no connection
 * takes the descriptor in between.
 */
export function openWithSpare(path: string, flags: number, mode?: number): number | null {
  const spare = spares.pop()
  if (spare === undefined) return null
  fs.closeSync(spare)
  try {
    return fs.openSync(path, flags, mode)
  } finally {
    // Of the file that is not there, say.
    refillDescriptors()
  }
}

function isShortage(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'EMFILE' || code === 'ENFILE'
}
