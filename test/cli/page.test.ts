import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dial, readUntil } from '../node-fs/loopback.ts'
import { clientOf } from '../promises/client.ts'
import { describeEverywhere, useProgram } from './harness.ts'

const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

async function typeOf(url: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(url, { headers })
  await answer.body?.cancel()
  return `${answer.status} ${answer.headers.get('content-type')}`
}

describeEverywhere('the page of a server on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('is for browsers at /, beside plain text for others, and data for programs', async () => {
    const { url } = await cli.serve('--memory', '--page-title', 'Our <registry>')
    expect(await typeOf(url, browser)).toBe('200 text/html; charset=utf-8')
    expect(await typeOf(url)).toBe('200 text/plain; charset=utf-8')
    expect(await typeOf(url, { Accept: 'application/json' })).toContain('200 application/json')
    expect(await typeOf(`${url}/live`, browser)).toContain('200 application/json')
    expect(await typeOf(`${url}/healthz`, browser)).toContain('200 application/json')
    expect(await typeOf(`${url}/v2/`, browser)).toContain('200 application/json')
    const text = await (await fetch(url, { headers: browser })).text()
    expect(text).toContain('Our &lt;registry&gt;')
  })

  test('is not there without it', async () => {
    const { url } = await cli.serve('--memory', '--no-page')
    expect(await typeOf(url, browser)).toBe('200 text/plain; charset=utf-8')
    expect(await typeOf(`${url}/_layerdock/`, browser)).toContain('404 application/json')
  })

  test('holds up no end: views that wait for changes are ended', async ({ expect }) => {
    const { url, child, ended } = await cli.serve('--memory', '--drain-seconds', '60')
    const stream = await fetch(`${url}/_layerdock/events`, {
      headers: { Accept: 'text/event-stream' },
    })
    expect(stream.headers.get('content-type')).toContain('text/event-stream')
    const reading = stream.text()
    child.kill('SIGTERM')
    expect(await reading).toContain('retry:')
    expect((await ended).code).toBe(0)
  })

  test('has room for as many views as come and go', async () => {
    const { port } = await cli.serve('--memory')
    // More than one caller may have at once.
    for (let count = 0; count < 40; count++) {
      const socket = await dial(port)
      // A query that looks like a path of the API changes nothing.
      socket.write('GET /_layerdock/events?watch=team/v2/app HTTP/1.1\r\nHost: h\r\n\r\n')
      expect(await readUntil(socket, 'retry:')).toMatch(/^HTTP\/1.1 200/)
      if (count % 2 === 0) socket.destroy()
      else socket.end()
    }
  })

  test('lets those log in who have a password, and knows them after a restart', async () => {
    const [folder, file] = [cli.folder(), join(cli.folder(), 'users')]
    writeFileSync(file, users, { mode: 0o600 })
    const words = ['--storage-dir', folder, '--htpasswd', file]
    const first = await cli.serve(...words)
    // Who is logged in has no use for the form.
    const isKnown = async (url: string, cookie: string): Promise<boolean> => {
      const form = `${url}/_layerdock/login`
      const headers = { ...browser, cookie }
      const { status } = await fetch(form, { headers, redirect: 'manual' })
      return status === 303
    }
    expect(await isKnown(first.url, '')).toBe(false)
    const cookie = await logIn(first.url, 'secret')
    expect(await isKnown(first.url, cookie)).toBe(true)
    expect(await logIn(first.url, 'wrong')).toBe('')
    first.child.kill('SIGTERM')
    await first.ended
    expect(statSync(join(folder, 'page-session.json')).mode & 0o777).toBe(0o600)
    const second = await cli.serve(...words, '--listen', `127.0.0.1:${first.port}`)
    expect(await isKnown(second.url, cookie)).toBe(true)
  })
})

describe('the page of a server that takes no changes', () => {
  const cli = useProgram()

  async function dataOf(url: string): Promise<Record<string, unknown>> {
    const answer = await fetch(url, { headers: { Accept: 'application/json' } })
    return (await answer.json()) as Record<string, unknown>
  }

  test('says that it only reads, and refuses changes', async () => {
    const folder = cli.folder()
    const first = await cli.serve('--storage-dir', folder)
    await clientOf(first.url).pushImage('team/app', 'latest')
    expect(await dataOf(`${first.url}/_layerdock/repositories/team/app`)).toMatchObject({
      mayDelete: true,
    })
    first.child.kill('SIGTERM')
    await first.ended
    const { url } = await cli.serve('--storage-dir', folder, '--read-only')
    expect(await dataOf(url)).toMatchObject({ status: { health: 'read-only' } })
    const view = `${url}/_layerdock/repositories/team/app`
    expect(await dataOf(view)).toMatchObject({ mayDelete: false })
    const headers = { origin: url, Accept: 'application/json' }
    const body = new URLSearchParams({ seen: 'all' })
    const path = `${url}/_layerdock/delete/team/app:latest`
    const { status } = await fetch(path, { method: 'POST', headers, body })
    expect(status).toBeGreaterThanOrEqual(400)
  })

  test('offers no deletion where there is none', async () => {
    const { url } = await cli.serve('--memory', '--no-deletes')
    await clientOf(url).pushImage('team/app', 'latest')
    expect(await dataOf(url)).toMatchObject({ status: { health: 'ok' } })
    const view = `${url}/_layerdock/repositories/team/app`
    expect(await dataOf(view)).toMatchObject({ mayDelete: false })
    const form = await fetch(view, { headers: browser })
    expect(await form.text()).not.toContain('/_layerdock/delete/')
  })
})

/** `alice` with the password `secret`, at the lowest cost of bcrypt. */
const users = 'alice:$2y$04$DvK1qGCY6ZnFXG9hf3elweKqkgaORNwinV2.qdYmlhIzoYI4b50Om\n'

/** Logs in as a browser does; the cookie, empty where there is none. */
async function logIn(url: string, password: string): Promise<string> {
  const answer = await fetch(`${url}/_layerdock/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...browser, origin: url },
    body: new URLSearchParams({ user: 'alice', password }),
  })
  await answer.body?.cancel()
  return (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
}
