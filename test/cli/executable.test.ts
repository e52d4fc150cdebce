import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../architecture/source-files.ts'
import { clientOf } from '../promises/client.ts'
import { isFull } from '../services/test-service.ts'
import { entries, type Program, type RunningServer, start, startServer } from './program.ts'

const home = mkdtempSync(join(tmpdir(), 'layerdock-executable-test-'))
const running: RunningServer[] = []
afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL')
  rmSync(home, { recursive: true })
})

const isInstalled = (name: string): boolean => existsSync(join(root, 'node_modules', name))

/** What an executable cannot be made for here; null where it can. */
const lacking: Readonly<Record<string, () => string | null>> = {
  bun() {
    if (!isFull) return 'takes long: TEST_SERVICES=required'
    return isInstalled('.bin/bun') ? null : 'no Bun: npm ci'
  },
  node() {
    if (!isFull) return 'takes long: TEST_SERVICES=required'
    if (!isInstalled('postject')) return 'no postject: npm ci'
    const isWhole = readFileSync(process.execPath).includes('NODE_SEA_FUSE')
    return isWhole ? null : 'this Node cannot hold a program'
  },
}

/** `alice` with the password `secret`, at the lowest cost of bcrypt. */
const users = 'alice:$2y$04$DvK1qGCY6ZnFXG9hf3elweKqkgaORNwinV2.qdYmlhIzoYI4b50Om\n'
const basic = (password: string): Record<string, string> => ({
  Authorization: `Basic ${btoa(`alice:${password}`)}`,
})

describe.each(Object.keys(lacking))('the executable with %s', (runtime) => {
  const reason = lacking[runtime]?.() ?? null
  const file = join(home, runtime)
  const program: Program = {
    command: [file],
    entry: file,
    // Nothing of the project is near it, and no runtime on its path.
    environment: { PATH: '/usr/bin:/bin', NODE_PATH: '' },
    folder: () => mkdtempSync(join(home, 'data-')),
    remove: () => {},
  }
  const outcome = (...words: readonly string[]) => start(program, ...words).ended
  const serve = async (...words: readonly string[]): Promise<RunningServer> => {
    const server = await startServer(program, ...words)
    running.push(server)
    return server
  }

  beforeAll(async () => {
    if (reason !== null) return
    const words = [join(root, 'executable.mjs'), runtime, '--out', file]
    await promisify(execFile)(process.execPath, words)
  }, 120_000)

  const title = (what: string): string => (reason === null ? what : `${what} (${reason})`)

  test.skipIf(reason !== null)(title('knows its version, help and what was meant'), async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(await outcome('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
    expect((await outcome('serve', '--help')).out).toContain('--storage-dir')
    const typo = await outcome('sreve')
    expect(typo.code).toBe(2)
    expect(typo.err).toContain('layerdock serve')
  })

  test.skipIf(reason !== null)(title('takes a push, logins and a restart'), async () => {
    const storage = program.folder()
    const passwords = join(home, `${runtime}-users`)
    writeFileSync(passwords, users, { mode: 0o600 })
    const words = ['--storage-dir', storage, '--htpasswd', passwords, '--log-format', 'json']
    const first = await serve(...words)
    const headers = basic('secret')
    const body = new Uint8Array(6 * 1024 * 1024).fill(7)
    const pusher = clientOf({
      fetch: (request) => {
        for (const [name, value] of Object.entries(headers)) request.headers.set(name, value)
        const { pathname, search } = new URL(request.url)
        return fetch(new Request(`${first.url}${pathname}${search}`, request))
      },
    })
    const layer = await pusher.pushBlob('team/app', body)
    const { digest } = await pusher.pushImage('team/app', 'v1', { layers: [layer] })
    expect((await fetch(`${first.url}/v2/`, { headers: basic('wrong') })).status).toBe(401)
    expect((await fetch(`${first.url}/v2/`)).status).toBe(401)
    const page = await fetch(first.url, { headers: { ...headers, Accept: 'text/html' } })
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('team')])
    const gc = await outcome('gc', '--dry-run', '--json', '--storage-dir', storage)
    expect(gc).toMatchObject({ code: 0 })
    first.child.kill('SIGTERM')
    const { code, out } = await first.ended
    expect(code).toBe(0)
    expect(entries(out).length).toBeGreaterThan(3)

    const { url } = await serve(...words)
    const manifest = await fetch(`${url}/v2/team/app/manifests/v1`, { headers })
    expect(manifest.headers.get('docker-content-digest')).toBe(digest)
    const pulled = await fetch(`${url}/v2/team/app/blobs/${layer.digest}`, { headers })
    expect(Buffer.compare(new Uint8Array(await pulled.arrayBuffer()), body)).toBe(0)
  })
})
