import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { denoPermissions, runtimes } from '../../conformance/servers.mjs'
import { root } from '../architecture/source-files.ts'
import { contractRuns } from '../runtimes/contracts.ts'

it('keeps the exported contracts under deno test', async () => {
  const [program = ''] = runtimes.deno?.find('current').command ?? []
  const args = ['test', '--no-check', '--no-prompt', ...denoPermissions()]
  const { stdout } = await promisify(execFile)(program, [...args, 'test/deno/run-contracts.ts'], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  })
  expect(stdout).toContain(`ok | ${contractRuns.length} passed | 0 failed`)
  // Hundreds of cases, with their syncs.
}, 1_800_000)
