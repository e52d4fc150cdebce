import { registryAccess, signedInMayAll } from 'layerdock/access'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

  // What is not about colours is the same in both.
  test.each([
    ['light', undefined],
    ['dark', ['color-contrast', 'link-in-text-block']],
  ] as const)('have no fault, in %s', async (colorScheme, rules) => {
    const options = { colorScheme, reducedMotion: 'reduce' } as const
    const { page, close } = await openPage(running.chromium, server.origin, options)
    const look = (): Promise<readonly string[]> => axeViolations(page, rules)
    try {
      expect(await lookAtAll(page, server.origin, views, look)).toEqual({})
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
