// For `bun test ./test/bun/run-contracts.ts`, which a test of vitest runs.
import { contractRuns } from '../runtimes/contracts.ts'

interface BunTests {
  test(name: string, run: () => Promise<void>): void
}

// By a name the compiler does not follow: Bun's types are not installed.
const { test } = (await import(['bun', 'test'].join(':'))) as BunTests

for (const { name, run } of contractRuns) test(name, run)
