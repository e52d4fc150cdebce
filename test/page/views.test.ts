import type { Page, Response } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleOf, timesOf } from '../sample.ts'
import { chromium } from '../services/chromium.ts'
import { withServices } from '../services/with-services.ts'
import { fillRegistry, Pusher } from './content.mjs'
import { openPage, sidewaysOverflow, type Watched } from './harness.ts'
import { type PageServer, servePage, someStatus } from './page-server.ts'
import { lookAtAll, views } from './views.ts'
import { markupFaults, walk } from './walk.ts'

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

  test('fit into 320, 390 and 768 px without scrolling sideways', async () => {
    const look = async (page: Page): Promise<readonly string[]> => {
      const found: string[] = []
      for (const width of [320, 390, 768]) {
        await page.setViewportSize({ width, height: 640 })
        found.push(...(await sidewaysOverflow(page)))
      }
      return found
    }
    await visiting({}, async ({ page }) => {
      expect(await lookAtAll(page, server.origin, sampleOf('views', views, 2), look)).toEqual({})
    })
  })

  test('print tags in their columns, and commands whole', async () => {
    await visiting({ viewport: { width: 768, height: 640 } }, async ({ page }) => {
      await page.emulateMedia({ media: 'print' })
      await page.goto(`${server.origin}/_layerdock/repositories/platform/api`)
      const ends = await page.evaluate(() =>
        ['thead', 'tbody'].map((part) => {
          const cells = Array.from(document.querySelectorAll(`.tags ${part} tr:first-child > *`))
          return cells.map((cell) => Math.round(cell.getBoundingClientRect().right))
        }),
      )
      expect(ends[1]).toEqual(ends[0])
      expect(Math.max(...(ends[1] ?? []))).toBeGreaterThan(700)
      await page.goto(`${server.origin}/_layerdock/repositories/platform/api:v2.0.0`)
      const cut = await page.evaluate(
        () =>
          Array.from(document.querySelectorAll('.copy code')).filter(
            (code) => code.scrollWidth > code.clientWidth + 1,
          ).length,
      )
      expect(cut).toBe(0)
    })
  })

  test('show a description in the direction of its language', async () => {
    const pusher = new Pusher(server.send)
    const description = 'שלום to all'
    await pusher.artifact('tools/hebrew', {
      artifactType: 'application/vnd.example',
      tag: 'v1',
      files: [],
      annotations: { 'org.opencontainers.image.description': description },
    })
    await visiting({}, async ({ page }) => {
      await page.goto(`${server.origin}/_layerdock/repositories/tools/hebrew:v1`)
      const [first, last] = await page.evaluate(() => {
        const text = document.querySelector('.lead')?.firstChild as Text
        return [0, text.length - 1].map((at) => {
          const range = document.createRange()
          range.setStart(text, at)
          range.setEnd(text, at + 1)
          return range.getBoundingClientRect().left
        })
      })
      expect(first).toBeGreaterThan(last as number)
    })
  })

  test('keep to their own policy and host wherever links lead, and lead nowhere in vain', async () => {
    await visiting({}, async ({ page, faults, requests }) => {
      const statuses: string[] = []
      page.on('response', (response: Response) => {
        if (response.status() >= 400) statuses.push(`${response.status()} ${response.url()}`)
      })
      const most = timesOf('views', 80, 15)
      const visited = await walk(page, { origin: server.origin, most }, async (path) => {
        expect([path, await markupFaults(page)]).toEqual([path, []])
      })
      expect(visited.length).toBe(most)
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
      await page.getByRole('link', { name: /^platform\/ ?worker$/ }).click()
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
