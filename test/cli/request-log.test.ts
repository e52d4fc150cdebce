import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plain } from '../../adapters/cli/plain-text.ts'
import { dial, readAll } from '../node-fs/loopback.ts'
import { halfPush, statusOver, useProgram } from './harness.ts'
import { entries, printed } from './program.ts'

const cli = useProgram()

test('logs one line for a request, and no secret', async () => {
  const started = await cli.serve('--memory')
  await fetch(`${started.url}/v2/?token=canary-query`, {
    headers: {
      Authorization: 'Basic canary-header',
      Cookie: 'canary-cookie',
      'X-Request-Id': 'from-the-proxy',
      'User-Agent': 'a\u009b31mb',
    },
  })
  await fetch(`${started.url}/v2/x/blobs/nothing`, {
    headers: { 'X-Request-Id': 'not fit {} to log' },
  })
  const socket = await dial(started.port)
  socket.write('GET /v2/\u001b[2J HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  await readAll(socket)
  started.child.kill('SIGTERM')
  const { out } = await started.ended
  expect(out).not.toContain('canary')
  expect(out.replaceAll('\n', '')).toBe(plain(out.replaceAll('\n', ''), out.length))
  const requests = entries(out).filter((entry) => entry.msg === 'request')
  expect(requests[0]).toEqual({
    level: 'info',
    time: expect.stringMatching(/^2\d{3}-/),
    msg: 'request',
    requestId: 'from-the-proxy',
    method: 'GET',
    path: '/v2/?token=…',
    status: 200,
    bytes: 2,
    ms: expect.any(Number),
    client: '127.0.0.1',
    userAgent: 'a\\x9b31mb',
  })
  expect(requests[1]).toMatchObject({
    status: 400,
    requestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-z]+$/),
  })
})

test('logs a request that was cut before its answer without a status', async () => {
  const started = await cli.serve('--memory')
  const socket = await dial(started.port)
  socket.write(halfPush)
  expect((await fetch(`${started.url}/v2/`, { method: 'HEAD' })).status).toBe(200)
  socket.destroy()
  await printed(started, '"aborted":true')
  const requests = entries(started.out()).filter((entry) => entry.msg === 'request')
  const cut = requests.find((entry) => entry.aborted)
  expect(cut).toMatchObject({ method: 'POST', bytes: 0 })
  expect(cut).not.toHaveProperty('status')
  expect(requests.find((entry) => entry.method === 'HEAD')).toMatchObject({ bytes: 0 })
})

test('at level warn says nothing of requests', async () => {
  const path = join(cli.folder(), 's')
  const words = ['serve', '--listen', `unix:${path}`, '--memory', '--log', 'warn']
  const started = cli.start(...words)
  expect(await statusOver(path, '/v2/')).toBe(200)
  started.child.kill('SIGTERM')
  expect(await started.ended).toEqual({ code: 0, out: '', err: '' })
})

test('for a person prints what to paste', async () => {
  const started = cli.start('serve', '--listen', '127.0.0.1:0', '--memory', '--log-format', 'text')
  await printed(started, 'docker pull 127.0.0.1:')
  expect(started.out()).toMatch(/^Layerdock .* at http:\/\/127\.0\.0\.1:[1-9]/)
})
