// For `bun test ./test/bun/run-contracts.ts`, which contracts.test.ts runs.
import { contractRuns } from '../runtimes/contracts.ts'

interface BunTests {
  test(name: string, run: () => Promise<void>): void
}

// The compiler cannot follow this name, because Bun's types are not installed.
const { test } = (await import(['bun', 'test'].join(':'))) as BunTests

for (const { name, run } of contractRuns) test(name, run)
