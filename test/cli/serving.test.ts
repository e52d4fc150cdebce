import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dial, readAll } from '../node-fs/loopback.ts'
import { digestOf, halfPush, pushBlob, useProgram } from './harness.ts'

const cli = useProgram()

test('keeps what was pushed over a stop and a start', async () => {
  const folder = cli.folder()
  const bytes = randomBytes(3_000_000)
  const first = await cli.serve('--storage-dir', folder)
  const digest = await pushBlob(first.url, bytes)
  first.child.kill('SIGTERM')
  expect((await first.ended).code).toBe(0)

  const second = await cli.serve('--storage-dir', folder)
  const answer = await fetch(`${second.url}/v2/a/blobs/${digest}`)
  expect(bytes.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true)
  const part = await fetch(`${second.url}/v2/a/blobs/${digest}`, {
    headers: { Range: 'bytes=5-1000004' },
  })
  expect(part.status).toBe(206)
  expect(bytes.subarray(5, 1_000_005).equals(Buffer.from(await part.arrayBuffer()))).toBe(true)
})

test('gives file access enough threads', async ({ skip }) => {
  if (process.platform !== 'linux') skip()
  const { child, url } = await cli.serve('--storage-dir', cli.folder())
  await Promise.all(Array.from({ length: 8 }, () => pushBlob(url, randomBytes(1000))))
  // Node itself has 7; the pool's default would make them 11.
  expect(readdirSync(`/proc/${child.pid}/task`).length).toBeGreaterThanOrEqual(12)
})

test('cuts a stalled upload after the time that was set', async () => {
  const started = await cli.serve('--memory', '--stall-timeout', '200ms')
  const socket = await dial(started.port)
  socket.write(halfPush)
  await readAll(socket)
})

test('deletes bytes that no manifest names, and empty repositories where asked for', async () => {
  const storage = cli.folder()
  const words = ['--collect-every', '50ms', '--lease', '3s', '--drop-empty']
  const { url } = await cli.serve('--storage-dir', storage, ...words)
  const config = Buffer.from('{}')
  const kept = await pushBlob(url, config)
  const dropped = await pushBlob(url, randomBytes(100_000))
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const entry = { mediaType: 'application/vnd.oci.empty.v1+json', digest: kept, size: 2 }
  const pushed = await fetch(`${url}/v2/a/manifests/latest`, {
    method: 'PUT',
    headers: { 'Content-Type': mediaType },
    body: JSON.stringify({ schemaVersion: 2, mediaType, config: entry, layers: [] }),
  })
  expect(pushed.status).toBe(201)
  const folder = join(storage, 'blobs/sha256')
  const has = (digest: string): boolean =>
    readdirSync(folder).some((name) => name.startsWith(digest.slice('sha256:'.length)))
  expect(has(dropped)).toBe(true)
  const alone = Buffer.from('alone')
  const push = `${url}/v2/b/blobs/uploads/?digest=${digestOf(alone)}`
  expect((await fetch(push, { method: 'POST', body: alone })).status).toBe(201)
  const catalog = async (): Promise<unknown> => (await fetch(`${url}/v2/_catalog`)).json()
  expect(await catalog()).toEqual({ repositories: ['a', 'b'] })
  await expect.poll(() => has(dropped)).toBe(false)
  await expect.poll(catalog).toEqual({ repositories: ['a'] })
  expect((await fetch(`${url}/v2/a/blobs/${dropped}`)).status).toBe(404)
  expect((await fetch(`${url}/v2/a/blobs/${kept}`)).status).toBe(200)
})

test('lets pages of the origins that were set use the registry', async () => {
  const allowed = async (...words: readonly string[]): Promise<string | null> => {
    const { url } = await cli.serve('--memory', ...words)
    const { headers } = await fetch(`${url}/v2/`, { headers: { Origin: 'https://a.example' } })
    return headers.get('access-control-allow-origin')
  }
  expect(await allowed()).toBeNull()
  expect(await allowed('--cors-origins', 'https://a.example,https://b.example')).toBe(
    'https://a.example',
  )
  expect(await allowed('--cors-origins', '*')).toBe('*')
})

test('takes heads as large as was set, and none larger', async () => {
  const { url } = await cli.serve('--memory', '--max-header', '20KiB')
  const status = async (length: number): Promise<number> => {
    const headers = { Authorization: `Bearer ${'x'.repeat(length)}` }
    return (await fetch(`${url}/v2/`, { headers })).status
  }
  expect(await status(18 * 1024)).toBe(200)
  expect(await status(22 * 1024)).toBe(431)
})
