import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { forgeriesOf } from '../access/forgeries.ts'
import { audience, issuerKey, localIssuer } from '../access/local-issuer.ts'
import { makeAuthority } from '../node-http/test-authority.ts'
import { hasOpenssl } from './certificates.ts'
import { describeEverywhere, digestOf, useProgram } from './harness.ts'
import { printed } from './program.ts'

/** `alice` with the password `secret`, and `bob` with `hunter2`, at the lowest cost of bcrypt. */
const users = `alice:$2y$04$DvK1qGCY6ZnFXG9hf3elweKqkgaORNwinV2.qdYmlhIzoYI4b50Om
bob:$2y$04$RYyP2zeuJ.Kn29TMB6qJjeFQhH3IEIhMD.8jY9pe4D/62NXICKc02
`

function basic(user: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${btoa(`${user}:${password}`)}` }
}

async function token(
  url: string,
  scope: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly authorization: string }> {
  const answer = await fetch(`${url}/v2/_layerdock/token?service=layerdock&scope=${scope}`, {
    headers,
  })
  const { token } = (await answer.json()) as { token: string }
  return { authorization: `Bearer ${token}` }
}

async function push(url: string, repository: string, headers = {}): Promise<number> {
  const body = 'a layer'
  const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(Buffer.from(body))}`
  return (await fetch(`${url}${path}`, { method: 'POST', body, headers })).status
}

async function list(url: string, repository: string, headers = {}): Promise<number> {
  return (await fetch(`${url}/v2/${repository}/tags/list`, { headers })).status
}

describeEverywhere('access on %s', (runtime) => {
  const cli = useProgram(runtime)

  function file(text: string): string {
    const path = join(cli.folder(), 'file')
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }

  test('with users asks for a login, and lets each do everything', async () => {
    const { url } = await cli.serve('--memory', '--htpasswd', file(users))
    const anonymous = await fetch(`${url}/v2/`)
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers.get('www-authenticate')).toBe(
      `Bearer realm="${url}/v2/_layerdock/token",service="layerdock"`,
    )
    expect(await push(url, 'app')).toBe(401)
    expect(await push(url, 'app', basic('alice', 'wrong'))).toBe(401)
    expect(await push(url, 'app', basic('nobody', 'secret'))).toBe(401)
    expect(await push(url, 'app', basic('alice', 'secret'))).toBe(201)
    expect(await list(url, 'app', basic('bob', 'hunter2'))).toBe(200)

    const pull = await token(url, 'repository:app:pull', basic('alice', 'secret'))
    expect(await list(url, 'app', pull)).toBe(200)
    expect(await list(url, 'other', pull)).toBe(401)
    expect(await push(url, 'app', pull)).toBe(401)
    // Docker and containerd send a form.
    const form = { grant_type: 'password', username: 'bob', password: 'hunter2' }
    const posted = await fetch(`${url}/v2/_layerdock/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...form, service: 'layerdock', scope: 'repository:app:pull' }),
    })
    expect(posted.status).toBe(200)
    const { access_token } = (await posted.json()) as { access_token: string }
    expect(await list(url, 'app', { authorization: `Bearer ${access_token}` })).toBe(200)
    // Health pages stay open, and say nothing of what is kept.
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  test('takes API tokens, and none that was revoked', async () => {
    const dir = join(cli.folder(), 'access')
    const words = ['--owner', 'bob', '--grant', 'team/**:pull,push', '--access-dir', dir]
    const { out } = await cli.run('token', 'create', '--name', 'ci', ...words)
    const secret = /ldk_\S+/.exec(out)?.[0] ?? ''
    const started = await cli.serve('--memory', '--htpasswd', file(users), '--access-dir', dir)
    const { url } = started
    expect(await push(url, 'team/app', basic('bob', secret))).toBe(201)
    expect(await list(url, 'team/app', { authorization: `Bearer ${secret}` })).toBe(200)
    expect(await push(url, 'app', basic('bob', secret))).toBe(403)
    await cli.run('token', 'revoke', 'ci', '--access-dir', dir)
    await printed(started, 'API tokens reloaded')
    expect(await push(url, 'team/app', basic('bob', secret))).toBe(401)
  })

  test('opens reading with --anonymous-pull', async () => {
    const { url } = await cli.serve('--memory', '--htpasswd', file(users), '--anonymous-pull')
    expect(await push(url, 'app', basic('alice', 'secret'))).toBe(201)
    // Clients that have no password get a token as well.
    expect((await fetch(`${url}/v2/`)).status).toBe(401)
    const anonymous = await token(url, 'repository:app:pull,push')
    expect((await fetch(`${url}/v2/`, { headers: anonymous })).status).toBe(200)
    expect(await list(url, 'app', anonymous)).toBe(200)
    expect(await list(url, 'app')).toBe(200)
    expect(await push(url, 'app', anonymous)).toBe(401)
  })

  test('follows a policy, also when its file changes', async () => {
    const policy = (allow: readonly string[]): string =>
      JSON.stringify({
        rules: [{ name: 'team', who: 'user:alice', repositories: 'team/**', allow }],
      })
    const path = file(policy(['pull']))
    const started = await cli.serve('--memory', '--htpasswd', file(users), '--policy', path)
    const { url } = started
    const alice = basic('alice', 'secret')
    expect(await push(url, 'team/app', alice)).toBe(403)
    expect(await push(url, 'app', basic('bob', 'hunter2'))).toBe(403)
    writeFileSync(`${path}.new`, policy(['pull', 'push']))
    renameSync(`${path}.new`, path)
    await printed(started, 'policy reloaded')
    expect(await push(url, 'team/app', alice)).toBe(201)
    expect(await push(url, 'app', alice)).toBe(403)

    writeFileSync(`${path}.new`, '{"rules": "everything"}')
    renameSync(`${path}.new`, path)
    await printed(started, 'policy not reloaded')
    expect(await push(url, 'team/app', alice)).toBe(201)
    expect(await push(url, 'app', alice)).toBe(403)
  })

  test('takes the token of a CI job as the password, and no forged one', async () => {
    const issuer = await localIssuer()
    issuer.keys.push(await issuerKey('ES256', 'ec-1'))
    try {
      const keys = { keys: issuer.keys.map(({ publicJwk }) => publicJwk) }
      const described = { issuer: issuer.url, audiences: [audience] }
      const policy = file(
        JSON.stringify({
          issuers: [
            { name: 'github', ...described, keys: { file: 'keys.json' } },
            { name: 'away', ...described, issuer: 'http://127.0.0.1:9' },
          ],
          rules: [
            {
              who: { issuer: 'github', claims: { repository_owner: 'acme' } },
              repositories: '{claim.repository:path}',
              allow: ['pull', 'push'],
            },
            { who: { issuer: 'away', claims: { sub: 'x' } }, repositories: '**', allow: 'pull' },
          ],
        }),
      )
      writeFileSync(join(dirname(policy), 'keys.json'), JSON.stringify(keys))
      const { url } = await cli.serve('--memory', '--policy', policy)
      const job = await issuer.token()
      expect(await push(url, 'acme/app', basic('oidc', job))).toBe(201)
      const held = await token(url, 'repository:acme/app:pull,push', basic('oidc', job))
      expect(await push(url, 'acme/app', held)).toBe(201)
      expect(await push(url, 'acme/other', held)).toBe(403)
      const other = await issuer.token({ repository_owner: 'evil', repository: 'evil/app' })
      expect(await push(url, 'evil/app', basic('oidc', other))).toBe(403)
      const forged = `${job.slice(0, -8)}AAAAAAAA`
      expect(await push(url, 'acme/app', basic('oidc', forged))).toBe(401)
      for (const [name, forgery] of forgeriesOf(() => issuer)) {
        const authorization = `Bearer ${await forgery()}`
        expect([name, await list(url, 'acme/app', { authorization })]).toEqual([name, 401])
      }
      const away = await issuer.token({ iss: 'http://127.0.0.1:9' })
      expect(await list(url, 'acme/app', basic('oidc', away))).toBe(503)
    } finally {
      await issuer.close()
    }
  })

  test('believes a user that a trusted proxy names, and no one else', async () => {
    const words = ['--memory', '--proxy-user', 'X-Remote-User', '--trusted-proxies']
    const named = { 'x-remote-user': 'alice' }
    const near = await cli.serve(...words, '127.0.0.1')
    expect(await push(near.url, 'app', named)).toBe(201)
    expect(await push(near.url, 'app')).toBe(401)
    const far = await cli.serve(...words, '10.0.0.0/8')
    expect(await push(far.url, 'app', named)).toBe(401)
  })

  test('is audited', async () => {
    const log = join(cli.folder(), 'audit')
    const words = ['--htpasswd', file(users), '--audit-log', log]
    const started = await cli.serve('--memory', ...words)
    const { url } = started
    await push(url, 'app', basic('alice', 'secret'))
    await push(url, 'app', basic('alice', 'canary'))
    renameSync(log, `${log}.1`)
    started.child.kill('SIGHUP')
    await printed(started, '"msg":"reloaded"')
    await token(url, 'repository:app:pull', basic('bob', 'hunter2'))
    started.child.kill('SIGTERM')
    await started.ended
    const lines = (path: string): unknown[] =>
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    expect(lines(`${log}.1`)).toMatchObject([
      {
        principal: 'alice',
        login: 'htpasswd',
        action: 'upload',
        repository: 'app',
        digest: digestOf(Buffer.from('a layer')),
        outcome: 'allowed',
        rule: expect.stringContaining('everyone who logged in'),
      },
      { principal: null, action: 'upload', outcome: 'refused', rule: 'wrong credentials' },
    ])
    expect(lines(log)).toMatchObject([{ principal: 'bob', action: 'login', outcome: 'allowed' }])
    for (const path of [log, `${log}.1`]) expect(readFileSync(path, 'utf8')).not.toContain('canary')
  })

  test.skipIf(!hasOpenssl)('knows users by their certificates', async () => {
    const authority = makeAuthority(cli.folder(), 'authority')
    const own = authority.issue('server', '/CN=localhost', 'DNS:localhost')
    const alice = authority.issue('alice', '/O=team/CN=alice', 'DNS:alice')
    const policy = file(
      JSON.stringify({ rules: [{ who: 'group:team', repositories: '**', allow: 'pull' }] }),
    )
    const tls = ['--tls-cert', own.certFile, '--tls-key', own.keyFile]
    const words = [...tls, '--tls-client-ca', authority.certFile, '--policy', policy]
    if (runtime === 'bun') {
      const { code, err } = await cli.run('serve', '--memory', '--listen', '127.0.0.1:0', ...words)
      expect([code, err]).toEqual([78, expect.stringContaining('run the registry on Node or Deno')])
      return
    }
    const { port } = await cli.serve('--memory', ...words)
    const get = (client: object): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const where = { host: '127.0.0.1', port, path: '/v2/app/tags/list', agent: false }
        request({ ...where, ...client, rejectUnauthorized: false }, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode))
        })
          .on('error', reject)
          .end()
      })
    expect(await get(alice)).toBe(404)
    expect(await get(authority.issue('bob', '/CN=bob', 'DNS:bob'))).toBe(403)
    expect(await get({})).toBe(401)
  })
})

describe('a start is refused', () => {
  const cli = useProgram()

  async function refusal(...words: readonly string[]): Promise<readonly [number | null, string]> {
    const { code, err } = await cli.run('serve', '--memory', ...words)
    return [code, err]
  }

  test.each(['0.0.0.0:0', ':0', '[::]:0'])('on %s, where anyone may push', async (listen) => {
    const [code, err] = await refusal('--listen', listen)
    expect(code).toBe(2)
    expect(err).toMatch(/anyone who reaches this server could push and delete/)
    expect(err).toMatch(/--htpasswd FILE.*--read-only.*--allow-anonymous-push/)
  })

  test('where a policy lets anyone push, unless that is asked for', async () => {
    const policy = join(cli.folder(), 'policy.json')
    writeFileSync(
      policy,
      JSON.stringify({ rules: [{ who: 'anonymous', repositories: '**', allow: ['push'] }] }),
    )
    const [code, err] = await refusal('--listen', '0.0.0.0:0', '--policy', policy)
    expect([code, err]).toEqual([2, expect.stringContaining('the policy lets anyone')])
  })

  test('with a policy that has a word which is not known', async () => {
    const policy = join(cli.folder(), 'policy.json')
    writeFileSync(policy, '{"rules": [{"who": "*", "repositories": "**", "allow": ["puhs"]}]}')
    const [code, err] = await refusal('--listen', '127.0.0.1:0', '--policy', policy)
    expect(code).toBe(78)
    expect(err).toMatch(/rules\[0\]\.allow\[0\].*push/)
  })

  test('with a policy that is not there, or that anyone may change', async () => {
    const words = ['--listen', '127.0.0.1:0', '--policy']
    expect(await refusal(...words, '/nowhere')).toEqual([
      78,
      expect.stringContaining('/nowhere: there is no such file'),
    ])
    const policy = join(cli.folder(), 'policy.json')
    writeFileSync(policy, '{"rules": []}')
    chmodSync(policy, 0o666)
    expect(await refusal(...words, policy)).toEqual([78, expect.stringContaining('chmod o-w')])
  })

  test('with a policy that is a pipe, whose writer the server would wait for', async () => {
    const pipe = join(cli.folder(), 'policy.json')
    execFileSync('mkfifo', ['-m', '600', pipe])
    const words = ['--listen', '127.0.0.1:0', '--policy', pipe]
    expect(await refusal(...words)).toEqual([78, expect.stringContaining(`${pipe}: is not a file`)])
  })

  test('with users or API tokens that cannot be used', async () => {
    const folder = cli.folder()
    const words = ['--listen', '127.0.0.1:0', '--access-dir', folder, '--htpasswd']
    const passwords = join(folder, 'users')
    expect(await refusal(...words, passwords)).toEqual([78, expect.stringContaining(passwords)])
    writeFileSync(passwords, 'alice:secret\n', { mode: 0o600 })
    const [code, err] = await refusal(...words, passwords)
    expect([code, err]).toEqual([78, expect.stringMatching(/alice.*htpasswd -B/)])
    expect(err).not.toContain('secret')
    writeFileSync(passwords, users, { mode: 0o600 })
    writeFileSync(join(folder, 'tokens.json'), '{', { mode: 0o600 })
    const [, told] = await refusal(...words, passwords)
    expect(told).toContain('tokens.json')
  })

  test('with an audit log that cannot be written', async () => {
    const [code, err] = await refusal('--listen', '127.0.0.1:0', '--audit-log', '/nowhere/audit')
    expect([code, err]).toEqual([78, expect.stringContaining('--audit-log /nowhere/audit: cannot')])
  })
})

describe('a public listener', () => {
  const cli = useProgram()

  test.each([[['--read-only']], [['--allow-anonymous-push']], [['--htpasswd', 'users']]])(
    'starts with %j',
    async (words) => {
      const folder = cli.folder()
      writeFileSync(join(folder, 'users'), users)
      const given = words.map((word) => (word === 'users' ? join(folder, word) : word))
      const started = cli.start('serve', '--memory', '--listen', '0.0.0.0:0', ...given)
      await printed(started, 'listening')
      started.child.kill('SIGTERM')
      const { code, out } = await started.ended
      expect(code).toBe(0)
      // Passwords over plain HTTP are worth a word.
      expect(out.includes('can be read on the way')).toBe(words.includes('--htpasswd'))
    },
  )
})
