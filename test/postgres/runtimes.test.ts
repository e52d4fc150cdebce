import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { runtimes } from '../../conformance/servers.mjs'
import { root } from '../architecture/source-files.ts'
import { sampleOf } from '../sample.ts'
import { postgres } from '../services/postgres.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'

withServices('the contracts on PostgreSQL', { postgres }, (running) => {
  test.each(sampleOf('suites on other runtimes', ['bun', 'deno'], 2))(
    'under %s',
    async (runtime) => {
      const [program = ''] = runtimes[runtime]?.find('current').command ?? []
      const words = runtime === 'deno' ? ['run', '--no-prompt', '--no-check', '--allow-all'] : []
      const every = isFull ? 1 : 20
      const args = [...words, 'test/postgres/run-contracts.ts', running.postgres.url, String(every)]
      const { stdout } = await promisify(execFile)(program, args, { cwd: root })
      expect(stdout.split('\n').filter((line) => line.startsWith('failed'))).toEqual([])
      expect(stdout).toMatch(/^\d+ passed$/m)
    },
  )
})
