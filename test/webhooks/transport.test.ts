import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { targetsOf } from '../../adapters/webhooks/targets.ts'
import { runtimes } from '../../conformance/servers.mjs'
import { hasOpenssl } from '../cli/certificates.ts'
import { describeEverywhere } from '../cli/harness.ts'
import type { Runtime } from '../cli/program.ts'
import type { Sends, Sent } from './run-sends.ts'

const run = promisify(execFile)
const home = mkdtempSync(join(tmpdir(), 'layerdock-transport-'))
const source = fileURLToPath(new URL('run-sends.ts', import.meta.url))
const bundled = join(home, 'run-sends.mjs')

beforeAll(async () => {
  // Node 20 runs no TypeScript.
  const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const
  await build({ ...options, entryPoints: [source], outfile: bundled, logLevel: 'error' })
})
afterAll(() => rmSync(home, { recursive: true }))

async function sent(
  runtime: Runtime,
  sends: Sends,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly Sent[]> {
  const [program = '', ...before] = runtimes[runtime]?.find('current').command ?? []
  const words = [...before, runtime === 'node' ? bundled : source, JSON.stringify(sends)]
  const { stdout } = await run(program, words, { env: { ...process.env, ...environment } })
  return JSON.parse(stdout)
}

describeEverywhere('the transport on %s', (runtime) => {
  const open: { close(): unknown }[] = []
  afterEach(() => {
    for (const server of open.splice(0)) server.close()
  })

  async function listening(
    server: Server | ReturnType<typeof createSocketServer>,
  ): Promise<number> {
    open.push(server)
    if ('closeAllConnections' in server) open.push({ close: () => server.closeAllConnections() })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return (server.address() as AddressInfo).port
  }

  /** A receiver, and how often it was asked. */
  async function receiver(answer: RequestListener): Promise<{ port: number; asked: () => number }> {
    let asked = 0
    const port = await listening(
      createServer((request, response) => {
        asked += 1
        answer(request, response)
      }),
    )
    return { port, asked: () => asked }
  }

  test('sends a request as it stands, under the name of the receiver', async () => {
    const seen: unknown[] = []
    const { port } = await receiver((request, response) => {
      const { method, url, headers } = request
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        seen.push({ method, url, host: headers.host, type: headers['content-type'], body })
        response.writeHead(503, { 'retry-after': '7' }).end('later')
      })
    })
    const answers = await sent(runtime, {
      names: { 'receiver.test': ['127.0.0.1'] },
      requests: [
        {
          url: `http://receiver.test:${port}/hook?a=b`,
          headers: { 'Content-Type': 'application/json' },
          body: '{"größe":1}',
        },
      ],
    })
    expect(answers).toEqual([{ status: 503, retryAfterMs: 7000 }])
    const host = `receiver.test:${port}`
    const told = { method: 'POST', url: '/hook?a=b', type: 'application/json' }
    expect(seen).toEqual([{ ...told, host, body: '{"größe":1}' }])
  })

  test('refuses each way to write a private address, and asks nobody', async () => {
    const { port, asked } = await receiver((_, response) => response.end())
    const hosts = [
      '127.0.0.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '127.1',
      '①②⑦.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[64:ff9b::7f00:1]',
    ]
    const answers = await sent(runtime, {
      requests: hosts.map((host) => ({ url: `http://${host}:${port}/`, allowPrivate: false })),
    })
    const error = 'the receiver is at a private address, which "allowPrivate" would allow'
    expect(answers).toEqual(hosts.map(() => ({ error })))
    expect(asked()).toBe(0)
  })

  test('refuses the metadata of clouds and link-local addresses also where private ones are allowed', async () => {
    const hosts = [
      '169.254.169.254',
      '2852039166',
      '0xa9fea9fe',
      '[fd00:ec2::254]',
      '[::ffff:169.254.169.254]',
      '[64:ff9b::a9fe:a9fe]',
      '[fe80::1]',
      '100.100.100.200',
      '0.0.0.0',
      '0',
      '[::]',
      '255.255.255.255',
    ]
    const error = 'the receiver is at an address that webhooks are never sent to'
    expect(
      await sent(runtime, { requests: hosts.map((host) => ({ url: `http://${host}/` })) }),
    ).toEqual(hosts.map(() => ({ error })))
  })

  test('refuses a name by the address that it leads to', async () => {
    const { port, asked } = await receiver((_, response) => response.end())
    const names = { 'a.test': ['127.0.0.1'], 'b.test': ['::ffff:7f00:1', '10.0.0.1'], 'c.test': [] }
    const answers = await sent(runtime, {
      names,
      requests: Object.keys(names).map((host) => ({
        url: `http://${host}:${port}/`,
        allowPrivate: false,
      })),
    })
    const refusal = {
      error: 'the receiver is at a private address, which "allowPrivate" would allow',
    }
    expect(answers).toEqual([refusal, refusal, { error: "the receiver's name has no address" }])
    expect(asked()).toBe(0)
  })

  test('follows no redirect', async () => {
    const other = await receiver((_, response) => response.end())
    const { port } = await receiver((request, response) => {
      response.writeHead(Number(request.url?.slice(1)), {
        location: `http://127.0.0.1:${other.port}/`,
      })
      response.end()
    })
    const statuses = [301, 302, 303, 307, 308]
    const answers = await sent(runtime, {
      requests: statuses.map((status) => ({ url: `http://127.0.0.1:${port}/${status}` })),
    })
    expect(answers).toEqual(statuses.map((status) => ({ status, retryAfterMs: null })))
    expect(other.asked()).toBe(0)
  })

  test('ends with its signal where nothing comes, or a byte now and then', async () => {
    const silent = await receiver(() => {})
    const port = await listening(
      createSocketServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n')
        const drip = setInterval(() => socket.write('X-A: b\r\n'), 20)
        socket.on('error', () => {}).on('close', () => clearInterval(drip))
      }),
    )
    const error = 'the request was ended'
    const requests = [silent.port, port].map((each) => ({
      url: `http://127.0.0.1:${each}/`,
      timeoutMs: 200,
    }))
    expect(await sent(runtime, { requests })).toEqual([{ error }, { error }])
  })

  test('reads no more than a little of an answer, and takes its status', async ({ expect }) => {
    let written = 0
    let isClosed = false
    const endless = await receiver((_, response) => {
      const piece = Buffer.alloc(64 * 1024)
      const write = (): void => {
        if (isClosed) return
        written += piece.length
        response.write(piece, write)
      }
      response.on('close', () => {
        isClosed = true
      })
      write()
    })
    const dripping = await receiver((_, response) => {
      response.writeHead(202)
      const drip = setInterval(() => response.write('a'), 50)
      response.on('close', () => clearInterval(drip))
    })
    const answers = await sent(runtime, {
      requests: [endless.port, dripping.port].map((port) => ({
        url: `http://127.0.0.1:${port}/`,
      })),
    })
    expect(answers).toEqual([
      { status: 200, retryAfterMs: null },
      { status: 202, retryAfterMs: null },
    ])
    await expect.poll(() => isClosed).toBe(true)
    // What sockets hold, and not two gigabytes.
    expect(written).toBeLessThan(64 * 1024 * 1024)
  })

  test('says why there was no answer', async ({ expect }) => {
    const { port } = await receiver((request) => request.socket.destroy())
    const closed = await receiver(() => {})
    open.splice(0).at(-2)?.close()
    await expect
      .poll(() => fetch(`http://127.0.0.1:${closed.port}`).then(String, () => 'closed'))
      .toBe('closed')
    open.push({ close: () => {} })
    const requests = [port, closed.port].map((each) => ({ url: `http://127.0.0.1:${each}/` }))
    expect(await sent(runtime, { requests })).toEqual([
      { error: 'the receiver closed the connection' },
      { error: 'the receiver takes no connections' },
    ])
  })

  test('passes over proxies of the environment', async () => {
    const proxy = await receiver((_, response) => response.end())
    const { port } = await receiver((_, response) => response.writeHead(204).end())
    const at = `http://127.0.0.1:${proxy.port}`
    const environment: Record<string, string> = {
      HTTP_PROXY: at,
      http_proxy: at,
      ALL_PROXY: at,
      NODE_USE_ENV_PROXY: '1',
      NO_PROXY: '',
    }
    const sends: Sends = {
      names: { 'receiver.test': ['127.0.0.1'] },
      requests: [{ url: `http://receiver.test:${port}/` }],
    }
    expect(await sent(runtime, sends, environment)).toMatchObject([{ status: 204 }])
    expect(proxy.asked()).toBe(0)
  })

  test.skipIf(!hasOpenssl)('checks the certificate of a receiver', async () => {
    const folder = mkdtempSync(join(home, 'tls-'))
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const words =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=receiver.test -addext subjectAltName=DNS:receiver.test,IP:127.0.0.1'
    execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    })
    const secrets = { cert: readFileSync(cert), key: readFileSync(key) }
    const server = createSecureServer(secrets, (_, response) => response.writeHead(204).end())
    const port = await listening(server)
    const ca = readFileSync(cert, 'utf8')
    const answers = await sent(runtime, {
      names: { 'receiver.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] },
      requests: [
        { url: `https://receiver.test:${port}/`, ca },
        { url: `https://127.0.0.1:${port}/`, ca },
        { url: `https://other.test:${port}/`, ca },
        { url: `https://receiver.test:${port}/` },
      ],
    })
    const ok = { status: 204, retryAfterMs: null }
    const error: unknown = expect.stringMatching(/certificate|the request failed/i)
    expect(answers).toEqual([ok, ok, { error }, { error }])
  })
})

test('only allowed addresses of a name are tried, and few of them', async () => {
  const mixed = ['10.0.0.1', '1.1.1.1', '169.254.169.254', 'not-an-address']
  expect(await targetsOf('a.test', false, async () => mixed)).toEqual(['1.1.1.1'])
  expect(await targetsOf('a.test', true, async () => mixed)).toEqual(['10.0.0.1', '1.1.1.1'])
  const many = Array.from({ length: 50 }, (_, index) => `1.1.1.${index}`)
  expect(await targetsOf('a.test', false, async () => many)).toHaveLength(4)
  let looks = 0
  await expect(
    targetsOf('a.test', false, async () => {
      looks += 1
      throw Object.assign(new Error('secret'), { code: 'EAI_AGAIN' })
    }),
  ).rejects.toThrow("the receiver's name could not be resolved")
  expect(looks).toBe(1)
})
