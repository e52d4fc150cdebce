import { registryAccess, signedInMayAll } from 'layerdock/access'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleOf } from '../sample.ts'
import { chromium } from '../services/chromium.ts'
import { withServices } from '../services/with-services.ts'
import { fillRegistry } from './content.mjs'
import { axeViolations, openPage } from './harness.ts'
import { type PageServer, servePage, someStatus } from './page-server.ts'
import { lookAtAll, views } from './views.ts'

/** Everyone has to log in. */
const locked = registryAccess({ logins: [], policy: signedInMayAll() })

withServices('the views of the page, looked at by axe', { chromium }, (running) => {
  let server: PageServer
  beforeAll(async () => {
    server = await servePage({ status: someStatus })
    const { send, at, link } = server
    await fillRegistry(send, { at, link })
  })
  afterAll(() => server.close())

  test('have no fault, in light and in dark', async () => {
    const options = { reducedMotion: 'reduce' } as const
    const { page, close } = await openPage(running.chromium, server.origin, options)
    const look = async (): Promise<readonly string[]> => {
      await page.emulateMedia({ colorScheme: 'light' })
      const inLight = await axeViolations(page)
      await page.emulateMedia({ colorScheme: 'dark' })
      // What is not about colours is the same in both.
      return [...inLight, ...(await axeViolations(page, ['color-contrast', 'link-in-text-block']))]
    }
    try {
      expect(await lookAtAll(page, server.origin, sampleOf('views', views, 3), look)).toEqual({})
    } finally {
      await close()
    }
  })

  test('have no fault where there is nothing yet, and where somebody has to log in', async () => {
    const empty = await servePage()
    const closed = await servePage({ access: locked }, { access: locked })
    try {
      for (const { origin } of [empty, closed]) {
        const { page, close } = await openPage(running.chromium, origin)
        expect(await lookAtAll(page, origin, ['/', '/_layerdock/trash'], axeViolations)).toEqual({})
        await close()
      }
    } finally {
      await empty.close()
      await closed.close()
    }
  })
})
