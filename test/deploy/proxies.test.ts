import { createHash, randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  compileProgram,
  entries,
  type Program,
  type RunningServer,
  start,
  startServer,
} from '../cli/program.ts'
import { proxies, type RunningProxy, startProxy } from './proxies.ts'
import { lacks } from './tools.ts'

let program: Program
beforeAll(async () => {
  program = await compileProgram()
})
afterAll(() => program?.remove())

const host = 'registry.example.com'
const mebibyte = 1 << 20
const half = randomFillSync(Buffer.alloc(12 * mebibyte))
const digest = `sha256:${createHash('sha256').update(half).update(half).digest('hex')}`
const login = `Basic ${btoa('alice:a long password')}`

for (const proxy of proxies) {
  describe.skipIf(lacks(proxy.name, proxy.isInstalled, proxy.advice))(
    `behind ${proxy.name}`,
    () => {
      let server: RunningServer
      let running: RunningProxy
      let data: string
      beforeAll(async () => {
        data = program.folder()
        const users = join(program.folder(), 'users')
        const adding = start(program, 'user', 'add', 'alice', '--htpasswd', users)
        adding.child.stdin?.end('a long password\n')
        expect((await adding.ended).code).toBe(0)
        const trusting = ['--trusted-proxies', '127.0.0.1', '--htpasswd', users, '--no-tokens']
        server = await startServer(program, '--storage-dir', data, ...trusting)
        running = await startProxy(proxy, server.port)
      })
      afterAll(async () => {
        await running?.stop()
        server?.child.kill('SIGTERM')
        await server?.ended
      })

      test('its own check finds the snippet right', () => {
        const { status, out, err } = running.checked
        expect({ status, said: status === 0 ? '' : out + err }).toEqual({ status: 0, said: '' })
        expect(out + err).not.toMatch(/\[(WARNING|ALERT|warn|emerg)\]/)
      })

      test('a large blob goes in and out over TLS, passed on while it comes', async () => {
        const begun = await exchange('POST', '/v2/team/app/blobs/uploads/')
        expect(begun.status).toBe(202)
        const session = pathOf(begun)
        const patch = open('PATCH', session, { 'Content-Type': 'application/octet-stream' })
        patch.write(half)
        // The rest is sent once the registry has most of the first half: a proxy that waits for the end would wait.
        while (bytesIn(data) < half.length / 2) await new Promise((done) => setTimeout(done, 20))
        patch.end(half)
        const patched = await answerOf(patch)
        expect(patched.status).toBe(202)
        const put = await exchange('PUT', withQuery(pathOf(patched), `digest=${digest}`))
        expect(put.status).toBe(201)

        const pulled = await exchange('GET', `/v2/team/app/blobs/${digest}`)
        expect(pulled.status).toBe(200)
        expect(createHash('sha256').update(pulled.body).digest('hex')).toBe(digest.slice(7))
      })

      test('the server learns who asks, and how', async () => {
        await exchange('GET', '/v2/', {}, { localAddress: '127.0.0.9' })
        const late = performance.now() + 30_000
        const asked = (): boolean =>
          entries(server.out().slice(0, server.out().lastIndexOf('\n'))).some((line) =>
            JSON.stringify(line).includes('127.0.0.9'),
          )
        while (!asked() && performance.now() < late)
          await new Promise((done) => setTimeout(done, 20))
        expect(asked()).toBe(true)
      })

      interface Exchanged {
        readonly status: number
        readonly headers: IncomingMessage['headers']
        readonly body: Buffer
      }

      function open(
        method: string,
        path: string,
        headers: Readonly<Record<string, string>> = {},
        more: { readonly localAddress?: string } = {},
      ): ClientRequest {
        return request({
          host: '127.0.0.1',
          port: running.port,
          method,
          path,
          headers: { Host: `${host}:${running.port}`, Authorization: login, ...headers },
          servername: host,
          agent: false,
          rejectUnauthorized: false,
          ...more,
        })
      }

      async function answerOf(asked: ClientRequest): Promise<Exchanged> {
        const [answer] = (await once(asked, 'response')) as [IncomingMessage]
        const chunks: Buffer[] = []
        for await (const chunk of answer) chunks.push(chunk as Buffer)
        const { statusCode = 0, headers } = answer
        return { status: statusCode, headers, body: Buffer.concat(chunks) }
      }

      function exchange(...given: Parameters<typeof open>): Promise<Exchanged> {
        const asked = open(...given)
        asked.end()
        return answerOf(asked)
      }

      function pathOf({ headers }: Exchanged): string {
        const { pathname, search } = new URL(headers.location ?? '', `https://127.0.0.1`)
        return pathname + search
      }
    },
  )
}

function withQuery(path: string, query: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${query}`
}

/** The bytes of all files below a folder. */
function bytesIn(folder: string): number {
  let sum = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    try {
      sum += statSync(join(entry.parentPath, entry.name)).size
    } catch {
      // It has just gone.
    }
  }
  return sum
}
