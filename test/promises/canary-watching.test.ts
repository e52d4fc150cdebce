import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { hash } from 'bcryptjs'
import { afterAll, beforeAll, test } from 'vitest'
import { type Program, start, startServer } from '../cli/program.ts'
import { clientOf } from '../http/client.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../tracing/otlp-receiver.ts'
import { withSdk } from '../tracing/with-sdk.ts'
import { authorizations, canary, found, otherHeaders, targets } from './canaries.ts'
import { exchange, head } from './raw-socket.ts'

/** Secrets of what watches a server and is told by it: metrics, traces, webhooks, the page. See canary-secrets. */

const password = 'c4n4ry-Pass/word+right'
const wrongPassword = 'c4n4ry-Pass/word+wrong'
const metricsToken = 'm3tr1cs-Token/of+more-than-16-characters'
const wrongToken = 'wr0ng-Token/of+more-than-16-characters'
const hookSecret = 'h00k-Secret/word+of-some-length'
const hookHeader = 'h34der-Secret/word+of-some-length'
const hookPath = 'p4th-Of-a-receiver/that+is-secret'

/** A receiver that is gone for good, and says all that it was sent. */
async function echoingReceiver(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    const told = JSON.stringify([request.url, request.headers])
    // What it says beside its status may come to the log by mistake.
    response.writeHead(410, told.replace(/[^ -~]/g, ''), { 'X-Told': told }).end(told)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, url: `http://127.0.0.1:${port}` }
}

describeOnRuntimes('secrets around a server on %s', (runtime) => {
  let traces: OtlpReceiver
  let receiver: Awaited<ReturnType<typeof echoingReceiver>>
  let program: Program
  beforeAll(async () => {
    traces = await startOtlpReceiver()
    receiver = await echoingReceiver()
    program = await withSdk(runtime, traces.url)
  })
  afterAll(async () => {
    program.remove()
    receiver.server.closeAllConnections()
    receiver.server.close()
    await traces.close()
  })

  async function writeFiles(folder: string): Promise<readonly string[]> {
    const file = (name: string, text: string): string => {
      const path = join(folder, name)
      writeFileSync(path, text, { mode: 0o600 })
      return path
    }
    const users = file('users', `alice:${(await hash(password, 4)).replace('$2b$', '$2y$')}\n`)
    file('url', `${receiver.url}/${hookPath}`)
    file('secret', hookSecret)
    file('header', `Bearer ${hookHeader}`)
    const endpoint = {
      name: 'hook',
      url: { file: 'url' },
      format: 'harbor',
      events: ['push', 'delete'],
      allowPrivate: true,
      secret: { file: 'secret' },
      headers: { Authorization: { file: 'header' }, 'X-Api-Key': { file: 'header' } },
    }
    const hooks = file(
      'webhooks.json',
      JSON.stringify({ registry: 'registry.test', endpoints: [endpoint] }),
    )
    return [
      ...['--storage-dir', join(folder, 'store'), '--log', 'debug'],
      ...['--audit-log', join(folder, 'audit'), '--htpasswd', users, '--webhooks', hooks],
      ...['--metrics-token-file', file('metrics', `${metricsToken}\n`)],
      ...['--max-failed-logins', '1000000'],
    ]
  }

  test('are in no log, audit line, metric, span, list of webhooks or answer', async ({
    expect,
  }) => {
    const folder = program.folder()
    const flags = await writeFiles(folder)
    const server = await startServer(program, ...flags)
    try {
      const { url, port } = server
      const authorization = `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`
      const cookie = await logIn(url, password)
      await logIn(url, wrongPassword)
      const session = cookie.slice(cookie.indexOf('=') + 1)
      expect(session.length).toBeGreaterThan(40)
      const kept = JSON.parse(readFileSync(join(folder, 'store/page-session.json'), 'utf8'))
      const overTheWire = {
        fetch: (request: Request) =>
          fetch(new Request(request.url.replace('http://registry.test', url), request)),
      }
      await clientOf(overTheWire, { authorization }).pushImage('app', 'v1')

      const sent = [
        canary('a password', password),
        canary('a wrong password', wrongPassword),
        canary('the token of the metrics', metricsToken),
        canary('a wrong token of the metrics', wrongToken),
        canary('the cookie of a session', session),
      ]
      let answers = ''
      for (const { text } of sent) answers += await sendAll(port, text)
      const pageOf = async (path: string): Promise<string> =>
        (await fetch(`${url}${path}`, { headers: { cookie, accept: 'text/html' } })).text()
      for (const path of ['/', '/_layerdock/repositories/app', `/?session=${session}`]) {
        answers += await pageOf(path)
      }

      const all = [
        ...sent,
        canary('the secret of sessions', kept.secret),
        canary('the secret of a webhook', hookSecret),
        canary('a header of a webhook', hookHeader),
        canary('the path of a webhook', hookPath),
      ]
      const lists = await listsOf(flags)
      const headers = { authorization: `Bearer ${metricsToken}` }
      const metrics = await (await fetch(`${url}/metrics`, { headers })).text()
      await traces.until((spans) => spans.some(({ name }) => name === 'GET /v2/<name>/tags/list'))
      server.child.kill('SIGTERM')
      const { out, err, code } = await server.ended
      expect(code).toBe(0)
      const audit = readFileSync(join(folder, 'audit'), 'utf8')
      // Deno makes spans of its own, which have the whole URL.
      const own = traces.spans().filter(({ scope }) => scope === 'layerdock')
      const spans = JSON.stringify(own)
      // They say something: nothing is found in an empty text.
      expect(out.split('\n').length).toBeGreaterThan(100)
      expect(audit).toContain('"principal":"alice"')
      expect(metrics).toContain('layerdock_webhook_dead_letters')
      expect(lists).toContain('the receiver answered 410')
      expect(own.length).toBeGreaterThan(100)
      const texts = { answers, out, err, audit, metrics, lists, spans }
      expect(
        Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, found(all, text)])),
      ).toEqual(Object.fromEntries(Object.keys(texts).map((name) => [name, []])))
    } finally {
      server.child.kill('SIGKILL')
    }
  })

  /** What the commands say of webhooks while dead letters wait. */
  async function listsOf(flags: readonly string[]): Promise<string> {
    const at = flags.slice(0, 2)
    const run = async (...words: readonly string[]): Promise<string> => {
      const { out, err } = await start(program, 'webhook', ...words, ...at).ended
      return out + err
    }
    let lists = ''
    do lists = await run('list', '--dead')
    while (!lists.includes('410'))
    for (const words of [['list'], ['list', 'hook', '--json'], ['test', 'hook']]) {
      lists += await run(...words)
    }
    return lists
  }
})

/** Logs in at the page, as a browser does; the cookie, empty where there is none. */
async function logIn(url: string, given: string): Promise<string> {
  const answer = await fetch(`${url}/_layerdock/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', origin: url },
    body: new URLSearchParams({ user: 'alice', password: given }),
  })
  await answer.body?.cancel()
  return (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
}

/** Sends a secret wherever one may stand, to the registry, the metrics and the page: everything that came back. */
async function sendAll(port: number, secret: string): Promise<string> {
  const close = 'Connection: close'
  const paths = ['/metrics', '/', '/v2/app/tags/list', '/_layerdock/login']
  const lines = (headers: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const requests = [
    ...paths.flatMap((path) => [
      ...authorizations('alice', secret).map((value) =>
        head(`GET ${path} HTTP/1.1`, `Authorization: ${value}`, close),
      ),
      ...otherHeaders(secret).map((headers) =>
        head(`GET ${path} HTTP/1.1`, ...lines(headers), close),
      ),
      head(`GET ${path}?token=${encodeURIComponent(secret)} HTTP/1.1`, close),
      head(
        `GET ${path} HTTP/1.1`,
        `Cookie: layerdock=${secret}; __Host-layerdock=${secret}`,
        close,
      ),
    ]),
    ...targets(secret).map((target) => head(`GET ${target} HTTP/1.1`, close)),
  ]
  const answers = await Promise.all(requests.map((request) => exchange(port, request)))
  return answers.map(({ text }) => text).join('\n')
}
