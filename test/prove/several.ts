import { spawnSync } from 'node:child_process'
import type { Runtime } from './proof.ts'

/** A short run of a proof: its name, a runtime, a length, and what is broken. */
type Short = readonly [name: string, runtime: Runtime, length: number, broken?: string]

/**
 * What `.ci/run` proves, beside what `npm test` does on Node in one process (proofs.test.ts): what starts servers, and
 * what runs on Bun and Deno.
 */
const shorts: readonly Short[] = [
  ['kills', 'node', 5],
  ['kills', 'bun', 3, 'late-writes'],
  ['syncs', 'node', 5],
  ['syncs', 'bun', 5],
  ['syncs', 'deno', 5],
  ['syncs', 'node', 2, 'no-journal-sync'],
  ['syncs', 'bun', 2, 'no-blob-folder-sync'],
  ['linearizability', 'node', 3000],
  ['linearizability', 'deno', 3000, 'cached-tags'],
  ['resume', 'deno', 30],
  ['resume', 'node', 30, 'late-writes'],
  ['soak', 'node', 0.3],
  ['soak', 'bun', 0.3, 'leak'],
  ...(['bun', 'deno'] as const).flatMap((runtime): readonly Short[] => [
    ['power', runtime, 300],
    ['races', runtime, 1000],
    ['copies', runtime, 30],
    ['disk-errors', runtime, 100],
  ]),
]

/**
 * Proves each of them in a process of its own, and that what is broken is noticed.
 *
 * @param program the one that proves, with its name as the first argument
 * @returns how many did not end as they have to
 */
export function proveSeveral(program: string): number {
  let wrong = 0
  for (const [name, runtime, length, broken] of shorts) {
    const options = ['--runtime', runtime, '--length', `${length}`]
    const words = [name, ...options, ...(broken === undefined ? [] : ['--break', broken])]
    const { status, stdout } = spawnSync(process.execPath, [program, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    })
    // What is broken has to be noticed as a violation, and not by an error of the proof itself.
    const isRight =
      broken === undefined
        ? status === 0
        : status === 1 && / [1-9]\d* violations$/.test(stdout.trimEnd())
    const line = stdout.trimEnd().split('\n').at(-1)
    const verdict = isRight ? (broken === undefined ? 'holds' : `notices ${broken}`) : 'WRONG'
    process.stdout.write(`${isRight ? line : stdout} [${verdict}]\n`)
    if (!isRight) wrong += 1
  }
  process.stdout.write(`${shorts.length} short proofs, ${wrong} of them wrong\n`)
  return wrong
}
