import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hash } from 'bcryptjs'
import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatApiTokens } from '../../src/access/api-token-list.ts'
import { hashApiToken, makeApiTokenText } from '../../src/access/api-token-text.ts'
import { audience, type LocalIssuer, localIssuer } from '../access/local-issuer.ts'
import { type Harness, useProgram } from '../cli/harness.ts'
import { printed, type RunningServer } from '../cli/program.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import {
  authorizations,
  type Canary,
  canary,
  forms,
  found,
  otherHeaders,
  targets,
} from './canaries.ts'
import { exchange, head } from './raw-socket.ts'

/** Secrets are logged elsewhere, zot `8a99a3ed`: each of these stands where a secret may, and is looked for. */

const password = 'c4n4ry-Pass/word+rïght'
const wrongPassword = 'c4n4ry-Pass/word+wrong'
const hookSecret = 'h00k-Secret/word+of-some-length'
const hookPath = 'h00k-Path-of-a-receiver'
const apiToken = makeApiTokenText()
const id = apiToken.slice('ldk_'.length, 'ldk_'.length + 12)
let issuer: LocalIssuer
let passwordHash: string
let privateKey: Record<string, unknown>

beforeAll(async () => {
  issuer = await localIssuer()
  passwordHash = (await hash(password, 4)).replace('$2b$', '$2y$')
  const pair = await generateKeyPair('ES256', { extractable: true })
  privateKey = { ...(await exportJWK(pair.privateKey)), kid: 'c4n4ry' }
})
afterAll(() => issuer.close())

/** The files of a server, all right. */
interface Files {
  readonly storage: string
  readonly users: string
  readonly policy: string
  readonly keys: string
  readonly webhooks: string
  readonly tokens: string
  readonly audit: string
  readonly flags: readonly string[]
}

function writeFiles(cli: Harness): Files {
  const folder = cli.folder()
  const access = cli.folder()
  const at = (name: string): string => join(folder, name)
  const files = {
    users: at('users'),
    policy: at('policy.json'),
    keys: at('jwks.json'),
    webhooks: at('webhooks.json'),
  }
  const tokens = join(access, 'tokens.json')
  const audit = at('audit.log')
  const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 })
  write(files.users, `alice:${passwordHash}\n`)
  write(
    files.policy,
    JSON.stringify({
      issuers: [
        { name: 'ci', issuer: issuer.url, audiences: [audience], keys: { file: 'jwks.json' } },
      ],
      rules: [{ who: '*', repositories: '**', allow: ['pull', 'push', 'delete'] }],
    }),
  )
  write(files.keys, JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) }))
  const made = { id, name: 'deploy', owner: 'alice', hash: hashApiToken(apiToken), grants: null }
  write(tokens, formatApiTokens([{ ...made, created: Date.now(), expires: null }]))
  write(at('hook-url'), `https://127.0.0.1:1/${hookPath}`)
  write(at('hook-secret'), hookSecret)
  write(
    files.webhooks,
    JSON.stringify({
      registry: 'registry.test',
      endpoints: [
        {
          name: 'hook',
          url: { file: 'hook-url' },
          format: 'harbor',
          events: ['push', 'pull', 'delete'],
          allowPrivate: true,
          secret: { file: 'hook-secret' },
          headers: { Authorization: { file: 'hook-secret' } },
        },
      ],
    }),
  )
  const storage = at('store')
  const flags = [
    ...['--storage-dir', storage, '--access-dir', access, '--log', 'debug'],
    ...['--htpasswd', files.users, '--policy', files.policy, '--audit-log', audit],
    ...['--max-failed-logins', '1000000', '--webhooks', files.webhooks],
  ]
  return { ...files, tokens, audit, storage, flags }
}

/** What the token endpoint gives is a secret that its caller has to see; what is in it is none. */
function withoutTokens(answer: string): string {
  return answer.replace(/"(?:token|access_token|refresh_token)":"([^"]+)"/g, (_, token: string) =>
    token.split('.').slice(0, 2).map(decoded).join(''),
  )
}

function decoded(base64url: string): string {
  return Buffer.from(base64url, 'base64url').toString()
}

/** Sends what a client could with a secret: everything that came back. */
async function sendAll(port: number, user: string, secret: string): Promise<string> {
  const close = 'Connection: close'
  const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
  const lines = (headers: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(headers).map(([name, value]) => latin1(`${name}: ${value}`))
  const requests = [
    ...authorizations(user, secret).flatMap((value) => [
      head('GET /v2/app/tags/list HTTP/1.1', latin1(`Authorization: ${value}`), close),
      head(
        'GET /v2/_layerdock/token?scope=repository:app:pull HTTP/1.1',
        latin1(`Authorization: ${value}`),
        close,
      ),
    ]),
    ...['GET /', 'GET /healthz', 'GET /no', 'PATCH /v2/', 'POST /v2/app/blobs/uploads/'].map(
      (line) => head(`${line} HTTP/1.1`, `Authorization: Bearer ${latin1(secret)}`, close),
    ),
    head('GET /v2/ HTTP/1.1', `Authorization : Bearer ${latin1(secret)}`, close),
    head('GET /v2/ HTTP/1.1', `Authorization: Bearer ${latin1(secret)}\u0001`, close),
    head('GET /v2/ HTTP/1.1', `Authorization: ${latin1(secret).padEnd(70_000, 'x')}`, close),
    `GET /v2/ ${latin1(secret)}\r\n\r\n`,
    ...otherHeaders(secret).map((headers) =>
      head('GET /v2/app/tags/list HTTP/1.1', ...lines(headers), close),
    ),
    ...targets(secret).flatMap((target) => [
      head(`GET ${target} HTTP/1.1`, close),
      head(`POST ${target} HTTP/1.1`, 'Content-Length: 0', close),
    ]),
    ...forms(user, secret).map(
      ([type, body]) =>
        head(
          'POST /v2/_layerdock/token HTTP/1.1',
          latin1(`Content-Type: ${type}`),
          `Content-Length: ${Buffer.byteLength(body)}`,
          close,
        ) + latin1(body),
    ),
  ]
  const answers = await Promise.all(requests.map((request) => exchange(port, request)))
  expect(answers.filter(({ text }) => text !== '').length).toBeGreaterThan(requests.length - 4)
  return withoutTokens(answers.map(({ text }) => text).join('\n'))
}

async function tokensFor(
  { url }: RunningServer,
  user: string,
  given: string,
): Promise<{ readonly access_token: string; readonly refresh_token: string }> {
  const fields = { grant_type: 'password', username: user, password: given, service: 'layerdock' }
  const body = new URLSearchParams({ ...fields, access_type: 'offline' })
  const answer = await fetch(`${url}/v2/_layerdock/token`, { method: 'POST', body })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { access_token: string; refresh_token: string }
}

function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Files that cannot be used, each with a secret where it went wrong. */
const broken = {
  users: () => `alice:${password}\n${wrongPassword}\nbob:${passwordHash}x\n`,
  policy: () => `{"rules": [], "password": ${wrongPassword}`,
  keys: () => JSON.stringify({ keys: [privateKey] }),
  webhooks: () =>
    JSON.stringify({
      registry: 'registry.test',
      endpoints: [
        { name: 'hook', url: `ftp://a.test/${hookPath}`, format: 'harbor', secret: hookSecret },
      ],
    }),
  tokens: () => `{"version": 1, "tokens": [{"hash": ${wrongPassword}}, "${apiToken}"`,
}

describeOnRuntimes('secrets on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('are in no log, audit line or answer, whatever a client sends', async () => {
    const files = writeFiles(cli)
    const server = await cli.serve(...files.flags)
    const job = await issuer.token()
    const expired = await issuer.token({ exp: 1, sub: 'expired' })
    const ours = await tokensFor(server, 'alice', password)
    const sent: readonly Canary[] = [
      canary('a password', password),
      canary('a wrong password', wrongPassword),
      canary('an API token', apiToken),
      canary('an unknown API token', makeApiTokenText()),
      canary('the token of a job', job),
      canary('an expired token', expired),
      canary('an access token', ours.access_token),
      canary('a refresh token', ours.refresh_token),
    ]
    let answers = ''
    for (const { text } of sent) answers += await sendAll(server.port, 'alice', text)
    for (const path of ['/', '/live', '/ready', '/healthz']) {
      answers += await (await fetch(`${server.url}${path}`)).text()
    }

    const signing = JSON.parse(readFileSync(join(files.tokens, '../keys.json'), 'utf8'))
    const held = [
      canary('the hash of a password', passwordHash),
      canary('the hash of an API token', hashApiToken(apiToken)),
      canary('the signing key', signing.keys[0].jwk.d),
      canary('the private key of an issuer', String(privateKey.d)),
      canary('the secret of a webhook', hookSecret),
      canary('the path of a webhook', hookPath),
    ]
    const all = [...sent, ...held]
    for (const name of ['users', 'policy', 'tokens', 'webhooks'] as const)
      replace(files[name], broken[name]())
    server.child.kill('SIGHUP')
    for (const what of ['users', 'policy', 'API tokens', 'webhooks']) {
      await printed(server, `${what} not reloaded`)
    }
    server.child.kill('SIGTERM')
    const { out, err, code } = await server.ended
    expect(code).toBe(0)
    const audit = readFileSync(files.audit, 'utf8')
    // They say something: nothing is found in an empty text.
    expect(out.split('\n').length).toBeGreaterThan(100)
    expect(audit).toContain('"principal":"alice"')
    expect(audit).toContain('"token":"deploy"')
    expect(audit).toContain('"principal":"ci:')
    expect({
      answers: found(all, answers),
      out: found(all, out),
      err: found(all, err),
      audit: found(all, audit),
    }).toEqual({ answers: [], out: [], err: [], audit: [] })
  })

  test('are in no message of a server that does not start', async () => {
    const canaries = [
      canary('a password', password),
      canary('a wrong password', wrongPassword),
      canary('an API token', apiToken),
      canary('the hash of a password', passwordHash),
      canary('a private key', String(privateKey.d)),
      canary('the secret of a webhook', hookSecret),
      canary('the path of a webhook', hookPath),
    ]
    const starts = Object.entries(broken).map(async ([name, text]) => {
      const files = writeFiles(cli)
      replace(files[name as keyof typeof broken], text())
      return cli.run('serve', '--listen', '127.0.0.1:0', ...files.flags)
    })
    const config = join(cli.folder(), 'config.json')
    writeFileSync(config, `{"password": "${password}", "listen": ${wrongPassword}}`)
    const metrics = join(cli.folder(), 'metrics-token')
    writeFileSync(metrics, `${password}\n${wrongPassword}\n`, { mode: 0o600 })
    const serve = ['serve', '--memory', '--listen', '127.0.0.1:0'] as const
    starts.push(
      cli.run(...serve, '--config', config),
      // The text of a file where its name belongs, and a URL with more than a host.
      cli.run(...serve, '--htpasswd', `alice:${passwordHash}`),
      cli.run(...serve, '--public-url', `https://me:${password}@registry.test`),
      // A token with characters that no header has, and the token in place of the file.
      cli.run(...serve, '--metrics-token-file', metrics),
      cli.run(...serve, '--metrics-token-file', apiToken),
    )
    for (const { code, out, err } of await Promise.all(starts)) {
      expect(code, `${out}${err}`).not.toBe(0)
      expect(err).toMatch(/^layerdock: /)
      expect(found(canaries, `${out}${err}`), `${out}${err}`).toEqual([])
    }
  })
})
