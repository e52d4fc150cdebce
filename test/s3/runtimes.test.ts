import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import type { S3Options } from '../../adapters/s3/index.ts'
import { denoPermissions, runtimes } from '../../conformance/servers.mjs'
import { root } from '../architecture/source-files.ts'
import { bootEdge } from '../edge/edge.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { optionsOf } from './bucket-content.ts'
import { contractRuns } from './contract-runs.ts'

const program = './test/s3/run-contracts.ts'

async function outputOf(
  runtime: 'bun' | 'deno',
  args: string[],
  options: S3Options,
): Promise<string> {
  const [command = ''] = runtimes[runtime]?.find('current').command ?? []
  const env = { ...process.env, NO_COLOR: '1', S3_OPTIONS: JSON.stringify(options) }
  const { stdout, stderr } = await promisify(execFile)(command, args, { cwd: root, env })
  return stdout + stderr
}

withServices('blobs in a bucket on other runtimes', { seaweedfs }, (running) => {
  const options = optionsOf(() => running.seaweedfs)

  test.runIf(isFull)(
    'Bun keeps the contracts',
    async () => {
      const given = await options()
      const output = await outputOf('bun', ['test', '--timeout', '60000', program], given)
      expect(output).toContain(` ${contractRuns(given).length} pass\n 0 fail\n`)
    },
    600_000,
  )

  test.runIf(isFull)(
    'Deno keeps the contracts',
    async () => {
      const given = await options()
      const args = ['test', '--no-check', '--no-prompt', ...denoPermissions(), program]
      const output = await outputOf('deno', args, given)
      expect(output).toContain(`ok | ${contractRuns(given).length} passed | 0 failed`)
    },
    600_000,
  )

  test.runIf(isFull)(
    "Cloudflare's runtime keeps the contracts",
    async () => {
      const given = await options()
      const entry = fileURLToPath(new URL('contracts-worker.ts', import.meta.url))
      const edge = await bootEdge({ bindings: { OPTIONS: given } }, entry)
      try {
        for (const { name } of contractRuns(given)) {
          const query = new URLSearchParams({ name })
          const answer = await edge.fetch(new Request(`${edge.url}/?${query}`))
          expect(await answer.text(), name).toBe('holds')
        }
      } finally {
        await edge.end()
      }
    },
    600_000,
  )
})

test.each(['browser', 'neutral'] as const)(
  'a bundle for %s has nothing of Node in it',
  async (platform) => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../../adapters/s3/index.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      mainFields: ['module', 'main'],
      platform,
      write: false,
      logLevel: 'silent',
    })
    const code = outputFiles[0]?.text ?? ''
    expect(code).toContain('AWS4-HMAC-SHA256')
    expect(code).not.toMatch(/(?:from|import\(|require\()\s*["']node:/)
  },
)
