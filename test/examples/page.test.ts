import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clientAt } from '../mount/over-the-wire.ts'
import { browserHeaders, expectPage } from '../page/served-page.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerdock-examples-'))
  vi.stubEnv('PORT', '0')
  vi.stubEnv('DATA', join(folder, 'data'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

test('examples/page.ts: a registry on disk and its page', async () => {
  const { server, stop } = await import('../../examples/page.ts')
  try {
    await clientAt(server.url).pushImage('team/app', 'latest')
    await expectPage(server.url, 'team/app')
    const answer = await fetch(server.url, { headers: browserHeaders })
    expect(await answer.text()).toContain('<title>My registry</title>')
  } finally {
    await stop()
  }
})

test('examples/page-in-express.ts: below a path of an app, for those who log in', async () => {
  const { server } = await import('../../examples/page-in-express.ts')
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  try {
    expect(await (await fetch(origin)).text()).toContain('my app')
    const form = await fetch(`${origin}/registry/_layerdock/login`, { headers: browserHeaders })
    expect(await form.text()).toContain('action="/registry/_layerdock/login"')
    const login = await fetch(`${origin}/registry/_layerdock/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin },
      body: new URLSearchParams({ user: 'alice', password: 'secret' }),
    })
    expect([login.status, login.headers.get('location')]).toEqual([303, '/registry/_layerdock/'])
    const cookie = login.headers.get('set-cookie') ?? ''
    expect(cookie).toContain('Path=/registry; HttpOnly; SameSite=Lax')
    const headers = { ...browserHeaders, cookie: cookie.split(';', 1)[0] ?? '' }
    const home = await fetch(`${origin}/registry`, { headers })
    expect([home.status, await home.text()]).toEqual([200, expect.stringContaining('alice')])
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
