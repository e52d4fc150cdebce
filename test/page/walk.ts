import type { Page } from 'playwright-core'

/**
 * Visits every view that links lead to, each once, from a path on. Links out of the page, to the registry's API and to
 * JSON are not followed.
 *
 * @param look called on each view
 * @param most views at most
 * @returns their paths, in order
 */
export async function walk(
  page: Page,
  { origin, from = '/', most = 1000 }: { origin: string; from?: string; most?: number },
  look: (path: string) => Promise<void>,
): Promise<readonly string[]> {
  const known = new Set([from])
  const visited: string[] = []
  for (const path of known) {
    if (visited.length === most) break
    await page.goto(`${origin}${path}`)
    visited.push(path)
    await look(path)
    for (const link of await linksOf(page, origin)) known.add(link)
  }
  return visited
}

/** The paths of links to other views. */
async function linksOf(page: Page, origin: string): Promise<readonly string[]> {
  const links: readonly string[] = await page.evaluate(() =>
    Array.from(document.querySelectorAll('a[href]'), (link) => (link as HTMLAnchorElement).href),
  )
  return links.flatMap((link) => {
    const { origin: other, pathname, search, searchParams } = new URL(link)
    const isView = pathname === '/' || pathname.startsWith('/_layerdock/')
    const isOurs = other === origin && isView && searchParams.get('format') !== 'json'
    return isOurs ? [`${pathname}${search}`] : []
  })
}

/** What a document of ours never has, in words: scripts but its own, links that are no links, hidden characters. */
export async function markupFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const faults: string[] = []
    const fault = (what: string, { outerHTML }: Element): void => {
      faults.push(`${what}: ${outerHTML.slice(0, 200)}`)
    }
    if (document.scripts.length > 1) faults.push(`${document.scripts.length} scripts`)
    const forbidden = 'iframe, object, embed, base, style, frame, template, [http-equiv], [srcdoc]'
    for (const element of document.querySelectorAll(forbidden)) fault('element', element)
    for (const element of document.querySelectorAll('*')) {
      for (const { name } of element.attributes) {
        if (name.startsWith('on') || name === 'style') fault('attribute', element)
      }
    }
    for (const link of document.querySelectorAll('a')) {
      const { protocol, origin, username, password, rel } = link
      if (protocol !== 'http:' && protocol !== 'https:') fault('protocol', link)
      if (username !== '' || password !== '') fault('password', link)
      const isOutside = origin !== location.origin
      const words = rel.split(' ')
      const isMarked = ['noopener', 'noreferrer', 'nofollow'].every((word) => words.includes(word))
      if (isOutside && !isMarked) fault('rel', link)
    }
    for (const form of document.forms) {
      if (new URL(form.action).origin !== location.origin) fault('form', form)
    }
    // Controls, directions, and what is not to be seen. Line ends and tabs are spaces between elements.
    const hidden = /(?![\t\n\r])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff]/u
    const texts = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const { data, parentElement } = node as Text
      const found = hidden.exec(data)
      if (found !== null && parentElement !== null && parentElement.localName !== 'script') {
        fault(`character ${found[0].codePointAt(0)?.toString(16)}`, parentElement)
      }
    }
    for (const element of document.querySelectorAll('[title], [value], [aria-label], [href]')) {
      for (const { name, value } of element.attributes) {
        if (hidden.test(value)) fault(`character in ${name}`, element)
      }
    }
    return faults
  })
}
