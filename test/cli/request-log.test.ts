import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plain } from '../../adapters/cli/plain-text.ts'
import { dial, readAll } from '../node-fs/loopback.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { digestOf, halfPush, pushBlob, statusOver, useProgram } from './harness.ts'
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
    area: 'access',
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

describeOnRuntimes('on %s', (runtime) => {
  const cli = useProgram(runtime)
  const requests = (out: string): ReturnType<typeof entries> =>
    entries(out).filter((entry) => entry.msg === 'request')

  test('the line of a push says how much came, however it was framed', async () => {
    const started = await cli.serve('--memory')
    const bytes = Buffer.from('0123456789')
    const target = `/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`
    for (const framed of [
      'Content-Length: 10\r\n\r\n0123456789',
      'Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n',
    ]) {
      const socket = await dial(started.port)
      socket.write(`POST ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${framed}`)
      expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 201 /)
    }
    await fetch(`${started.url}/v2/`)
    started.child.kill('SIGTERM')
    const lines = requests((await started.ended).out)
    expect(lines.map((line) => line.received)).toEqual([10, 10, undefined])
  })

  test('probes are logged at level debug alone', async () => {
    for (const level of ['info', 'debug']) {
      const started = await cli.serve('--memory', '--log', level)
      for (const path of ['/live', '/ready?x', '/healthz', '/livelong']) {
        await (await fetch(`${started.url}${path}`)).text()
      }
      started.child.kill('SIGTERM')
      const lines = requests((await started.ended).out)
      const probes = ['/live', '/ready?…', '/healthz'].map((path) => ({ level: 'debug', path }))
      const other = { level: 'info', path: '/livelong' }
      const expected = level === 'debug' ? [...probes, other] : [other]
      expect(lines).toHaveLength(expected.length)
      expect(lines).toMatchObject(expected)
    }
  })

  test('the client is the one a trusted proxy names', async () => {
    const started = await cli.serve('--memory', '--trusted-proxies', '127.0.0.1, 10.0.0.0/8')
    await fetch(`${started.url}/v2/`, { headers: { 'X-Forwarded-For': '192.0.2.9, 10.1.1.1' } })
    started.child.kill('SIGTERM')
    expect(requests((await started.ended).out)).toMatchObject([{ client: '192.0.2.9' }])
  })
})

test('for a person a line of a request stays within the terminal', async () => {
  const words = ['--listen', '127.0.0.1:0', '--memory', '--log-format', 'text']
  const started = cli.start('serve', ...words)
  await printed(started, 'docker pull 127.0.0.1:')
  const [url = ''] = /http:\/\/127\.0\.0\.1:[0-9]+/.exec(started.out()) ?? []
  const digest = await pushBlob(url, Buffer.from('kept'))
  started.child.kill('SIGTERM')
  const { out } = await started.ended
  const line = out.split('\n').find((text) => text.includes(' POST '))
  expect(line).toMatch(/^[0-9:]{8} info {2}201 POST \/v2\/a\/blobs\/uploads\/\?digest=sha256:/)
  expect(line).toContain(`${digest.slice(0, 'sha256:'.length + 12)}… 4 B in, `)
  expect(line?.length).toBeLessThanOrEqual(120)
})
