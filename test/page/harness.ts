import { createRequire } from 'node:module'
import type {
  BrowserContextOptions,
  ConsoleMessage,
  Dialog,
  Page,
  Request as PageRequest,
  WebError,
} from 'playwright-core'
import { expect } from 'vitest'
import type { Chromium } from '../services/chromium.ts'

/** A page in a browser, and all that went wrong in it. */
export interface Watched {
  readonly page: Page
  /**
   * What a page of ours never does: breaks its own policy, throws, opens a dialog or another window, or asks another
   * host for something. Each in words.
   */
  readonly faults: readonly string[]
  /** The URL of every request, in order. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

/**
 * Opens a page of a person who was never there before.
 *
 * @param origin of the server: a request to another one is a fault
 */
export async function openPage(
  { browser }: Chromium,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  // A bound only for what never ends: a busy machine must not fail a test.
  context.setDefaultTimeout(300_000)
  const faults: string[] = []
  const requests: string[] = []
  // A binding is a function of the tests that a page can call.
  await context.exposeBinding(
    'reportViolation',
    (_: unknown, text: string) => void faults.push(text),
  )
  await context.addInitScript(() => {
    const { reportViolation } = globalThis as unknown as { reportViolation(text: string): void }
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
      reportViolation(`policy: ${violatedDirective} ${blockedURI} ${sample}`),
    )
  })
  context.on('request', (request: PageRequest) => {
    requests.push(request.url())
    if (new URL(request.url()).origin !== origin) faults.push(`request to ${request.url()}`)
  })
  context.on('weberror', (error: WebError) => void faults.push(`error: ${error.error().message}`))
  context.on('console', (message: ConsoleMessage) => {
    const text = message.text()
    // An answer that is an error is one of its own: 401 until somebody has logged in.
    if (text.startsWith('Failed to load resource')) return
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${text}`)
  })
  context.on('dialog', async (dialog: Dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    await dialog.dismiss()
  })
  const page = await context.newPage()
  context.on('page', (other: Page) => void faults.push(`another window: ${other.url()}`))
  return { page, faults, requests, close: () => context.close() }
}

/** The part of axe-core that a page is asked for. */
interface Axe {
  run(
    context: Document,
    options: object,
  ): Promise<{
    readonly violations: readonly {
      readonly id: string
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
    }[]
  }>
}

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/**
 * What axe finds wrong with a page, in words: WCAG 2.2 at level AA, and good practice.
 *
 * @param rules only these. Default: all of that
 */
export async function axeViolations(
  page: Page,
  rules?: readonly string[],
): Promise<readonly string[]> {
  // An evaluated script is not held to the page's own policy.
  const { readFile } = await import('node:fs/promises')
  await page.evaluate(await readFile(axeFile, 'utf8'))
  return page.evaluate(async (rules: readonly string[] | undefined) => {
    const { axe } = globalThis as unknown as { axe: Axe }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const runOnly =
      rules === undefined ? { type: 'tag', values: tags } : { type: 'rule', values: rules }
    const { violations } = await axe.run(document, { runOnly })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    )
  }, rules)
}

/** Elements that stick out of the window sideways, in words; none where nothing scrolls sideways. */
export async function sidewaysOverflow(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const { scrollWidth } = document.scrollingElement ?? document.documentElement
    if (scrollWidth <= innerWidth) return []
    const sticksOut = (element: Element): boolean =>
      element.getBoundingClientRect().right > innerWidth + 0.5 ||
      (element.scrollWidth > innerWidth && getComputedStyle(element).overflowX === 'visible')
    const isHeld = (element: Element | null): boolean =>
      element !== null &&
      element !== document.body &&
      (getComputedStyle(element).overflowX !== 'visible' || isHeld(element.parentElement))
    // Where a child sticks out, its parents do, too.
    const wide = Array.from(document.querySelectorAll('body *'))
      .filter((element) => !isHeld(element.parentElement) && sticksOut(element))
      .filter((element) => !Array.from(element.children).some(sticksOut))
    const named = wide.slice(0, 5).map(({ outerHTML }) => outerHTML.slice(0, 120))
    return [`${scrollWidth} px of ${innerWidth}`, ...named]
  })
}

/** Fails where the page did anything that it never does. */
export function expectNoFaults({ faults }: Watched): void {
  expect(faults).toEqual([])
}
