import { writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clientOf } from '../promises/client.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { useProgram } from './harness.ts'

const html = { Accept: 'text/html' }
/** `alice` with the password `secret`, at the lowest cost of bcrypt. */
const users = 'alice:$2y$04$DvK1qGCY6ZnFXG9hf3elweKqkgaORNwinV2.qdYmlhIzoYI4b50Om\n'

withServices(
  'the page of two servers that share a registry',
  { postgres, seaweedfs },
  (running) => {
    const cli = useProgram()

    async function twoServers(...words: readonly string[]): Promise<readonly [string, string]> {
      const { endpoint, region, accessKeyId, secretAccessKey } = running.seaweedfs
      const keys = join(cli.folder(), 'keys')
      writeFileSync(
        keys,
        `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      )
      const bucket = await running.seaweedfs.bucket()
      const place = `s3://${bucket}/${running.seaweedfs.prefix()}?endpoint=${endpoint}&region=${region}`
      const database = await running.postgres.database()
      const flags = ['--database', database, '--bucket', place, '--bucket-credentials-file', keys]
      const first = await cli.serve(...flags, ...words)
      const second = await cli.serve(...flags, ...words)
      return [first.url, second.url]
    }

    test('shows at one what is pushed at the other', async () => {
      const [one, other] = await twoServers()
      await clientOf(one).pushImage('team/app', 'v1')
      const stopped = new AbortController()
      const stream = await fetch(`${other}/_layerdock/events?watch=team/app`, {
        headers: { Accept: 'text/event-stream' },
        signal: stopped.signal,
      })
      const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      // The first look is what later ones are compared with, so a push before it is no news.
      let pushed = 1
      const pushing = setInterval(() => {
        pushed += 1
        clientOf(one)
          .pushImage('team/app', 'v1', { annotations: { pushed: `${pushed}` } })
          .catch(() => {})
      }, 1000)
      try {
        while (!text.includes('event: changed')) text += (await reader?.read())?.value ?? ''
        expect(text).toContain('data: {"kind":"changed","repository":"team/app"}')
      } finally {
        clearInterval(pushing)
        stopped.abort()
      }
      const view = await fetch(`${other}/_layerdock/repositories/team/app`, { headers: html })
      expect(await view.text()).toContain('v1')
    })

    test('knows at one who logged in at the other', async () => {
      const file = join(cli.folder(), 'users')
      writeFileSync(file, users, { mode: 0o600 })
      const servers = await twoServers('--htpasswd', file)
      for (const [one, other] of [servers, [...servers].reverse()] as const) {
        const cookie = await logIn(`${one}`)
        // Who is logged in has no use for the form.
        for (const [headers, status] of [
          [{ cookie }, 303],
          [{}, 200],
        ] as const) {
          expect((await ask(`${other}`, 'GET', { ...html, ...headers })).statusCode).toBe(status)
        }
      }
    })
  },
)

/** Asks for the form as a balancer does, under the name that it has for browsers. */
function ask(
  url: string,
  method: string,
  headers: Record<string, string>,
  body = '',
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const path = new URL('/_layerdock/login', url)
    const sent = request(path, { method, headers: { ...headers, host: 'registry.test' } })
    sent.once('error', reject).once('response', (answer) => resolve(answer.resume()))
    sent.end(body)
  })
}

/** Logs in as a browser does; the cookie. */
async function logIn(url: string): Promise<string> {
  const form = new URLSearchParams({ user: 'alice', password: 'secret' })
  const type = 'application/x-www-form-urlencoded'
  const headers = { ...html, origin: 'http://registry.test', 'content-type': type }
  const answer = await ask(url, 'POST', headers, form.toString())
  const [cookie = ''] = answer.headers['set-cookie'] ?? []
  expect(cookie).toContain('layerdock=')
  return cookie.split(';', 1)[0] ?? ''
}
