import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hash } from 'bcryptjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf } from '../cli/harness.ts'
import {
  entries,
  type Program,
  programFor,
  type RunningServer,
  startServer,
} from '../cli/program.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { exchange, head, type RawAnswer } from './raw-socket.ts'

/** What depends on the HTTP of a runtime, and the core alone cannot promise. */

const password = 'secret'
const authorization = `Authorization: Basic ${btoa(`alice:${password}`)}`
const close = 'Connection: close'
let users: string

beforeAll(async () => {
  users = `alice:${(await hash(password, 4)).replace('$2b$', '$2y$')}\n`
})

function serve(program: Program, ...flags: readonly string[]): Promise<RunningServer> {
  const folder = program.folder()
  const file = join(folder, 'users')
  writeFileSync(file, users, { mode: 0o600 })
  const storage = join(folder, 'store')
  return startServer(program, '--htpasswd', file, '--storage-dir', storage, ...flags)
}

async function answerTo(
  port: number,
  ...parts: readonly (string | Uint8Array)[]
): Promise<RawAnswer> {
  const { answers, text } = await exchange(port, ...parts)
  expect(answers, text.slice(0, 500)).toHaveLength(1)
  return answers[0] as RawAnswer
}

describeOnRuntimes('served on %s', (runtime) => {
  let program: Program
  let server: RunningServer
  let named: RunningServer

  beforeAll(async () => {
    program = await programFor(runtime)
    const publicUrl = ['--public-url', 'https://registry.test']
    const starts = [serve(program, '--log', 'debug'), serve(program, ...publicUrl)] as const
    ;[server, named] = await Promise.all(starts)
  })
  afterAll(async () => {
    for (const { child, ended } of [server, named]) {
      child.kill('SIGKILL')
      await ended
    }
    program.remove()
  })

  test('no Host and no forwarded header is in an answer, the realm of a challenge included', async () => {
    const { port } = named
    const forwarded = [
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Proto: evil.test',
      'X-Forwarded-Port: 666',
      'Forwarded: host=evil.test;proto=https',
      'X-Original-URL: /evil.test',
      'Origin: http://evil.test',
      'Referer: http://evil.test/',
    ]
    const realm = 'realm="https://registry.test/v2/_layerdock/token"'
    for (const host of ['evil.test', 'evil.test:1234', 'EVIL.TEST']) {
      const lines = [`Host: ${host}`, ...forwarded, 'Content-Length: 0', close]
      for (const line of ['GET /v2/', 'GET /v2/a/tags/list', 'POST /v2/a/blobs/uploads/']) {
        const { status, headers, body } = await answerTo(port, head(`${line} HTTP/1.1`, ...lines))
        // A page of another site may not even ask for a push.
        expect([401, 403]).toContain(status)
        if (status === 401) expect(headers.get('www-authenticate')).toContain(realm)
        expect(`${[...headers].join('\n')}${body}`).not.toMatch(/evil|666/i)
      }
      const target = 'GET /v2/_layerdock/token?scope=repository:a:pull HTTP/1.1'
      const { status, headers, body } = await answerTo(port, head(target, authorization, ...lines))
      expect(status).toBe(200)
      const [, claims = ''] = JSON.parse(chunksOf(body)).token.split('.')
      expect(Buffer.from(claims, 'base64url').toString()).not.toMatch(/evil/i)
      expect([...headers].join('\n')).not.toMatch(/evil/i)
    }
  })

  test('without a public URL, the realm has the host that was asked, and nothing else of a client', async () => {
    const { port } = server
    const ask = (...lines: readonly string[]): ReturnType<typeof exchange> =>
      exchange(port, head('GET /v2/ HTTP/1.1', ...lines, 'X-Forwarded-Host: evil.test', close))
    const [answer] = (await ask('Host: mirror.test:5000')).answers
    expect(answer?.headers.get('www-authenticate')).toBe(
      'Bearer realm="http://mirror.test:5000/v2/_layerdock/token",service="layerdock"',
    )
    // What would end the quotes or the header, or name another host than the one that is shown.
    for (const host of ['a",realm="http://evil.test', 'a b', 'me@evil.test', 'a/evil', 'a?evil']) {
      const { answers, text } = await ask(`Host: ${host}`)
      for (const { status } of answers) expect([400, 421]).toContain(status)
      expect(text).not.toMatch(/www-authenticate|evil/i)
    }
  })

  test('a body without a length ends at its limit, not at its end', async () => {
    const { port } = server
    const bodies = [
      [`PUT /v2/a/manifests/x`, 'application/vnd.oci.image.manifest.v1+json', 4 * 1024 * 1024],
      ['POST /v2/_layerdock/token', 'application/x-www-form-urlencoded', 64 * 1024],
    ] as const
    const answers = bodies.map(([line, type, limit]) => {
      const start = head(
        `${line} HTTP/1.1`,
        authorization,
        `Content-Type: ${type}`,
        'Transfer-Encoding: chunked',
      )
      // No last chunk: a server that waits for it never answers.
      const chunk = `${(limit + 1).toString(16)}\r\n${' '.repeat(limit + 1)}\r\n`
      return answerTo(port, start, chunk)
    })
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([413, 413])
  })

  test('a thousand ranges of a blob are no more than the blob', async () => {
    const { port, url } = server
    const bytes = Buffer.alloc(100_000, 'x')
    const digest = digestOf(bytes)
    const target = `${url}/v2/a/blobs/uploads/?digest=${digest}`
    const headers = { authorization: `Basic ${btoa(`alice:${password}`)}` }
    expect((await fetch(target, { method: 'POST', headers, body: bytes })).status).toBe(201)
    const asked = [...Array(1000).keys()].map((at) => `${at}-`).join()
    const { text } = await exchange(
      port,
      head(`GET /v2/a/blobs/${digest} HTTP/1.1`, authorization, `Range: bytes=${asked}`, close),
    )
    expect(text).toMatch(/^HTTP\/1\.1 20[06] /)
    expect(text.length).toBeLessThan(bytes.length + 2000)
  })

  test('there are no metrics to scrape', async () => {
    const { url } = server
    for (const path of ['/metrics', '/v2/metrics', '/debug/vars', '/debug/pprof/']) {
      expect((await fetch(`${url}${path}`)).status).toBeGreaterThanOrEqual(401)
    }
  })

  test('control characters of a client are a 400 or a name, and in no line of the log', async () => {
    const evils = ['\r\nX-Evil: 1', '\n', '\0', '\x1b[2J', '\x7f', '\x85', '\u2028', 'é']
    const heads = evils.flatMap((evil) => {
      const quoted = encodeURIComponent(evil)
      const raw = Buffer.from(evil).toString('latin1')
      return [
        head(`GET /v2/a${quoted}/tags/list?last=${quoted} HTTP/1.1`, authorization, close),
        head(`PUT /v2/a/manifests/a${quoted} HTTP/1.1`, authorization, 'Content-Length: 0', close),
        head('GET /v2/a/tags/list HTTP/1.1', authorization, `User-Agent: a${raw}b`, close),
        head('GET /v2/ HTTP/1.1', authorization, `X-Request-Id: a${raw}b`, close),
      ]
    })
    for (const text of heads) {
      const { answers } = await exchange(server.port, text)
      for (const { status, headers } of answers) {
        expect(status, text).toBeLessThan(500)
        expect(headers.has('x-evil')).toBe(false)
      }
    }
    server.child.kill('SIGTERM')
    const { out } = await server.ended
    expect(entries(out).filter(({ msg }) => msg === 'request').length).toBeGreaterThan(10)
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
  })
})

/** The text of a body that may be chunked. */
function chunksOf(body: string): string {
  return body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)
}
