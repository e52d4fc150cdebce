import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { root } from '../architecture/source-files.ts'

/** Runs a program of node_modules in the project's folder and returns its output. */
async function outputOf(
  name: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(join('node_modules', '.bin', name), args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await ended
  expect([code, code === 0 ? '' : output + errors]).toEqual([0, ''])
  return output + errors
}

test('bun test', async () => {
  expect(
    await outputOf('bun', ['test', '--timeout', '600000', './test/testing/on-bun.mjs']),
  ).toMatch(/2 pass\n\s*0 fail/)
})

test('deno test, with no permissions', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'layerdock-deno-'))
  try {
    const args = ['test', '--no-lock', '--no-check', '--node-modules-dir=manual']
    const output = await outputOf('deno', [...args, 'test/testing/on-deno.mjs'], {
      DENO_DIR: cache,
    })
    expect(output).toMatch(/ok \| 2 passed \| 0 failed/)
  } finally {
    await rm(cache, { recursive: true, force: true })
  }
})
