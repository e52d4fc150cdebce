import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

// The stress test at its full length, or for as many milliseconds as the argument says.
const [ms = '25000'] = process.argv.slice(2)
const vitest = join(
  dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
)
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/postgres/stress.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, TEST_STRESS_MS: ms },
})
process.exitCode = status ?? 1
