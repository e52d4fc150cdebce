import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { entryPath } from '../../conformance/servers.mjs'
import type { Proof } from './proof.ts'
import { brokenServer } from './server.ts'

/** What `bench/memory.mjs` writes of each line of its table. */
interface Line {
  readonly title: string
  /** In 10^6 bytes. */
  readonly peak?: number
  readonly limit: number
  readonly failed?: string
  readonly verdict: string
}

/** The table of memory: `npm run bench:memory`. */
export const memory: Proof = {
  says: 'a large blob, many uploads at once and slow readers take no more memory than is promised',
  where: 'outside',
  unit: 'table: 1 of an eighth of the sizes, 8 of all of them',
  lengths: { short: 1, full: 8 },
  breaks: ['whole-bodies'],
  async run({ runtime, length, broken }) {
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-prove-'))
    const figures = join(folder, 'memory.json')
    const of =
      broken === null
        ? []
        : ['--peer', `broken=${(await brokenServer(runtime, broken, '{dir}', '{port}')).join(' ')}`]
    const program = entryPath('bench/memory.mjs')
    const size = length < 8 ? ['--quick', '--upload-mib', '64'] : []
    const args = [program, '--runtime', runtime, '--json', figures, '--dir', folder, ...size, ...of]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    const [code] = await once(child, 'exit')
    try {
      const { lines } = JSON.parse(readFileSync(figures, 'utf8')) as { readonly lines: Line[] }
      const text = lines.map(
        ({ title, peak = 0, limit }) => `${title}: ${peak.toFixed(0)} of ${limit} MB`,
      )
      const violations = lines
        .filter(({ verdict }) => verdict !== 'held')
        .map(({ title, peak = 0, verdict }) => `${title}: ${peak.toFixed(0)} MB, ${verdict}`)
      return { text: `${lines.length} loads: ${text.join('; ')}`, violations }
    } catch (error) {
      return { text: 'no table', violations: [`it ended with ${code}: ${error}`] }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
