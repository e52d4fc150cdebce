import { chmodSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { pushImage } from '../admin/images.ts'
import { describeEverywhere, type Harness, statusOver, useProgram } from '../harness.ts'
import { listenerOf, pageAt } from './served-page.ts'

const token = 'a-token-of-more-than-16-characters'

/** The answer to a request written to a socket as it stands: no client makes its path another. */
async function rawStatus(port: number, target: string): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += chunk
  expect(text).not.toContain('registry_http')
  return Number(text.split(' ')[1])
}

function fileIn(cli: Harness, name: string, text: string): string {
  const path = join(cli.folder(), name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

describeEverywhere('metrics of a server on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('are at a listener of their own, and nowhere else', async ({ expect }) => {
    const words = ['--memory', '--metrics-listen', '127.0.0.1:0', '--metrics-repositories', '1']
    const server = await cli.serve(...words)
    const { url } = server
    await pushImage(url, 'first', 'x', 'latest')
    await pushImage(url, 'second', 'x', 'latest')
    for (const path of ['/v2/first/manifests/latest', '/v2/nothing/manifests/latest', '/live']) {
      await (await fetch(url + path)).text()
    }
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
    const at = await listenerOf(server)
    expect((await fetch(`${at}/more`)).status).toBe(404)
    expect((await fetch(at, { method: 'POST' })).status).toBe(405)

    // A request is counted once its answer is out, which the client may know a moment earlier.
    await expect
      .poll(async () => (await pageAt(at)).get('registry_http_in_flight_requests'))
      .toBe(0)
    const page = await pageAt(at)
    const count = (handler: string, method: string, code: string): number =>
      page.get('registry_http_requests_total', { handler, method, code })
    expect(count('blob_upload', 'post', '201')).toBe(4)
    expect(count('manifest', 'put', '201')).toBe(2)
    expect(count('manifest', 'get', '200')).toBe(1)
    expect(count('manifest', 'get', '404')).toBe(1)
    expect(count('health', 'get', '200')).toBe(1)
    const ofManifests = { handler: 'manifest', method: 'get' }
    expect(page.get('registry_http_request_duration_seconds_count', ofManifests)).toBe(2)
    expect(
      page.get('registry_http_request_size_bytes_sum', { handler: 'manifest' }),
    ).toBeGreaterThan(500)
    expect(page.get('registry_http_response_size_bytes_count', { handler: 'blob_upload' })).toBe(4)
    expect(page.get('layerdock_http_errors_total', { error: 'MANIFEST_UNKNOWN' })).toBe(1)
    expect(page.get('layerdock_events_total', { event: 'manifest-pushed' })).toBe(2)
    const received = 'layerdock_repository_received_bytes_total'
    expect(page.get(received, { repository: 'first' })).toBe(
      page.get(received, { repository: 'other' }),
    )
    expect(page.get(received, { repository: 'second' })).toBe(0)
    expect(page.get('layerdock_build_info', { runtime })).toBe(1)
    expect(page.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    expect(page.get('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(page.get('process_start_time_seconds')).toBeGreaterThan(Date.now() / 1000 - 600)
    await expect
      .poll(async () => (await pageAt(at)).get('layerdock_event_loop_delay_seconds_count'))
      .toBeGreaterThan(0)
  })

  test('beside the registry need permission to administer it, also by other ways to write the path', async ({
    expect,
  }) => {
    const users = ['root', 'dev'].map((name) => `${name}:${hashSync(name, 4)}\n`).join('')
    const rules = [
      { who: 'user:root', repositories: '**', allow: ['pull', 'admin'] },
      { who: ['user:dev', 'anonymous'], repositories: '**', allow: 'pull' },
    ]
    const { url, port } = await cli.serve(
      '--memory',
      '--metrics',
      '--htpasswd',
      fileIn(cli, 'users', users),
      '--policy',
      fileIn(cli, 'policy.json', JSON.stringify({ rules })),
    )
    const as = (name: string) => ({ authorization: `Basic ${btoa(`${name}:${name}`)}` })
    const nobody = await fetch(`${url}/metrics`)
    expect(nobody.status).toBe(401)
    expect(nobody.headers.get('www-authenticate')).toMatch(/^(Basic|Bearer) /)
    expect((await fetch(`${url}/metrics`, { headers: as('dev') })).status).toBe(403)
    const page = await pageAt(`${url}/metrics`, as('root'))
    expect(page.get('registry_http_requests_total', { handler: 'metrics', code: '401' })).toBe(1)
    const tricks = ['/v2/../metrics', '/v2/%2e%2e/metrics', '//metrics', '/metrics/', '/%6detrics']
    tricks.push('/./metrics', '/live/../metrics', `${url}/metrics`, '/metrics?x', '/metrics#x')
    for (const target of tricks) {
      expect([400, 401, 404], target).toContain(await rawStatus(port, target))
    }
    for (const path of ['/live', '/ready', '/healthz']) {
      expect((await fetch(url + path)).status).toBe(200)
    }
  })

  test('can be read with a token', async ({ expect }) => {
    const path = fileIn(cli, 'token', `${token}\n`)
    const { url } = await cli.serve('--memory', '--metrics-token-file', path)
    const refused = await fetch(`${url}/metrics`)
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="metrics"',
    ])
    const wrong = { authorization: `Bearer ${token}x` }
    expect((await fetch(`${url}/metrics`, { headers: wrong })).status).toBe(401)
    const page = await pageAt(`${url}/metrics`, { authorization: `Bearer ${token}` })
    expect(page.types.get('registry_http_requests_total')).toBe('counter')
    const head = await fetch(`${url}/metrics`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${token}` },
    })
    expect([head.status, Number(head.headers.get('content-length')) > 1000]).toEqual([200, true])
  })
})

describe('metrics of a server', () => {
  const cli = useProgram()

  test('are not there unless they are asked for', async () => {
    const { url } = await cli.serve('--memory')
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
  })

  test('may be on a unix socket', async () => {
    const socket = join(cli.folder(), 'metrics.sock')
    await cli.serve('--memory', '--metrics-listen', `unix:${socket}`)
    expect(await statusOver(socket, '/metrics')).toBe(200)
  })

  test('with a token that cannot be one, or at an address that is taken, are no start', async () => {
    const short = fileIn(cli, 'short', 'short\n')
    const first = await cli.run('serve', '--memory', '--metrics-token-file', short)
    expect([first.code, first.err]).toEqual([78, expect.stringMatching(/16 characters or more/)])
    const open = fileIn(cli, 'open', token)
    chmodSync(open, 0o666)
    const second = await cli.run('serve', '--memory', '--metrics-token-file', open)
    expect(second.code).toBe(78)
    const { port } = await cli.serve('--memory')
    const third = await cli.run(
      'serve',
      '--memory',
      '--listen',
      '127.0.0.1:0',
      '--metrics-listen',
      `127.0.0.1:${port}`,
    )
    expect([third.code, third.err]).toEqual([
      1,
      expect.stringMatching(/--metrics-listen .*is taken/),
    ])
  })
})
