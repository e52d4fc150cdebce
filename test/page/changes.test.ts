import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { useProgram } from '../cli/harness.ts'
import { chromium } from '../services/chromium.ts'
import { withServices } from '../services/with-services.ts'
import { Pusher, types } from './content.mjs'
import { openPage } from './harness.ts'
import type { Send } from './page-server.ts'

/** `alice` with the password `secret`, at the lowest cost of bcrypt. */
const users = 'alice:$2y$04$DvK1qGCY6ZnFXG9hf3elweKqkgaORNwinV2.qdYmlhIzoYI4b50Om\n'
const authorization = `Basic ${btoa('alice:secret')}`

withServices('changes by the page, in a browser', { chromium }, (running) => {
  const cli = useProgram()

  /** A server that asks for a login, with a repository of two tags. */
  async function started(): Promise<{ origin: string; push(tag: string): Promise<unknown> }> {
    const file = join(cli.folder(), 'users')
    writeFileSync(file, users, { mode: 0o600 })
    const { url } = await cli.serve('--memory', '--htpasswd', file, '--trash-time', '1h')
    const send: Send = (method, path, sending) =>
      fetch(`${url}${path}`, {
        method,
        ...(sending as RequestInit),
        headers: { ...sending.headers, authorization },
      })
    const pusher = new Pusher(send)
    const push = async (tag: string): Promise<unknown> => {
      const config = await pusher.blob('team/app', { os: 'linux', author: tag }, types.config)
      const image = { schemaVersion: 2, mediaType: types.manifest, config, layers: [] }
      return pusher.manifest('team/app', image, tag)
    }
    await push('one')
    await push('two')
    return { origin: url, push }
  }

  test.each([true, false])(
    'log in, delete, bring back and log out (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const { origin } = await started()
      const watched = await openPage(running.chromium, origin, { javaScriptEnabled })
      const { page, faults, close } = watched
      const logIn = async (password: string): Promise<void> => {
        await page.getByLabel('User name').fill('alice')
        await page.getByLabel('Password').fill(password)
        await page.getByRole('button', { name: 'Log in' }).click()
      }
      const view = `${origin}/_layerdock/repositories/team/app`
      try {
        await page.goto(view)
        await logIn('wrong')
        expect(await page.getByRole('alert').textContent()).not.toBe('')
        await logIn('secret')
        await page.waitForURL(view)
        expect(await page.getByRole('banner').textContent()).toContain('alice')

        await page.getByRole('checkbox', { name: /one/ }).check()
        await page.getByRole('button', { name: /^Delete/ }).click()
        await page.getByRole('heading', { level: 1, name: /Delete/ }).waitFor()
        await page.getByRole('button', { name: /^Delete/ }).click()
        await page.goto(view)
        expect(await page.getByRole('checkbox').count()).toBe(1)

        await page.goto(`${origin}/_layerdock/trash?repository=team/app`)
        await page.getByRole('button', { name: /one/ }).click()
        await page.waitForURL('**/restore')
        await page.goto(view)
        expect(await page.getByRole('checkbox').count()).toBe(2)

        await page.getByRole('button', { name: 'Log out' }).click()
        await page.goto(view)
        expect(await page.getByLabel('Password').count()).toBe(1)
        expect(faults).toEqual([])
      } finally {
        await close()
      }
    },
  )

  test('a push appears in a view that is open, without a reload', async () => {
    const { origin, push } = await started()
    const watched = await openPage(running.chromium, origin)
    const { page, faults, close } = watched
    try {
      await page.goto(`${origin}/_layerdock/login?next=/_layerdock/repositories/team/app`)
      await page.getByLabel('User name').fill('alice')
      await page.getByLabel('Password').fill('secret')
      const opened = page.waitForResponse('**/events?**')
      await page.getByRole('button', { name: 'Log in' }).click()
      await opened
      // A reload would forget it.
      await page.evaluate(() => Object.assign(globalThis, { isSame: true }))
      await push('three')
      await page.getByRole('link', { name: 'three', exact: true }).waitFor()
      expect(await page.evaluate(() => 'isSame' in globalThis)).toBe(true)
      expect(faults).toEqual([])
    } finally {
      await close()
    }
  })
})
