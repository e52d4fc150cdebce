/** What is still to be ended, of the file whose tests run. */
const toEnd: Set<() => Promise<unknown>> = new Set()

/**
 * Has something end after the tests of the file that runs now. Modules that files share use this, since a process
 * imports them once, and a hook of theirs would run for the first file alone.
 */
export function atEndOfFile(end: () => Promise<unknown>): void {
  toEnd.add(end)
}

/** Ends all of it; `seed.ts` calls this after the tests of each file. */
export async function endAll(): Promise<void> {
  const ends = [...toEnd]
  toEnd.clear()
  await Promise.all(ends.map((end) => end()))
}
