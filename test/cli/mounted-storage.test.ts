import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { someRuntimes } from '../on-runtimes.ts'
import { pushImage } from './admin/images.ts'
import { digestOf, hasMounts, pushBlob, useProgram } from './harness.ts'
import { entries, type RunningServer } from './program.ts'

const mib = 1024 * 1024

function push({ url }: RunningServer, bytes: Uint8Array): Promise<Response> {
  return fetch(`${url}/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`, {
    method: 'POST',
    body: bytes as Uint8Array<ArrayBuffer>,
  })
}

async function probe({ url }: RunningServer, path: string): Promise<readonly [number, unknown]> {
  const response = await fetch(`${url}${path}`)
  return [response.status, await response.json()]
}

async function logOf(server: RunningServer): Promise<ReturnType<typeof entries>> {
  server.child.kill('SIGTERM')
  const { code, out, err } = await server.ended
  expect([code, err]).toEqual([0, ''])
  return entries(out)
}

describe.skipIf(!hasMounts).each(someRuntimes('mounted-storage'))('on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('a read-only file system is served with --read-only', async () => {
    const made = join(cli.folder(), 'made')
    const writer = await cli.serve('--storage-dir', made)
    const bytes = Buffer.from('kept')
    const digest = await pushBlob(writer.url, bytes)
    await logOf(writer)

    const mounted = join(cli.folder(), 'mounted')
    mkdirSync(mounted)
    const script = `mount -t tmpfs none ${mounted} && cp -a ${made}/. ${mounted} && mount -o remount,ro ${mounted}`
    const words = ['--read-only', '--storage-dir', mounted, '--collect-every', '50ms']
    const reader = await cli.serveWithMounts(script, ...words)
    expect(await probe(reader, '/ready')).toEqual([200, { status: 'ok' }])
    const blob = `${reader.url}/v2/a/blobs/${digest}`
    expect((await fetch(blob, { method: 'HEAD' })).status).toBe(200)
    expect(await (await fetch(blob)).text()).toBe('kept')
    expect((await push(reader, Buffer.from('more'))).status).toBe(405)
    expect((await fetch(blob, { method: 'DELETE' })).status).toBe(405)
    const lines = await logOf(reader)
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])

    // Without it, the way out is named.
    await expect(cli.serveWithMounts(script, '--storage-dir', mounted)).rejects.toThrow(
      'or serve what is there with --read-only',
    )
  })

  test('a full disk is an error once, in the health, and takes deletions', async () => {
    const mounted = join(cli.folder(), 'mounted')
    mkdirSync(mounted)
    const script = `mount -t tmpfs -o size=6m none ${mounted}`
    const server = await cli.serveWithMounts(script, '--storage-dir', mounted)
    const digest = await pushBlob(server.url, randomBytes(mib))
    for (let count = 0; count < 3; count++) {
      const refused = await push(server, randomBytes(8 * mib))
      expect([refused.status, await refused.json()]).toMatchObject([
        507,
        { errors: [{ code: 'UNKNOWN' }] },
      ])
    }
    const reasons = { blobs: 'there is no room left' }
    expect(await probe(server, '/ready')).toEqual([200, { status: 'degraded', reasons }])
    expect(await probe(server, '/healthz')).toMatchObject([
      503,
      { planes: { metadata: 'ok', blobs: 'full', uploads: 'ok' }, reasons },
    ])
    const deleted = await fetch(`${server.url}/v2/a/blobs/${digest}`, { method: 'DELETE' })
    expect(deleted.status).toBe(202)
    await pushBlob(server.url, randomBytes(mib))
    await pushBlob(server.url, randomBytes(mib))
    const lines = (await logOf(server)).filter(({ part }) => part !== undefined)
    expect(lines).toMatchObject([
      { level: 'error', part: 'blobs', msg: 'no room left: free space' },
      { level: 'info', part: 'blobs', msg: 'the storage works again' },
    ])
    expect(lines).toHaveLength(2)
  })

  test('a full disk takes deletions into the trash, and has room once that is emptied', async () => {
    const mounted = join(cli.folder(), 'mounted')
    mkdirSync(mounted)
    const admin = ['--admin-file', join(cli.folder(), 'admin.json')]
    const script = `mount -t tmpfs -o size=6m none ${mounted}`
    const words = ['--storage-dir', mounted, '--trash-time', '1h', '--lease', '1ms', ...admin]
    const server = await cli.serveWithMounts(script, ...words)
    const image = await pushImage(server.url, 'a', 'x'.repeat(mib), 'v1')
    for (const size of [200_000, 20_000, 1_000]) {
      while ((await push(server, randomBytes(size))).status === 201);
    }
    const manifest = `${server.url}/v2/a/manifests/${image}`
    expect((await fetch(manifest, { method: 'DELETE' })).status).toBe(202)
    expect((await cli.run('trash', 'list', ...admin)).out).toContain(image.slice(0, 19))
    // Its bytes are kept, so that there is as little room as before.
    expect((await push(server, randomBytes(mib))).status).toBe(507)
    const restored = await cli.run('undelete', `a@${image}`, ...admin)
    expect(restored).toMatchObject({ code: 0, out: expect.stringContaining('tagged v1') })
    expect((await fetch(manifest)).status).toBe(200)
    expect((await fetch(manifest, { method: 'DELETE' })).status).toBe(202)
    expect((await cli.run('trash', 'empty', ...admin)).out).toContain('gave up 1 entry')
    expect((await cli.run('gc', ...admin)).out).toMatch(/^freed 5\.\d MiB/)
    expect((await push(server, randomBytes(mib))).status).toBe(201)
  })
})
