import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { runtimes } from '../../conformance/servers.mjs'
import { root } from '../architecture/source-files.ts'
import { contractRuns } from '../runtimes/contracts.ts'

it('keeps the exported contracts under bun test', async () => {
  const [program = ''] = runtimes.bun?.find('current').command ?? []
  // Bun's own limit for a case is 5 seconds.
  const args = ['test', '--timeout', '600000', './test/bun/run-contracts.ts']
  const { stderr } = await promisify(execFile)(program, args, { cwd: root })
  expect(stderr).toContain(` ${contractRuns.length} pass\n 0 fail\n`)
  // Hundreds of cases, with their syncs.
}, 1_800_000)
