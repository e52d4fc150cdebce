import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dial, readUntil } from '../node-fs/loopback.ts'
import { digestOf, halfPush, statusOver, useProgram } from './harness.ts'
import { cleanEnvironment, printed } from './program.ts'

const cli = useProgram()

test('lets an upload finish while it drains, and tells others that it does', async () => {
  const started = await cli.serve('--storage-dir', cli.folder())
  const bytes = Buffer.from('a slow layer')
  const socket = await dial(started.port)
  const path = `/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`
  socket.write(`POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes.length}\r\n\r\n`)
  socket.write(bytes.subarray(0, 6))
  // On a connection of its own, answered: the upload's head has been read by then.
  expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
  started.child.kill('SIGTERM')
  await printed(started, 'stopping')
  const ready = await fetch(`${started.url}/ready`)
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }])
  expect((await fetch(`${started.url}/live`)).status).toBe(200)
  const late = await fetch(`${started.url}/v2/a/blobs/uploads/`, { method: 'POST' })
  expect(late.status).toBe(503)
  expect(late.headers.get('retry-after')).toBe('5')
  expect(late.headers.get('connection')).toBe('close')
  socket.write(bytes.subarray(6))
  expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 201 /)
  expect((await started.ended).code).toBe(0)
  await expect(fetch(`${started.url}/ready`)).rejects.toThrow()
  socket.destroy()
})

test('serves on for a while where a load balancer has to notice first', async () => {
  const started = await cli.serve('--memory', '--drain-delay', '1')
  started.child.kill('SIGTERM')
  await printed(started, 'stopping')
  const ready = await fetch(`${started.url}/ready`)
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }])
  expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
  expect((await started.ended).code).toBe(0)
})

// Of many lines some are written while it serves, of few all as it ends.
test.each([1, 100])('serves on and ends although its %d lines are not read', async (lines) => {
  const started = await cli.serve('--storage-dir', cli.folder())
  started.child.stdout?.destroy()
  for (let count = 0; count < lines; count++) {
    expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
  }
  started.child.kill('SIGTERM')
  expect((await started.ended).code).toBe(0)
})

test.skipIf(process.platform !== 'linux').each([
  ['a pipe that is not read', (path: string) => execFileSync('mkfifo', [path])],
  ['a full disk', (path: string) => symlinkSync('/dev/full', path)],
])('serves on and ends although its log goes to %s', async (_, make) => {
  const folder = cli.folder()
  make(join(folder, 'log'))
  // A pipe that is open on both ends takes 64 KiB and then no more.
  const end = openSync(join(folder, 'log'), 'r+')
  const path = join(folder, 's')
  const [executable = '', ...before] = cli.command()
  const words = [...before, 'serve', '--listen', `unix:${path}`, '--memory']
  const child = spawn(executable, words, {
    stdio: ['ignore', end, 'ignore'],
    env: cleanEnvironment,
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    const target = `/v2/${'x'.repeat(1000)}/tags/list`
    for (let count = 0; count < 150; count++) await statusOver(path, target)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  } finally {
    child.kill('SIGKILL')
    closeSync(end)
  }
})

test('gives up on what does not finish in time', async () => {
  const started = await cli.serve('--memory', '--drain-seconds', '0')
  const socket = await dial(started.port)
  socket.write(halfPush)
  expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
  started.child.kill('SIGINT')
  expect(await started.ended).toMatchObject({
    code: 0,
    out: expect.stringContaining('cut what did not finish'),
  })
  socket.destroy()
})

test('keeps what came of an upload that does not finish in time', async () => {
  const words = ['--storage-dir', cli.folder(), '--drain-seconds', '0']
  const started = await cli.serve(...words)
  const opened = await fetch(`${started.url}/v2/a/blobs/uploads/`, { method: 'POST' })
  const session = opened.headers.get('location') ?? ''
  const bytes = randomBytes(512 * 1024)
  const socket = await dial(started.port)
  socket.write(`PATCH ${session} HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes.length}\r\n\r\n`)
  socket.write(bytes.subarray(0, 256 * 1024))
  // Made once more has come than a small upload keeps in memory.
  await present(join(words[1] ?? '', 'uploads', session.split('/').at(-1) ?? ''))
  started.child.kill('SIGTERM')
  expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 5/i)
  socket.destroy()
  expect(await started.ended).toMatchObject({
    code: 0,
    out: expect.stringContaining('"uploads":1,"msg":"kept uploads under way"'),
  })

  const { url } = await cli.serve(...words)
  const status = await fetch(`${url}${session}`)
  const offset = Number(status.headers.get('range')?.split('-')[1]) + 1
  expect(offset).toBeGreaterThan(1)
  const rest = { method: 'PUT', body: bytes.subarray(offset) }
  expect((await fetch(`${url}${session}?digest=${digestOf(bytes)}`, rest)).status).toBe(201)
})

/** Waits until a file is there. */
async function present(path: string): Promise<void> {
  while (!existsSync(path)) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('stops at once on a second signal', async () => {
  const started = await cli.serve('--memory')
  const socket = await dial(started.port)
  socket.write(halfPush)
  expect((await fetch(`${started.url}/v2/`)).status).toBe(200)
  started.child.kill('SIGTERM')
  await printed(started, 'stopping')
  started.child.kill('SIGINT')
  expect((await started.ended).code).toBe(1)
  socket.destroy()
})
