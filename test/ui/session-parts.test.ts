import { describe, expect, test } from 'vitest'
import { endedSessions } from '../../src/ui/session/ended-sessions.ts'
import { nextPath } from '../../src/ui/session/next-path.ts'
import { changeOrigin } from '../../src/ui/session/own-origin.ts'
import { sessionCookie } from '../../src/ui/session/session-cookie.ts'
import { type Session, sessionSeals } from '../../src/ui/session/session-seal.ts'

const session: Session = {
  id: 'id-1',
  csrf: 'token',
  user: 'ann',
  password: 'pässword: with "quotes"',
  expiresAt: 1000,
}

describe('a sealed session', () => {
  test('opens to what it was, until its time is over', async () => {
    const seals = sessionSeals()
    const sealed = await seals.seal(session)
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(sealed).not.toContain('ann')
    expect(await seals.open(sealed, 999)).toEqual(session)
    expect(await seals.open(sealed, 1000)).toBeNull()
  })

  test('does not open once any character of it is changed', async () => {
    const seals = sessionSeals()
    const sealed = await seals.seal(session)
    for (let at = 0; at < sealed.length - 1; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      const changed = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`
      expect(await seals.open(changed, 0)).toBeNull()
    }
    for (const text of ['', 'A', 'not base64!', `${sealed}AAAA`, sealed.slice(4)]) {
      expect(await seals.open(text, 0)).toBeNull()
    }
  })

  test('opens on every node that has the secret, and on no other', async () => {
    const secret = new Uint8Array(32).fill(7)
    const sealed = await sessionSeals(secret).seal(session)
    expect(await sessionSeals(secret).open(sealed, 0)).toEqual(session)
    expect(await sessionSeals(new Uint8Array(32)).open(sealed, 0)).toBeNull()
    expect(await sessionSeals().open(sealed, 0)).toBeNull()
    expect(() => sessionSeals(new Uint8Array(31))).toThrow('sessionSecret is 31 bytes, not 32')
  })
})

describe('the cookie', () => {
  test('is bound to its host over TLS, and to its prefix', () => {
    const plain = sessionCookie({ secure: false, port: '5000', prefix: '' })
    expect(plain.set('v', 60)).toBe('layerdock-5000=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax')
    const secure = sessionCookie({ secure: true, port: '', prefix: '' })
    expect(secure.set('v', 60)).toBe(
      '__Host-layerdock=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure',
    )
    const below = sessionCookie({ secure: true, port: '', prefix: '/registry' })
    expect(below.clear()).toBe(
      '__Secure-layerdock=; Max-Age=0; Path=/registry; HttpOnly; SameSite=Lax; Secure',
    )
  })

  test('counts only where there is one of its name', () => {
    const cookie = sessionCookie({ secure: true, port: '', prefix: '' })
    const read = (header: string): string | null => cookie.read(new Headers({ cookie: header }))
    expect(read('a=b; __Host-layerdock=value; c=d')).toBe('value')
    expect(read('__Host-layerdock=one; __Host-layerdock=two')).toBeNull()
    expect(read('layerdock=value')).toBeNull()
    expect(read('__Host-layerdock=with space')).toBeNull()
    expect(read(`__Host-layerdock=${'x'.repeat(5000)}`)).toBeNull()
    expect(read('__Host-layerdock')).toBeNull()
    expect(cookie.read(new Headers())).toBeNull()
  })
})

describe('where a login leads', () => {
  const own = '/_layerdock/'
  test.each([
    ['/', '/'],
    [
      '/_layerdock/repositories/team/app:v1?view=raw',
      '/_layerdock/repositories/team/app:v1?view=raw',
    ],
    ['/?q=a%20b', '/?q=a%20b'],
    [null, own],
    ['', own],
    ['//evil.example/', own],
    ['/\\evil.example', own],
    ['\\/evil.example', own],
    ['https://evil.example/_layerdock/', own],
    ['javascript:alert(1)', own],
    ['/_layerdock/\r\nSet-Cookie: a=b', own],
    ['/_layerdock/\u0000', own],
    ['/\t/evil.example', own],
    ['/_layerdock/..//evil.example', own],
    ['/_layerdock/%2e%2e//evil.example', own],
    ['/_layerdock/../v2/', own],
    ['/.//evil.example', own],
    ['/v2/_catalog', own],
    ['/_layerdock/login', own],
    ['/_layerdock/logout', own],
    [`/_layerdock/${'a'.repeat(3000)}`, own],
    ['/_layerdock/ä', own],
  ])('%j becomes %j', (given, expected) => {
    expect(nextPath(given, '')).toBe(expected)
  })

  test('stays below the prefix', () => {
    expect(nextPath('/registry/_layerdock/trash', '/registry')).toBe('/registry/_layerdock/trash')
    expect(nextPath('/_layerdock/trash', '/registry')).toBe('/registry/_layerdock/')
    expect(nextPath('/registry/../admin', '/registry')).toBe('/registry/_layerdock/')
  })
})

describe('where a change comes from', () => {
  const url = 'http://registry.example:5000/_layerdock/delete/a'
  const of = (headers: Record<string, string>, isProxied = false): string =>
    changeOrigin({ url, headers: new Headers(headers) }, { isProxied })
  const own = 'http://registry.example:5000'

  test.each([
    ['our page', { origin: own }, 'own'],
    ['our page behind TLS', { origin: 'https://registry.example:5000' }, 'own'],
    ['our page, says the browser', { 'sec-fetch-site': 'same-origin' }, 'own'],
    [
      'our page behind a proxy that changes the host',
      { origin: 'https://public.example', 'sec-fetch-site': 'same-origin' },
      'own',
    ],
    ['another site', { origin: 'http://evil.example' }, 'foreign'],
    ['another port', { origin: 'http://registry.example:8080' }, 'foreign'],
    ['a name that begins alike', { origin: `${own}.evil.example` }, 'foreign'],
    ['a page without an origin', { origin: 'null' }, 'foreign'],
    ['another site, says the browser', { 'sec-fetch-site': 'cross-site' }, 'foreign'],
    ['a sibling', { 'sec-fetch-site': 'same-site', origin: own }, 'foreign'],
    ['a bookmark', { 'sec-fetch-site': 'none' }, 'foreign'],
    [
      'a form of an old browser',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'foreign',
    ],
    ['text that looks like JSON', { 'content-type': 'text/plain' }, 'foreign'],
    ['nothing known', {}, 'foreign'],
    ['a program', { 'content-type': 'application/json' }, 'program'],
    [
      'JSON of another site',
      { 'content-type': 'application/json', origin: 'http://evil.example' },
      'foreign',
    ],
    [
      'a host that the client names itself',
      { origin: 'http://evil.example', 'x-forwarded-host': 'evil.example' },
      'foreign',
    ],
  ])('%s', (_, headers, expected) => {
    expect(of(headers as Record<string, string>)).toBe(expected)
  })

  test('a trusted proxy says which host the browser asked', () => {
    const headers = { origin: 'https://public.example', 'x-forwarded-host': 'public.example' }
    expect(of(headers, true)).toBe('own')
    expect(of({ ...headers, origin: 'https://evil.example' }, true)).toBe('foreign')
  })
})

test('sessions that ended are remembered until their cookies are over', () => {
  let now = 0
  const ended = endedSessions(() => now)
  const stopped: string[] = []
  ended.whenEnded('a', () => stopped.push('first'))
  ended.whenEnded('a', () => stopped.push('second'))()
  ended.end('a', 100)
  expect(stopped).toEqual(['first'])
  expect(ended.has('a')).toBe(true)
  now = 100
  ended.end('b', 200)
  expect(ended.has('a')).toBe(false)
})
