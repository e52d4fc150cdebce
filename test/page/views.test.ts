import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromium } from '../services/chromium.ts'
import { withServices } from '../services/with-services.ts'
import { fillRegistry } from './content.mjs'
import { axeViolations, openPage, sidewaysOverflow, type Watched } from './harness.ts'
import { type PageServer, servePage, someStatus } from './page-server.ts'
import { markupFaults, walk } from './walk.ts'

/** One view of each kind, and of each state it can be in. */
const views: readonly string[] = [
  '/',
  '/?q=api',
  '/?q=nothing-has-this-name',
  '/?sort=size',
  '/_layerdock/repositories/platform/api',
  '/_layerdock/repositories/platform/api?q=v1&sort=version',
  '/_layerdock/repositories/platform/api?q=nothing',
  '/_layerdock/repositories/platform/api?tab=untagged',
  '/_layerdock/repositories/platform/api?tab=about',
  '/_layerdock/repositories/platform/nothing',
  '/_layerdock/repositories/platform/api:v2.0.0',
  '/_layerdock/repositories/platform/api:v2.0.0?view=referrers',
  '/_layerdock/repositories/platform/api:v2.0.0?view=raw',
  '/_layerdock/repositories/platform/api:nothing',
  '/_layerdock/repositories/charts/shop:2.4.1',
  '/_layerdock/repositories/models/reviews:2026-11',
  '/_layerdock/compare/platform/api?from=v1.12.0&to=v2.0.0',
  '/_layerdock/compare/platform/api',
  '/_layerdock/delete/platform/api:v1.3.0',
  '/_layerdock/delete/platform/api?reference=v2&reference=v1.0.0',
  '/_layerdock/delete/tools/linter',
  '/_layerdock/trash',
  '/_layerdock/nowhere',
]

withServices('the views of the page in a browser', { chromium }, (running) => {
  let server: PageServer
  beforeAll(async () => {
    server = await servePage({ status: someStatus })
    const { send, at, link } = server
    await fillRegistry(send, { at, link })
  })
  afterAll(() => server.close())

  async function visiting(
    options: Parameters<typeof openPage>[2],
    use: (watched: Watched) => Promise<void>,
  ): Promise<void> {
    const watched = await openPage(running.chromium, server.origin, options)
    try {
      await use(watched)
    } finally {
      await watched.close()
    }
  }

  /** Looks at each view; what is found, by its path. */
  async function lookAtAll(
    { page }: Watched,
    find: () => Promise<readonly string[]>,
  ): Promise<Record<string, readonly string[]>> {
    const found: Record<string, readonly string[]> = {}
    for (const path of views) {
      await page.goto(`${server.origin}${path}`)
      const faults = await find()
      if (faults.length > 0) found[path] = faults
    }
    return found
  }

  test.each(['light', 'dark'] as const)(
    'have nothing that axe finds wrong, in %s',
    async (colorScheme) => {
      await visiting({ colorScheme, reducedMotion: 'reduce' }, async (watched) => {
        expect(await lookAtAll(watched, () => axeViolations(watched.page))).toEqual({})
      })
    },
  )

  test.each([320, 390, 768])('fit into %d px without scrolling sideways', async (width) => {
    await visiting({ viewport: { width, height: 640 } }, async (watched) => {
      expect(await lookAtAll(watched, () => sidewaysOverflow(watched.page))).toEqual({})
    })
  })

  test('keep to their own policy and host wherever links lead, and lead nowhere in vain', async () => {
    await visiting({}, async ({ page, faults, requests }) => {
      const statuses: string[] = []
      page.on('response', (response: { status(): number; url(): string }) => {
        if (response.status() >= 400) statuses.push(`${response.status()} ${response.url()}`)
      })
      const visited = await walk(page, { origin: server.origin, most: 150 }, async (path) => {
        expect([path, await markupFaults(page)]).toEqual([path, []])
      })
      expect(visited.length).toBeGreaterThan(100)
      expect(statuses).toEqual([])
      expect(faults).toEqual([])
      expect(new Set(requests.map((url) => new URL(url).origin))).toEqual(new Set([server.origin]))
    })
  })

  test('work without JavaScript', async () => {
    await visiting({ javaScriptEnabled: false }, async ({ page }) => {
      await page.goto(server.origin)
      await page.getByRole('searchbox').fill('worker')
      await page.getByRole('searchbox').press('Enter')
      await page.getByRole('link', { name: 'worker', exact: true }).click()
      expect(page.url()).toBe(`${server.origin}/_layerdock/repositories/platform/worker`)
      await page.getByRole('searchbox').fill('latest')
      await page.getByRole('searchbox').press('Enter')
      await page.getByRole('link', { name: 'latest', exact: true }).click()
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('latest')
      expect(await page.getByRole('button', { name: /copy/i }).count()).toBe(0)
      await page.getByRole('link', { name: 'Manifest', exact: true }).click()
      expect(await page.locator('pre').first().textContent()).toContain('"schemaVersion"')
    })
  })
})
