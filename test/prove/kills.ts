import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { entryPath } from '../../conformance/servers.mjs'
import type { Proof } from './proof.ts'
import { brokenServer } from './server.ts'

/** Kills of a server at work: `npm run kill`. */
export const kills: Proof = {
  says: 'what a server acknowledged outlives kill -9 while it works',
  where: 'outside',
  unit: 'kills',
  lengths: { short: 5, full: 1000 },
  breaks: ['late-writes'],
  async run({ runtime, seed, length, broken }) {
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-prove-'))
    const of =
      broken === null
        ? ['--runtime', runtime]
        : ['--command', (await brokenServer(runtime, broken, folder)).join(' ')]
    const counts = ['--rounds', `${length}`, '--seed', `${seed}`]
    const program = entryPath('test/clients/kill.mjs')
    const child = spawn(process.execPath, [program, ...counts, ...of], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    const violations: string[] = []
    let last = ''
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('VIOLATION ')) violations.push(line.slice('VIOLATION '.length))
      else if (/^round +\d*0,/.test(line)) process.stdout.write(`${line}\n`)
      last = line
    }
    const [code] = await ended
    rmSync(folder, { recursive: true, force: true })
    if (code !== 0 && violations.length === 0) violations.push(`it ended with ${code}: ${last}`)
    return { text: last.replace(/; \d+ violations$/, ''), violations }
  },
}
