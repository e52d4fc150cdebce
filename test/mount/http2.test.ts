import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import * as http2 from 'node:http2'
import { request as requestTls } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createListener, type DiskRegistry, openRegistry } from 'layerdock/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleBytes } from '../../src/testing/index.ts'
import { hasOpenssl, makeCertificate } from '../cli/certificates.ts'
import { descriptorOf, digestOf, ociManifest } from '../http/client.ts'

let folder: string
let registry: DiskRegistry
let tls: { key: Buffer; cert: Buffer }
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'layerdock-http2-'))
  registry = await openRegistry({
    directory: join(folder, 'store'),
    limits: { blobBytes: 8_000_000 },
  })
  if (!hasOpenssl) return
  const { cert, key } = makeCertificate(folder, 'localhost')
  tls = { key: readFileSync(key), cert: readFileSync(cert) }
})
afterAll(async () => {
  await registry.close()
  rmSync(folder, { recursive: true })
})

type Server = http2.Http2Server | http2.Http2SecureServer

async function connected(server: Server): Promise<http2.ClientHttp2Session> {
  const { port } = server.address() as AddressInfo
  const scheme = 'setSecureContext' in server ? 'https' : 'http'
  const session = http2.connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  await once(session, 'connect')
  return session
}

interface Answer {
  readonly status: number
  readonly headers: http2.IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends a request over HTTP/2, its body in chunks and without a Content-Length unless given one. */
async function send(
  session: http2.ClientHttp2Session,
  method: string,
  path: string,
  {
    headers = {},
    body = [],
  }: { headers?: Record<string, string>; body?: readonly Uint8Array[] } = {},
): Promise<Answer> {
  const endStream = body.length === 0
  const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream })
  const answered = once(stream, 'response')
  for (const chunk of body) stream.write(chunk)
  if (!endStream) stream.end()
  const [answer] = (await answered) as [http2.IncomingHttpHeaders & { ':status': number }]
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return { status: answer[':status'], headers: answer, body: Buffer.concat(chunks) }
}

const kinds = hasOpenssl ? ['plain', 'TLS', 'TLS with HTTP/1'] : ['plain']

describe.each(kinds)('a registry under node:http2, %s', (kind) => {
  let server: Server
  let session: http2.ClientHttp2Session
  beforeAll(async () => {
    const listener = createListener(registry)
    server =
      kind === 'plain'
        ? http2.createServer(listener)
        : http2.createSecureServer({ ...tls, allowHTTP1: kind !== 'TLS' }, listener)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    session = await connected(server)
  })
  afterAll(async () => {
    session?.destroy()
    server?.close()
  })

  const newSession = async (): Promise<string> => {
    const { status, headers } = await send(session, 'POST', '/v2/app/blobs/uploads/')
    expect(status).toBe(202)
    return headers.location ?? ''
  }

  test('keeps the bodies of pushes that do not say how long they are', async () => {
    const location = await newSession()
    const body = [Buffer.from('some '), Buffer.from('bytes')]
    const patched = await send(session, 'PATCH', location, { body })
    expect([patched.status, patched.headers.range]).toEqual([202, '0-9'])
    const put = await send(session, 'PUT', `${location}?digest=${digestOf('some bytes')}`)
    expect(put.status).toBe(201)
    const target = `/v2/app/blobs/uploads/?digest=${digestOf('whole')}`
    const whole = await send(session, 'POST', target, { body: [Buffer.from('whole')] })
    expect(whole.status).toBe(201)
  })

  test('takes and gives an image', async () => {
    const layer = sampleBytes(3_000_000)
    const pushes = [layer, Buffer.from('{}')].map((bytes) =>
      send(session, 'POST', `/v2/app/blobs/uploads/?digest=${digestOf(bytes)}`, {
        body: [bytes.subarray(0, 100_000), bytes.subarray(100_000)].filter(
          (part) => part.length > 0,
        ),
      }),
    )
    expect((await Promise.all(pushes)).map(({ status }) => status)).toEqual([201, 201])
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { ...descriptorOf('{}', 'a/b') },
      layers: [{ mediaType: 'a/b', digest: digestOf(layer), size: layer.length }],
    })
    const headers = { 'content-type': ociManifest }
    const body = [Buffer.from(text)]
    expect((await send(session, 'PUT', '/v2/app/manifests/latest', { headers, body })).status).toBe(
      201,
    )
    const manifest = await send(session, 'GET', '/v2/app/manifests/latest')
    expect(manifest.body.toString()).toBe(text)
    const blob = await send(session, 'GET', `/v2/app/blobs/${digestOf(layer)}`)
    expect(blob.headers['content-length']).toBe(String(layer.length))
    expect(digestOf(blob.body)).toBe(digestOf(layer))
    const head = await send(session, 'HEAD', `/v2/app/blobs/${digestOf(layer)}`)
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([
      200,
      String(layer.length),
      0,
    ])
  })

  test('answers before the body is there, and the connection goes on', async () => {
    const target = `/v2/app/blobs/uploads/?digest=${digestOf('x')}`
    const head = { ':method': 'POST', ':path': target, 'content-length': '9000000' }
    const stream = session.request(head, { endStream: false })
    let body = ''
    stream.setEncoding('utf8').on('data', (text) => {
      body += text
    })
    const ended = once(stream, 'end')
    stream.write(Buffer.alloc(100_000))
    const [headers] = await once(stream, 'response')
    expect([headers[':status'], headers.connection]).toEqual([413, undefined])
    await ended
    expect(stream.aborted).toBe(false)
    expect(body).toContain('SIZE_INVALID')
    expect((await send(session, 'GET', '/v2/')).status).toBe(200)
  })

  test('does not take a body that was broken off for a whole one', async () => {
    const location = await newSession()
    const target = `${location}?digest=${digestOf('half')}`
    const other = await connected(server)
    const arrived = once(server, 'request')
    const stream = other.request({ ':method': 'PUT', ':path': target }, { endStream: false })
    stream.on('error', () => {})
    stream.write(Buffer.from('half'))
    const [incoming] = (await arrived) as [http2.Http2ServerRequest]
    // Its answer says that the server has what was sent before it.
    await new Promise((resolve) => other.ping(resolve))
    other.destroy()
    await once(incoming, 'close')
    expect((await send(session, 'GET', location)).status).toBe(204)
    expect((await send(session, 'HEAD', `/v2/app/blobs/${digestOf('half')}`)).status).toBe(404)
  })

  test.runIf(kind === 'TLS with HTTP/1')('takes HTTP/1 on the same port', async () => {
    const body = Buffer.alloc(200_000, 'x')
    const path = `/v2/app/blobs/uploads/?digest=${digestOf(body)}`
    const { port } = server.address() as AddressInfo
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }
    const outgoing = requestTls({ ...options, method: 'POST', path })
    outgoing.write(body)
    outgoing.end()
    const [answer] = await once(outgoing, 'response')
    answer.resume()
    expect([answer.httpVersion, answer.statusCode]).toEqual(['1.1', 201])
  })
})
