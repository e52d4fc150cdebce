import { describe, expect, test } from 'vitest'
import { limitRequests } from '../../src/access/index.ts'
import { image } from '../../src/testing/index.ts'
import { browserOf } from './browser-client.ts'
import { basic, privatePage } from './private-page.ts'

/** What no answer of the page lacks, whatever its status. */
function expectGuarded(response: Response): void {
  const { headers } = response
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('vary')).toBe('Accept, Cookie')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('access-control-allow-origin')).toBeNull()
  if (headers.get('content-type')?.startsWith('text/html') === true) {
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('content-security-policy')).toContain("form-action 'self'")
  }
}

describe('answers of the page', () => {
  test('are kept by no cache, shown in no frame and read by no other origin', async () => {
    const { ui, registry } = privatePage()
    await registry.push({ 'team/app:v1': image() })
    const browser = browserOf(ui)
    const paths = [
      '/',
      '/_layerdock/login',
      '/_layerdock/trash',
      '/_layerdock/nothing',
      '/_layerdock/repositories/team/app',
      '/_layerdock/delete/team/app:v1',
      '/_layerdock/events',
    ]
    for (const user of [null, 'reader', 'admin']) {
      if (user !== null) expectGuarded(await browser.logIn(user, 'right'))
      for (const path of paths) {
        for (const accept of ['text/html', 'application/json']) {
          const response = await browser.get(path, { accept, origin: 'http://evil.example' })
          expectGuarded(response)
          await response.body?.cancel()
        }
      }
    }
    const out = await browser.post('/_layerdock/logout', [['csrf', await browser.csrf()]])
    expectGuarded(out)
    ui.close()
  })

  test('have no header of what a client sends', async () => {
    const { ui } = privatePage()
    const browser = browserOf(ui)
    const evil = '/_layerdock/\r\nSet-Cookie: a=b'
    for (const next of [evil, encodeURIComponent(evil), '/_layerdock/%0d%0aSet-Cookie:%20a=b']) {
      const response = await browser.logIn('reader', 'right', next)
      expect(response.status).toBe(303)
      expect(response.headers.get('location')).toMatch(/^\/_layerdock\/[\x21-\x7e]*$/)
      expect(response.headers.getSetCookie()).toHaveLength(1)
    }
  })
})

test('a path with encoded slashes is none of the page', async () => {
  const { ui, registry } = privatePage()
  await registry.push({ 'team/app:v1': image() })
  for (const path of ['repositories/team%2fapp', 'delete/team%5capp', 'repositories//team/app']) {
    const response = await browserOf(ui).get(`/_layerdock/${path}`, basic('admin'))
    expect(response.status).toBe(400)
  }
})

describe('a cookie', () => {
  test('of any size and shape is no login, and costs one look at most', async () => {
    let asked = 0
    const { ui } = privatePage({
      wrap: (access) => ({
        ...access,
        authenticate(request) {
          asked++
          return access.authenticate(request)
        },
      }),
    })
    const hostile = [
      `layerdock=${'A'.repeat(4000)}`,
      `layerdock=${'A'.repeat(100_000)}`,
      'layerdock=A; '.repeat(5000),
      '='.repeat(50_000),
      ';'.repeat(50_000),
      'layerdock',
      'layerdock="AAAA"',
      'layerdock=AAAA, layerdock=BBBB',
      '__proto__=1; constructor=2',
    ]
    for (const cookie of hostile) {
      asked = 0
      const browser = browserOf(ui)
      browser.cookie = cookie
      const response = await browser.get('/_layerdock/repositories/team/app')
      expect(response.status).toBe(401)
      expect(asked).toBe(1)
    }
  })

  test('that somebody planted does not survive a login, nor is one taken over by it', async () => {
    const { ui } = privatePage()
    const attacker = browserOf(ui)
    await attacker.logIn('reader', 'right')
    const victim = browserOf(ui)
    victim.cookie = attacker.cookie
    await victim.logIn('admin', 'right')
    expect(victim.cookie).not.toBe(attacker.cookie)
    const seen = await (await attacker.get('/_layerdock/trash')).text()
    expect(seen).not.toContain('>admin<')
  })

  test('of one prefix or port is not one of another', async () => {
    const sessionSecret = new Uint8Array(32)
    const { ui } = privatePage({ ui: { sessionSecret } })
    const here = browserOf(ui, { origin: 'http://registry.example:5000' })
    await here.logIn('admin', 'right')
    expect(here.cookie).toMatch(/^layerdock-5000=/)
    const there = browserOf(ui, { origin: 'http://registry.example:5001' })
    there.cookie = here.cookie
    expect((await there.get('/_layerdock/repositories/team/app')).status).toBe(401)
  })
})

test('a session counts once towards the limit on its user, and not towards that of its address', async () => {
  const { ui } = privatePage({
    wrap: (access) => limitRequests(access, { perSecond: 0.001, burst: 3 }),
  })
  const browser = browserOf(ui)
  await browser.logIn('reader', 'right')
  expect((await browser.get('/_layerdock/trash')).status).toBe(200)
  expect((await browser.get('/_layerdock/trash')).status).toBe(200)
  const limited = await browser.get('/_layerdock/trash')
  expect(limited.status).toBe(429)
  expect(limited.headers.get('retry-after')).not.toBeNull()
  expect((await browser.get('/_layerdock/trash', basic('writer'))).status).toBe(200)
})
