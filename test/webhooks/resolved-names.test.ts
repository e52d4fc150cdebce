import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runtimes } from '../../conformance/servers.mjs'
import { everyRuntime, type Runtime } from '../cli/program.ts'
import { someRuntimes } from '../on-runtimes.ts'
import { type NameServer, startNameServer } from './name-server.ts'
import type { Sends, Sent } from './run-sends.ts'

const run = promisify(execFile)
const home = mkdtempSync(join(tmpdir(), 'layerdock-names-'))
const source = fileURLToPath(new URL('run-sends.ts', import.meta.url))
const bundled = join(home, 'run-sends.mjs')
const resolver = join(home, 'resolv.conf')
const hosts = join(home, 'hosts')
/** Files of the system's resolver, as only the program that is tried sees them. */
const isolated = [
  `mount --bind ${resolver} /etc/resolv.conf`,
  `mount --bind ${hosts} /etc/hosts`,
  'exec "$@"',
].join(' && ')

/** Whether a program can be given a resolver of its own: as root, on Linux. */
function canIsolate(): boolean {
  writeFileSync(resolver, '')
  writeFileSync(hosts, '127.0.0.1 localhost\n')
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', isolated, 'sh', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const isPossible = canIsolate()
if (!isPossible) rmSync(home, { recursive: true })
const metadata = '169.254.169.254'
const isPrivate = 'the receiver is at a private address, which "allowPrivate" would allow'
const isNever = 'the receiver is at an address that webhooks are never sent to'

describe.skipIf(!isPossible)('a name that a name server answers for', () => {
  let port = 0
  let asked = 0
  const receiver = createServer((_, response) => {
    asked += 1
    response.end()
  })
  beforeAll(async () => {
    const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const
    await build({ ...options, entryPoints: [source], outfile: bundled, logLevel: 'error' })
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
    port = (receiver.address() as AddressInfo).port
  })
  afterAll(() => {
    receiver.closeAllConnections()
    receiver.close()
    rmSync(home, { recursive: true })
  })

  /** Sends to hosts, one after the other, with the system's own look-up. */
  async function sent(
    runtime: Runtime,
    names: readonly (readonly [name: string, allowPrivate: boolean])[],
  ): Promise<readonly Sent[]> {
    const [program = '', ...before] = runtimes[runtime]?.find('current').command ?? []
    const requests = names.map(([name, allowPrivate]) => ({
      url: `http://${name}:${port}/`,
      allowPrivate,
      timeoutMs: 20_000,
    }))
    const sends: Sends = { requests }
    const words = [program, ...before, runtime === 'node' ? bundled : source, JSON.stringify(sends)]
    const { stdout } = await run('unshare', ['-m', 'sh', '-c', isolated, 'sh', ...words])
    return JSON.parse(stdout)
  }

  test.each(someRuntimes('resolved names'))(
    'is judged by its addresses, and asked for once, on %s',
    async (runtime) => {
      const place = `127.0.53.${10 + everyRuntime.indexOf(runtime)}`
      const server: NameServer = await startNameServer(place, {
        'private.names.test': [['127.0.0.1']],
        'mapped.names.test': [['0:0:0:0:0:ffff:7f00:1']],
        'metadata.names.test': [[metadata]],
        'both.names.test': [[metadata, '127.0.0.1']],
        // What was looked at is where the request goes, whatever a second look would say.
        'turns-bad.names.test': [['127.0.0.1'], [metadata]],
        'turns-good.names.test': [[metadata], ['127.0.0.1']],
      })
      writeFileSync(resolver, `nameserver ${place}\noptions timeout:5 attempts:4\n`)
      asked = 0
      try {
        const answers = await sent(runtime, [
          ['private.names.test', false],
          ['mapped.names.test', false],
          ['metadata.names.test', true],
          ['turns-good.names.test', true],
          ['missing.names.test', true],
          ['private.names.test', true],
          ['both.names.test', true],
          ['turns-bad.names.test', true],
        ])
        const delivered = { status: 200, retryAfterMs: null }
        expect(answers).toEqual([
          { error: isPrivate },
          { error: isPrivate },
          { error: isNever },
          { error: isNever },
          { error: "the receiver's name has no address" },
          ...[delivered, delivered, delivered],
        ])
        expect(asked).toBe(3)
        expect(server.asked('turns-bad.names.test')).toBe(1)
        expect(server.asked('turns-good.names.test')).toBe(1)
      } finally {
        server.close()
      }
    },
  )
})
