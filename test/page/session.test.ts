import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'
import { serve } from '../../adapters/node-fs/index.ts'
import { accessPolicy, htpasswd, registryAccess } from '../../src/access/index.ts'
import { artifact, image, testRegistry } from '../../src/testing/index.ts'
import { createUi } from '../../src/ui/index.ts'
import { sampleOf } from '../sample.ts'
import { chromium } from '../services/chromium.ts'
import { withServices } from '../services/with-services.ts'
import { axeViolations, expectNoFaults, openPage, sidewaysOverflow } from './harness.ts'

const hash = hashSync('secret', 8)

/** A server whose users may do what their names say. */
async function served() {
  const access = registryAccess({
    logins: [htpasswd(`ann:${hash}\nbob:${hash}\n`)],
    policy: accessPolicy({
      rules: [
        { who: 'user:ann', repositories: '**', allow: ['pull', 'push', 'delete'] },
        { who: 'user:bob', repositories: 'team/**', allow: 'pull' },
      ],
    }),
  })
  const registry = testRegistry({ access })
  const ui = createUi(registry, { access })
  const server = await serve(ui, { port: 0 })
  const { port } = server
  return {
    registry,
    origin: `http://127.0.0.1:${port}`,
    async close() {
      ui.close()
      await server.close()
    },
  }
}

withServices('a person at the page', { chromium }, (running) => {
  test('logs in, deletes, brings back and logs out, without a script', async () => {
    const { registry, origin, close } = await served()
    await registry.push({
      'team/app:v1': image({ layers: ['one'] }),
      signature: artifact({ type: 'application/signature', subject: 'team/app:v1' }),
    })
    const watched = await openPage(running.chromium, origin, { javaScriptEnabled: false })
    const { page } = watched
    try {
      await page.goto(`${origin}/_layerdock/delete/team/app:v1`)
      await page.getByLabel('User name').fill('ann')
      await page.getByLabel('Password').fill('wrong')
      await page.keyboard.press('Enter')
      await expect.poll(() => page.getByRole('alert').textContent()).toContain('is wrong')
      await page.getByLabel('Password').fill('secret')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Delete team/app:v1?' }).waitFor()
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('heading', { name: 'Deleted' }).waitFor()
      await page.getByRole('link', { name: 'Restore from the trash' }).click()
      await page.getByRole('button', { name: 'Restore team/app:v1' }).click()
      await page.getByRole('heading', { name: 'team/app:v1 was restored' }).waitFor()
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.getByLabel('User name').waitFor()
      await page.goto(`${origin}/_layerdock/repositories/team/app`)
      await page.getByLabel('User name').waitFor()
      expect(watched.faults.filter((fault) => !fault.includes('401'))).toEqual([])
    } finally {
      await watched.close()
      await close()
    }
  })

  test('sees what is pushed without a reload, and only what is for them', async () => {
    const { registry, origin, close } = await served()
    await registry.push({ 'team/app:v1': image({ layers: ['one'] }) })
    const watched = await openPage(running.chromium, origin)
    const { page } = watched
    try {
      await page.goto(`${origin}/_layerdock/login?next=/_layerdock/repositories/team/app`)
      await page.getByLabel('User name').fill('bob')
      await page.getByLabel('Password').fill('secret')
      const listening = page.waitForResponse((response) => response.url().includes('/events'))
      await page.keyboard.press('Enter')
      expect((await listening).status()).toBe(200)
      await page.evaluate(`
        globalThis.said = []
        const region = document.querySelector('[data-live]')
        new MutationObserver(() => {
          if (region.textContent) said.push([region.textContent, document.body.textContent.includes('unseen')])
        }).observe(region, { childList: true, subtree: true })`)
      // A view that could not be loaded again was not updated.
      const tooMany = page.waitForResponse((response) => response.status() === 429)
      await page.route('**/repositories/team/app', (route) => route.fulfill({ status: 429 }))
      await registry.push({ 'team/app:unseen': image({ layers: ['unseen'] }) })
      await tooMany
      await page.unroute('**/repositories/team/app')
      await registry.push({ 'team/app:v2': image({ layers: ['two'] }) })
      await page.getByRole('link', { name: 'v2' }).waitFor()
      await expect.poll(() => page.evaluate('said[0]')).toBeDefined()
      expect(await page.evaluate('said[0]')).toEqual(['The list was updated', true])
      const again = page.waitForResponse((response) => response.url().includes('/events'))
      await page.goto(`${origin}/_layerdock/`)
      await again
      await registry.push({
        'secret/app:v1': image({ layers: ['secret'] }),
        'team/other:v1': image({ layers: ['other'] }),
      })
      await page.getByRole('link', { name: 'other' }).waitFor()
      expect(await page.content()).not.toContain('secret/app')
      // A list in which somebody is at work stays as it is.
      await page.getByRole('link', { name: 'other' }).focus()
      await registry.push({ 'team/third:v1': image({ layers: ['third'] }) })
      await page.getByRole('button', { name: 'Show what changed' }).click()
      await page.getByRole('link', { name: 'third' }).waitFor()
      expect(watched.faults.filter((fault) => !fault.includes('429'))).toEqual([])
    } finally {
      await watched.close()
      await close()
    }
  })

  const schemes = sampleOf('colour schemes', ['light', 'dark'] as const, 2)
  test.each(schemes)('can use every view of it, in %s', async (colorScheme) => {
    const { registry, origin, close } = await served()
    await registry.push({
      'team/app:v1': image({ layers: ['one'] }),
      'team/app:v2': image({ layers: ['one'] }),
      'team/app:a-tag-with-a-name-that-is-as-long-as-a-name-can-well-be-in-practice': image(),
      signature: artifact({ type: 'application/signature', subject: 'team/app:v1' }),
    })
    const watched = await openPage(running.chromium, origin, { colorScheme })
    const { page } = watched
    const look = async (): Promise<void> => {
      expect(await axeViolations(page)).toEqual([])
      await page.setViewportSize({ width: 320, height: 700 })
      expect(await sidewaysOverflow(page)).toEqual([])
      await page.setViewportSize({ width: 1280, height: 800 })
    }
    try {
      await page.goto(`${origin}/_layerdock/login`)
      await look()
      await page.getByLabel('User name').fill('ann')
      await page.getByLabel('Password').fill('secret')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Log out' }).waitFor()
      await page.goto(`${origin}/_layerdock/trash`)
      await look()
      await page.goto(`${origin}/_layerdock/delete/team/app?reference=v1&reference=v2`)
      await look()
      // What follows is made of the same parts.
      if (colorScheme === 'dark') return
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('heading', { name: 'Deleted' }).waitFor()
      await look()
      await page.getByRole('link', { name: 'Restore from the trash' }).click()
      await page.getByRole('button', { name: 'Restore team/app:v1' }).waitFor()
      await look()
      await page.getByRole('button', { name: 'Restore team/app:v1' }).click()
      await page.getByRole('heading', { name: 'was restored' }).waitFor()
      await look()
      expectNoFaults(watched)
    } finally {
      await watched.close()
      await close()
    }
  })
})
