import { closeSync, openSync, readFileSync } from 'node:fs'

/** Descriptors that a connection may need at once: its own, and those of the files it reads or writes. */
const perConnection = 3
/** Descriptors of the process itself: of the runtime, the log, the journal, the lock, {@link spareDescriptors}. */
const reserve = 48
/** Descriptors kept for the store on a runtime that lets connections take all others. */
export const spareDescriptors = 16
/** The most connections where no limit is in the way, for the sake of memory. */
const mostConnections = 4096
/** The same where the limit has to be found by trying, for the sake of a quick start. */
const mostFound = 1000

/**
 * How many connections the process can afford. A process that runs out of descriptors cannot open
 * files, and on Deno its servers never accept a connection again.
 */
export function affordableConnections(): number {
  const limit = statedLimit()
  const [spare, most] =
    limit === null
      ? [countSpare(mostFound * perConnection), mostFound]
      : [limit - reserve, mostConnections]
  return Math.max(4, Math.min(most, Math.floor(spare / perConnection)))
}

/** What Linux says; null on other systems, and on Deno, which lets hardly any program look. */
function statedLimit(): number | null {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? null : Number(soft)
  } catch {
    return null
  }
}

/** How many files can still be opened, at most `enough`. */
function countSpare(enough: number): number {
  const opened: number[] = []
  try {
    while (opened.length < enough) opened.push(openSync('/dev/null', 'r'))
    return enough
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // A system that has no such file has no such limit either.
    return code === 'EMFILE' || code === 'ENFILE' ? opened.length : enough
  } finally {
    for (const file of opened) closeSync(file)
  }
}
