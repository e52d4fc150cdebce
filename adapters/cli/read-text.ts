import { readFileSync, statSync } from 'node:fs'

/** Files that were read before. */
const seen: Set<string> = new Set()

/**
 * Reads a file as text. A pipe can be read once, at the start: to open one again would wait for a writer, and
 * with it the whole server.
 *
 * @throws Error of the system, or that says that it is a pipe.
 */
export function readText(path: string): string {
  if (seen.has(path) && statSync(path).isFIFO()) {
    throw new Error('is a pipe, which cannot be read again')
  }
  seen.add(path)
  return readFileSync(path, 'utf8')
}
