// For `bun test` and `deno test`, which runtimes.test.ts runs with the bucket in S3_OPTIONS.
import type { S3Options } from '../../adapters/s3/index.ts'
import { contractRuns } from './contract-runs.ts'

interface Tests {
  test(name: string, run: () => Promise<void>): void
}

const { Deno } = globalThis as unknown as { readonly Deno?: Tests }
// The compiler cannot follow this name, because Bun's types are not installed.
const { test } = Deno ?? ((await import(['bun', 'test'].join(':'))) as Tests)

const options = JSON.parse(process.env.S3_OPTIONS ?? '{}') as S3Options
for (const { name, run } of contractRuns(options)) test(name, run)
