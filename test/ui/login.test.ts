import { describe, expect, test } from 'vitest'
import { limitLogins } from '../../src/access/index.ts'
import { type AccessRequest, callContext, type Reference } from '../../src/index.ts'
import { setPeer } from '../../src/kit.ts'
import { repositoryNamed, tagNamed } from '../../src/testing/index.ts'
import { browserOf } from './browser-client.ts'
import { basic, privatePage, usersText } from './private-page.ts'

const trash = '/_layerdock/trash'

describe('a login', () => {
  test('begins a session that says who looks, and leads back', async () => {
    const { ui } = privatePage()
    const browser = browserOf(ui)
    const before = await browser.get(trash)
    expect(before.headers.getSetCookie()).toEqual([])
    const response = await browser.logIn('reader', 'right', trash)
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(trash)
    expect(response.headers.get('set-cookie')).toMatch(
      /^layerdock=[A-Za-z0-9_-]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    const page = await browser.get(trash)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<span class="user-name">reader</span>')
    expect(page.headers.get('vary')).toBe('Accept, Cookie')
    expect(page.headers.get('cache-control')).toBe('no-store')
  })

  test('says the same whatever is wrong, and sets no cookie', async () => {
    const { ui } = privatePage()
    const texts: string[] = []
    for (const [user, password] of [
      ['reader', 'wrong'],
      ['nobody', 'right'],
      ['', 'right'],
      ['reader', ''],
      ['', ''],
      ['reader:right', 'x'],
    ] as const) {
      const response = await browserOf(ui).logIn(user, password)
      expect(response.status).toBe(401)
      expect(response.headers.getSetCookie()).toEqual([])
      const text = await response.text()
      texts.push(text.replace(/ name="user" value="[^"]*"/, ''))
      if (password !== '') expect(text).not.toContain(`value="${password}"`)
    }
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toContain('The user name or the password is wrong.')
  })

  test('asks the access once, with the address of the client', async () => {
    const seen: AccessRequest[] = []
    const { ui } = privatePage({
      wrap: (access) => ({
        ...access,
        authenticate(request) {
          if (request.headers.has('authorization')) seen.push(request)
          return access.authenticate(request)
        },
      }),
    })
    const request = new Request('http://registry.example/_layerdock/login', {
      method: 'POST',
      headers: { origin: 'http://registry.example' },
      body: new URLSearchParams({ user: 'reader', password: 'wrong' }),
    })
    setPeer(request, { address: '203.0.113.7' })
    expect((await ui.fetch(request)).status).toBe(401)
    expect(seen.map(({ peer }) => peer.address)).toEqual(['203.0.113.7'])
  })

  test('is refused after too many wrong passwords, and says when to come back', async () => {
    const { ui } = privatePage({ loginLimit: limitLogins({ perMinute: 2 }) })
    const browser = browserOf(ui)
    expect((await browser.logIn('reader', 'wrong 1')).status).toBe(401)
    expect((await browser.logIn('reader', 'wrong 2')).status).toBe(401)
    const refused = await browser.logIn('reader', 'wrong 3')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.text()).toContain('too many attempts')
  })

  test('cannot be sent by another site', async () => {
    const { ui } = privatePage()
    const fields = [
      ['user', 'reader'],
      ['password', 'right'],
    ] as const
    for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }]) {
      const response = await browserOf(ui).post('/_layerdock/login', fields, headers)
      expect(response.status).toBe(403)
      expect(response.headers.getSetCookie()).toEqual([])
    }
  })

  test('is no way to another site', async () => {
    const { ui } = privatePage()
    for (const next of ['//evil.example', '/\\evil.example', 'https://evil.example/']) {
      const response = await browserOf(ui).logIn('reader', 'right', next)
      expect(response.headers.get('location')).toBe('/_layerdock/')
    }
  })

  test('makes a new session each time, and ends the one before', async () => {
    const { ui } = privatePage()
    const browser = browserOf(ui)
    await browser.logIn('reader', 'right')
    const first = browser.cookie
    await browser.logIn('reader', 'right')
    expect(browser.cookie).not.toBe(first)
    browser.cookie = first
    expect((await browser.get(trash, { accept: 'application/json' })).status).toBe(200)
    expect(browser.cookie).toBeNull()
  })

  test('with a token that no cookie can hold says so', async () => {
    const { ui } = privatePage()
    const response = await browserOf(ui).logIn('reader', 'x'.repeat(4000))
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('too long')
  })

  test('has no form where there is no access control, or none that a form helps', async () => {
    const { ui } = privatePage({ ui: { login: false } })
    const browser = browserOf(ui)
    expect((await browser.get('/_layerdock/login')).status).toBe(404)
    expect((await browser.logIn('reader', 'right')).status).toBe(404)
  })

  test('takes a prefix and TLS into account', async () => {
    const { ui } = privatePage({ ui: { prefix: '/registry' }, registry: { prefix: '/registry' } })
    const origin = 'https://registry.example'
    const response = await browserOf(ui, { origin }).post('/registry/_layerdock/login', [
      ['user', 'reader'],
      ['password', 'right'],
      ['next', '/_layerdock/'],
    ])
    expect(response.headers.get('location')).toBe('/registry/_layerdock/')
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Secure-layerdock=.*; Path=\/registry; HttpOnly; SameSite=Lax; Secure$/,
    )
  })
})

test('who pushed is told to those with a name alone', async () => {
  const { ui, registry } = privatePage()
  const call = callContext({ principal: { id: 'pusher-of-it' } })
  const bytes = new TextEncoder().encode(
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
  )
  const names = ['public/app', 'team/app'].map(repositoryNamed)
  const loose = new TextEncoder().encode(`${new TextDecoder().decode(bytes)} `)
  const [v1, v2] = ['v1', 'v2'].map((tag) => ({ kind: 'tag', tag: tagNamed(tag) }) as const)
  for (const name of names) {
    await registry.service.putManifest(call, name, v1 as Reference, { bytes: loose })
    await registry.service.deleteManifest(call, name, v1 as Reference)
    await registry.service.putManifest(call, name, v2 as Reference, { bytes })
  }
  const views = ['', '?tab=untagged', ':v2']
  for (const accept of ['text/html', 'application/json']) {
    for (const view of views) {
      const path = `/_layerdock/repositories/public/app${view}`
      const text = await (await browserOf(ui).get(path, { accept })).text()
      expect(text).not.toContain('pusher-of-it')
    }
    const told = await browserOf(ui).get('/_layerdock/repositories/team/app', {
      accept,
      ...basic('reader'),
    })
    expect(await told.text()).toContain('pusher-of-it')
  }
})

describe('a session', () => {
  /** Whether the page knows the browser; whether it has the browser forget its cookie. */
  async function look(browser: ReturnType<typeof browserOf>): Promise<string> {
    const text = await (await browser.get(trash)).text()
    return /class="user-name">([^<]*)/.exec(text)?.[1] ?? 'nobody'
  }

  test('ends once its user is removed, or has another password', async () => {
    for (const change of ['removed', 'password'] as const) {
      const page = privatePage()
      const browser = browserOf(page.ui)
      await browser.logIn('reader', 'right')
      expect(await look(browser)).toBe('reader')
      if (change === 'removed') page.users.replace(usersText('admin'))
      else {
        page.password = 'another'
        page.users.replace(usersText('admin', 'reader'))
      }
      expect(await look(browser)).toBe('nobody')
      expect(browser.cookie).toBeNull()
    }
  })

  test('ends when its time is over, and goes on while it is used', async () => {
    let now = 0
    const { ui } = privatePage({ ui: { clock: () => now, sessionMs: 1000 } })
    const browser = browserOf(ui)
    await browser.logIn('reader', 'right')
    const first = browser.cookie
    now = 400
    await look(browser)
    expect(browser.cookie).toBe(first)
    now = 600
    expect(await look(browser)).toBe('reader')
    expect(browser.cookie).not.toBe(first)
    now = 1500
    expect(await look(browser)).toBe('reader')
    const copy = browser.cookie
    now = 2600
    const ended = await browser.get('/_layerdock/repositories/team/app')
    expect(ended.status).toBe(401)
    expect(await ended.text()).toContain('Your session has ended.')
    browser.cookie = copy
    expect(await look(browser)).toBe('nobody')
  })

  test('ends at the logout, also a copy of its cookie', async () => {
    const { ui } = privatePage()
    const browser = browserOf(ui)
    await browser.logIn('reader', 'right')
    const copy = browser.cookie
    const csrf = await browser.csrf()
    expect(csrf).toMatch(/^[A-Za-z0-9_-]{22}$/)
    const response = await browser.post('/_layerdock/logout', [['csrf', csrf]])
    expect(response.status).toBe(303)
    expect(browser.cookie).toBeNull()
    browser.cookie = copy
    expect(await look(browser)).toBe('nobody')
  })

  test('is not ended by another site, nor without its token', async () => {
    const { ui } = privatePage()
    const browser = browserOf(ui)
    await browser.logIn('reader', 'right')
    const csrf = await browser.csrf()
    const out = async (token: string, headers = {}): Promise<number> =>
      (await browser.post('/_layerdock/logout', [['csrf', token]], headers)).status
    expect(await out('')).toBe(403)
    expect(await out(`${csrf.slice(1)}x`)).toBe(403)
    expect(await out(csrf, { origin: 'http://evil.example' })).toBe(403)
    expect(await look(browser)).toBe('reader')
  })

  test('does not come of a cookie that was changed, or of another process', async () => {
    const { ui } = privatePage()
    const other = privatePage({ ui: { sessionSecret: new Uint8Array(32) } })
    const browser = browserOf(other.ui)
    await browser.logIn('reader', 'right')
    const cookie = browser.cookie ?? ''
    for (const value of [cookie, `${cookie.slice(0, -2)}AA`, 'layerdock=', 'layerdock=x']) {
      const victim = browserOf(ui)
      victim.cookie = value
      expect(await look(victim)).toBe('nobody')
    }
  })

  test('counts less than credentials of the request, and more than none', async () => {
    const { ui } = privatePage()
    const browser = browserOf(ui)
    await browser.logIn('reader', 'right')
    const named = async (headers: Record<string, string>): Promise<string> => {
      const text = await (await browser.get(trash, headers)).text()
      return /class="user-name">([^<]*)/.exec(text)?.[1] ?? 'nobody'
    }
    expect(await named(basic('writer'))).toBe('writer')
    expect(await named(basic('writer', 'wrong'))).toBe('reader')
    browser.cookie = null
    const wrong = await browser.get(trash, basic('writer', 'wrong'))
    expect(wrong.status).toBe(401)
    expect(wrong.headers.get('www-authenticate')).toBeNull()
    const json = await browser.get(trash, { ...basic('w', 'x'), accept: 'application/json' })
    expect(json.status).toBe(401)
    expect(json.headers.get('www-authenticate')).toBe('Basic realm="Layerdock"')
    // Whoever's browser goes on sending them can still log in.
    const login = await browser.post(
      '/_layerdock/login',
      [
        ['user', 'reader'],
        ['password', 'right'],
      ],
      basic('writer', 'wrong'),
    )
    expect(login.status).toBe(303)
  })
})
