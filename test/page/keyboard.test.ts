import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleOf } from '../sample.ts'
import { chromium } from '../services/chromium.ts'
import { withServices } from '../services/with-services.ts'
import { fillRegistry } from './content.mjs'
import { openPage, type Watched } from './harness.ts'
import { type PageServer, servePage, someStatus } from './page-server.ts'
import { lookAtAll, views } from './views.ts'

/** What has the focus: its name, where it is, and whether one can see it. */
interface Focused {
  readonly name: string
  readonly isVisible: boolean
  readonly hasRing: boolean
}

/** Null for the document itself. */
async function focused(page: Page): Promise<Focused | null> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (element === null || element === document.body) return null
    const { width, height, bottom, top } = element.getBoundingClientRect()
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
    const label = element.getAttribute('aria-label') ?? element.textContent ?? ''
    return {
      name: `${element.localName} ${label.trim().replace(/\s+/g, ' ').slice(0, 60)}`,
      isVisible: width > 1 && height > 1 && bottom > 0 && top < innerHeight,
      hasRing: (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none',
    }
  })
}

/** Goes through all that takes the focus, in order. */
async function tabThrough(page: Page): Promise<readonly Focused[]> {
  const found: Focused[] = []
  for (;;) {
    await page.keyboard.press('Tab')
    const now = await focused(page)
    if (now === null || found.length > 400) return found
    found.push(now)
  }
}

/** Elements that do something, and cannot be reached. */
async function unreachable(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const doing = document.querySelectorAll('a[href], button, input, select, textarea, summary')
    const isShown = (element: Element): boolean =>
      element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    return Array.from(doing)
      .filter((element) => isShown(element) && element.getAttribute('type') !== 'hidden')
      .filter((element) => (element as HTMLElement).tabIndex < 0 || element.matches(':disabled'))
      .map(({ outerHTML }) => outerHTML.slice(0, 160))
  })
}

withServices('the page by keyboard alone', { chromium }, (running) => {
  let server: PageServer
  let watched: Watched
  beforeAll(async () => {
    server = await servePage({ status: someStatus })
    const { send, at, link } = server
    await fillRegistry(send, { at, link })
    const options = { reducedMotion: 'reduce' } as const
    watched = await openPage(running.chromium, server.origin, options)
  })
  afterAll(async () => {
    await watched.close()
    await server.close()
  })

  test('all that does something can be reached, and shows that it has the focus', async () => {
    const { page } = watched
    const found = await lookAtAll(page, server.origin, sampleOf('views', views, 4), async () => {
      const stops = await tabThrough(page)
      const hidden = stops.filter(({ isVisible }) => !isVisible).map(({ name }) => `hidden ${name}`)
      const ringless = stops.filter(({ hasRing }) => !hasRing).map(({ name }) => `no ring ${name}`)
      return [...hidden, ...ringless, ...(await unreachable(page))]
    })
    expect(found).toEqual({})
  })

  test('the first stop leads past the head of the page', async () => {
    const { page } = watched
    await page.goto(`${server.origin}/_layerdock/repositories/platform/api`)
    await page.keyboard.press('Tab')
    expect((await focused(page))?.name).toContain('Skip')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true)
  })

  test('a tag is found, looked at, deleted and brought back', async () => {
    const { page, faults } = watched
    const goTo = async (name: string | RegExp): Promise<void> => {
      for (let stops = 0; stops < 200; stops++) {
        await page.keyboard.press('Tab')
        const now = await focused(page)
        if (now !== null && (typeof name === 'string' ? now.name === name : name.test(now.name)))
          return
      }
      throw new Error(`no stop ${name} on ${page.url()}`)
    }
    await page.goto(server.origin)
    await page.keyboard.press('/')
    await page.keyboard.type('linter')
    await page.keyboard.press('Enter')
    await goTo(/^a .*linter$/)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/repositories/tools/linter')
    await goTo('a v3.1.0')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/repositories/tools/linter:v3.1.0')
    await goTo(/^a Delete/)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/delete/tools/linter:v3.1.0')
    await goTo(/^button Delete/)
    await page.keyboard.press('Enter')
    await page
      .getByRole('link', { name: /trash|undo|back/i })
      .first()
      .waitFor()
    await page.goto(`${server.origin}/_layerdock/trash`)
    await goTo(/^button /)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/restore')
    const tags = await server.send('GET', '/v2/tools/linter/tags/list', {})
    expect(await tags.json()).toMatchObject({ tags: expect.arrayContaining(['v3.1.0']) })
    expect(faults).toEqual([])
  })
})
