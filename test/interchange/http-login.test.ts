import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { loginOf } from '../../adapters/cli/interchange/credential-program.ts'
import { loginFor, loginIn } from '../../adapters/cli/interchange/registry-login.ts'
import { parseChallenges } from '../../src/interchange/http/challenge.ts'
import { trustIn } from '../../src/interchange/http/credentials.ts'
import { nextIn } from '../../src/interchange/http/pages.ts'
import { RegistryClient, type RegistryClientOptions } from '../../src/kit.ts'
import { temporaryFolder } from '../disk/temporary.ts'

const registry = 'https://registry.example'
const credentials = { kind: 'password', username: 'ann', password: 'S3cret' } as const
const scopes = ['repository:a:pull']

/** A client, and every request that it sends: where to, and with what. */
function watched(
  answer: (url: URL, headers: Headers, init: RequestInit) => Response,
  options: Partial<RegistryClientOptions> = {},
) {
  const requests: Array<{ origin: string; authorization: string | null; body: string }> = []
  const client = new RegistryClient({
    url: new URL(registry),
    credentials,
    pause: async () => {},
    fetch: async (url, init) => {
      const headers = new Headers(init.headers)
      const authorization = headers.get('authorization')
      requests.push({ origin: url.origin, authorization, body: String(init.body ?? '') })
      return answer(url, headers, init)
    },
    ...options,
  })
  return { client, requests, url: client.url('a/tags/list') }
}

function challenged(realm: string): Response {
  const header = `Bearer realm="${realm}",service="reg",scope="repository:a:pull"`
  return new Response(null, { status: 401, headers: { 'www-authenticate': header } })
}

const basic = `Basic ${btoa('ann:S3cret')}`

test('a token is asked for once, with the credentials, and again when it is refused', async () => {
  let issued = 0
  let refuses = false
  const { client, requests, url } = watched((at, headers) => {
    if (at.pathname === '/token') {
      issued += 1
      expect(at.searchParams.getAll('scope')).toEqual(scopes)
      expect(at.searchParams.get('service')).toBe('reg')
      return Response.json({ token: `t${issued}`, expires_in: 300 })
    }
    const token = headers.get('authorization')
    if (token === `Bearer t${issued}` && issued > 0 && !refuses) return new Response('ok')
    refuses = false
    return challenged(`${registry}/token`)
  })
  expect((await client.send(url, { scopes })).status).toBe(200)
  expect((await client.send(url, { scopes })).status).toBe(200)
  expect(issued).toBe(1)
  refuses = true
  expect((await client.send(url, { scopes })).status).toBe(200)
  expect(issued).toBe(2)
  expect(requests[1]).toMatchObject({ authorization: basic })
})

describe('credentials do not go to a server that a registry names (CVE-2026-33540)', () => {
  test.each([
    'https://evil.example/token',
    'https://registry.example.evil.example/token',
    'https://registry.example:8443/token',
    'http://registry.example/token',
    'https://registry.example@evil.example/token',
    '//evil.example/token',
  ])('%s', async (realm) => {
    const { client, requests, url } = watched((at) =>
      at.origin === registry ? challenged(realm) : Response.json({ token: 't' }),
    )
    await expect(client.send(url, { scopes })).rejects.toMatchObject({ kind: 'refused' })
    for (const { origin, authorization, body } of requests) {
      if (origin !== registry) expect([authorization, body]).toEqual([null, ''])
    }
  })

  test('nor does a refresh token', async () => {
    const { client, requests, url } = watched(
      (at) =>
        at.origin === registry
          ? challenged('https://evil.example/')
          : Response.json({ token: 't' }),
      { credentials: { kind: 'refresh', token: 'S3cret' } },
    )
    await expect(client.send(url, { scopes })).rejects.toMatchObject({ kind: 'refused' })
    expect(JSON.stringify(requests)).not.toContain('S3cret')
  })

  test('but where it is allowed they do, and the message says how', async () => {
    const answer = (at: URL, headers: Headers): Response => {
      if (at.origin !== registry) {
        const isKnown = headers.get('authorization') === basic
        return isKnown ? Response.json({ token: 't' }) : new Response(null, { status: 401 })
      }
      return headers.get('authorization') === 'Bearer t'
        ? new Response('ok')
        : challenged('https://auth.example/token')
    }
    const without = watched(answer)
    await expect(without.client.send(without.url, { scopes })).rejects.toThrow(
      'allow it as a realm',
    )
    const allowed = watched(answer, { realms: ['https://auth.example'] })
    expect((await allowed.client.send(allowed.url, { scopes })).status).toBe(200)
  })

  test('and no machine nearby is asked for a token, which would be sent on', async () => {
    for (const realm of [
      'http://169.254.169.254/',
      'https://10.0.0.1/',
      'https://localhost/',
      'https://[::1]/',
      'https://metadata.google.internal/',
    ]) {
      const { client, requests, url } = watched(() => challenged(realm))
      await expect(client.send(url, { scopes })).rejects.toThrow('not asked')
      expect(requests.every(({ origin }) => origin === registry)).toBe(true)
    }
  })

  test('Docker Hub and its token server are one', () => {
    const hub = new URL('https://registry-1.docker.io')
    expect(trustIn(new URL('https://auth.docker.io/token'), hub, [])).toBe('credentials')
    expect(trustIn(new URL('https://auth.docker.io/token'), new URL(registry), [])).toBe(
      'anonymous',
    )
  })
})

test('a redirect gets no login, and does not lead out of TLS', async () => {
  const to = (location: string): Response =>
    new Response(null, { status: 307, headers: { location } })
  const header = { 'www-authenticate': 'Basic realm="x"' }
  const { client, requests, url } = watched((at, headers) => {
    if (at.origin !== registry) return new Response('bytes')
    if (headers.get('authorization') === null) {
      return new Response(null, { status: 401, headers: header })
    }
    return to(at.pathname.endsWith('list') ? 'https://cdn.example/x' : 'http://cdn.example/x')
  })
  expect(await (await client.send(url, { scopes })).text()).toBe('bytes')
  expect(requests.at(-1)).toMatchObject({ origin: 'https://cdn.example', authorization: null })
  await expect(client.send(client.url('other'), { scopes })).rejects.toThrow('redirects to http://')
  // What is written goes nowhere else.
  const put = client.send(url, { scopes, method: 'PUT', body: new Uint8Array(1) })
  await expect(put).rejects.toThrow('redirects to')
})

test('a login that is refused, or missing, is said', async () => {
  const header = { 'www-authenticate': 'Basic realm="x"' }
  const refuse = (): Response => new Response(null, { status: 401, headers: header })
  const refused = watched(refuse)
  await expect(refused.client.send(refused.url, { scopes })).rejects.toThrow('refuses the login')
  const anonymous = watched(refuse, { credentials: null })
  await expect(anonymous.client.send(anonymous.url, { scopes })).rejects.toThrow('asks for a login')
})

test.each(['bearer', 'basic'])(
  'a wrong login is sent once, by so many requests (%s)',
  async (scheme) => {
    const { client, requests, url } = watched((at) => {
      if (at.pathname === '/token') return new Response(null, { status: 401 })
      if (scheme === 'bearer') return challenged(`${registry}/token`)
      return new Response(null, { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } })
    })
    const sent = Array.from({ length: 8 }, (_, n) =>
      client.send(url, { scopes: [`repository:${n}`] }),
    )
    for (const each of await Promise.allSettled(sent)) {
      expect(each).toMatchObject({ status: 'rejected', reason: { kind: 'refused' } })
    }
    await expect(client.send(url, { scopes })).rejects.toMatchObject({ kind: 'refused' })
    expect(requests.filter(({ authorization }) => authorization === basic)).toHaveLength(1)
  },
)

test('a login that was taken is not doubted later', async () => {
  let isDenied = false
  const { client, url } = watched((at) => {
    if (at.pathname === '/token') {
      return isDenied ? new Response(null, { status: 401 }) : Response.json({ token: 't' })
    }
    return challenged(`${registry}/token`)
  })
  await expect(client.send(url, { scopes })).rejects.toThrow('does not allow')
  isDenied = true
  await expect(client.send(url, { scopes: ['x'] })).rejects.toThrow('no token')
  isDenied = false
  await expect(client.send(url, { scopes: ['y'] })).rejects.toThrow('does not allow')
})

test('challenges and links are read as they are written', () => {
  const schemes = (header: string): unknown =>
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, ...parameters])
  expect(schemes('Bearer realm="https://a/t?x=1,2",service="a \\"b\\"", scope=x')).toEqual([
    ['bearer', ['realm', 'https://a/t?x=1,2'], ['service', 'a "b"'], ['scope', 'x']],
  ])
  expect(schemes('Basic realm="a", Bearer realm="b"')).toEqual([
    ['basic', ['realm', 'a']],
    ['bearer', ['realm', 'b']],
  ])
  expect(schemes('Negotiate')).toEqual([])
  expect(schemes(`Bearer ${'a="'.repeat(100_000)}`)).toBeDefined()
  expect(nextIn('</v2/a?last=b>; rel="next"')).toBe('/v2/a?last=b')
  expect(nextIn('<a>; rel=prev, <b>; title="x"; rel=next')).toBe('b')
  expect(nextIn('<a>; rel="prev"')).toBeNull()
})

describe('the login', () => {
  const kept = (document: object, url = registry) =>
    loginIn(JSON.stringify(document), new URL(url), 'config.json')
  const login = (document: object, url = registry): unknown => kept(document, url).login

  test('is that of docker for this host, and of no other', () => {
    const auths = {
      'registry.example': { auth: btoa('ann:a:b') },
      'https://index.docker.io/v1/': { identitytoken: 'refresh', auth: btoa('x:y') },
      'evil.example': { auth: btoa('eve:e') },
    }
    expect(login({ auths })).toEqual({ kind: 'password', username: 'ann', password: 'a:b' })
    expect(login({ auths }, 'https://registry-1.docker.io')).toEqual({
      kind: 'refresh',
      token: 'refresh',
    })
    expect(login({ auths }, 'https://registry.example:444')).toBeNull()
    expect(login({ auths: [] })).toBeNull()
    expect(login({ auths: { __proto__: null } }, 'https://constructor')).toBeNull()
  })

  test('may be in a program, which is asked', async () => {
    const key = 'registry.example'
    expect(kept({ credsStore: 'pass', auths: { [key]: {} } })).toEqual({
      helper: { name: 'pass', key, isExpected: true },
      login: null,
    })
    expect(kept({ credsStore: 'pass' }).helper).toEqual({ name: 'pass', key, isExpected: false })
    expect(kept({ credHelpers: { [key]: 'ecr-login' }, credsStore: 'pass' }).helper).toEqual({
      name: 'ecr-login',
      key,
      isExpected: true,
    })
    expect(kept({ credHelpers: { 'other.example': 'gcr' } }).helper).toBeNull()

    const folder = await temporaryFolder()
    const program = (name: string, script: string): void =>
      writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, {
        mode: 0o755,
      })
    program('own', `read key; echo '{"Username":"ann","Secret":"for '$key'"}'`)
    program('token', `echo '{"Username":"<token>","Secret":"t"}'`)
    program('none', 'echo credentials not found in native keychain; exit 1')
    program('locked', 'echo the store is locked; exit 1')
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
    const ask = (name: string, isExpected = true) => loginOf({ name, key, isExpected })
    expect(await ask('own')).toEqual({ kind: 'password', username: 'ann', password: `for ${key}` })
    expect(await ask('token')).toEqual({ kind: 'refresh', token: 't' })
    expect(await ask('none')).toBeNull()
    await expect(ask('locked')).rejects.toThrow('says: the store is locked')
    await expect(ask('absent')).rejects.toThrow('is not in PATH')
    expect(await ask('absent', false)).toBeNull()
    await expect(ask('../own')).rejects.toThrow('has a name that none has')

    // The file that is named comes first, then docker's, then podman's.
    const files = { REGISTRY_AUTH_FILE: 'named.json', DOCKER_CONFIG: '', XDG_RUNTIME_DIR: '' }
    for (const name of Object.keys(files))
      vi.stubEnv(name, join(folder, files[name as 'DOCKER_CONFIG']))
    const write = (path: string, user: string): void => {
      mkdirSync(join(folder, 'containers'), { recursive: true })
      const text = JSON.stringify({ auths: { [key]: { auth: btoa(`${user}:x`) } } })
      writeFileSync(join(folder, path), text, { mode: 0o600 })
    }
    for (const [path, user] of [
      ['containers/auth.json', 'podman'],
      ['config.json', 'docker'],
      ['named.json', 'named'],
    ] as const) {
      write(path, user)
      expect(await loginFor(new URL(registry), null)).toMatchObject({ username: user })
    }
    vi.unstubAllEnvs()
  })

  test('is in a file that others may not read', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'login')
    writeFileSync(file, 'ann:S3:cret\n', { mode: 0o600 })
    const url = new URL(registry)
    expect(await loginFor(url, file)).toMatchObject({ username: 'ann', password: 'S3:cret' })
    mkdirSync(join(folder, 'x'))
    await expect(loginFor(url, join(folder, 'x'))).rejects.toThrow('is not a file')
    writeFileSync(join(folder, 'wide'), 'a:b', { mode: 0o644 })
    await expect(loginFor(url, join(folder, 'wide'))).rejects.toThrow('chmod 600')
  })
})
