import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect } from 'vitest'
import { testInCi } from '../on-runtimes.ts'
import { compileProgram, type Program } from './program.ts'

const floods = fileURLToPath(new URL('../clients/flood.mjs', import.meta.url))

let program: Program
beforeAll(async () => {
  program = await compileProgram()
})
afterAll(() => program.remove())

/** How often each outcome of a flood came, by the name of the flood. */
function outcomesIn(out: string): Record<string, Record<string, number>> {
  const found = out.matchAll(/^([a-z]+) .*\n {2}came of it: (.*)$/gm)
  return Object.fromEntries([...found].map(([, kind, counts]) => [kind, JSON.parse(counts ?? '')]))
}

// How much slower the good client becomes is for `npm run flood` on a machine that has nothing else to do.
testInCi(
  'floods of one user and address are refused, and a good client gets all it asks for',
  async () => {
    const words = ['--runtime', 'node', '--seconds', '0.4', '--rounds', '1', '--factor', '0']
    // A flood that runs only on an idle processor may send nothing in that time on a busy machine.
    const sizes = ['--connections', '60', '--rate', '500', '--requests', '200', '--limit', '40']
    const command = [floods, ...words, ...sizes, '--no-bare', '--no-pin', '--server', program.entry]
    const { stdout } = await promisify(execFile)(process.execPath, command)
    expect(stdout).toContain('The good client was served as before.')
    expect(outcomesIn(stdout)).toMatchObject({
      connections: { opened: expect.any(Number) },
      sessions: { 202: expect.any(Number), 429: expect.any(Number) },
      logins: { 401: expect.any(Number) },
      requests: { 404: expect.any(Number), 429: expect.any(Number) },
      pipelined: { 429: expect.any(Number) },
    })
  },
)
