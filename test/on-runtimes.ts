import { describe, test } from 'vitest'
import { leave, runtimesFor } from './sample.ts'
import { isFull } from './services/test-service.ts'

/** What has an adapter of its own. */
type Runtime = 'node' | 'bun' | 'deno'

/** All of them in CI; else some, see {@link runtimesFor}. */
export const someRuntimes = (title: string): readonly Runtime[] =>
  runtimesFor(title, ['node', 'bun', 'deno'])

/** Describes what holds on every runtime, in order. @param title with `%s` for the runtime */
export function describeOnRuntimes(title: string, tests: (runtime: Runtime) => void): void {
  describe.each(someRuntimes(title))(title, tests)
}

/** A test that a short run leaves to CI: others try the most of it, on one runtime or in this process. */
export function testInCi(title: string, run: () => Promise<void>): void {
  if (!isFull) leave('tests', 1)
  test.runIf(isFull)(title, run)
}
