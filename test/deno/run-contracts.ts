// For `deno test test/deno/run-contracts.ts`, which contracts.test.ts runs.
import { contractRuns } from '../runtimes/contracts.ts'

interface DenoTests {
  test(name: string, run: () => Promise<void>): void
}

const { Deno } = globalThis as unknown as { readonly Deno: DenoTests }

for (const { name, run } of contractRuns) Deno.test(name, run)
