import { expect } from 'vitest'

/** What a browser asks with. */
export const browserHeaders = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/**
 * Expects that a page is served at `base`, which may end in a prefix: views, the sheet and data, with no link
 * that leads beside it.
 *
 * @param repository one that the registry has
 */
export async function expectPage(base: string, repository: string): Promise<void> {
  const { origin, pathname } = new URL(base)
  const prefix = pathname.replace(/\/$/, '')
  const at = (path: string): string => `${origin}${prefix}${path}`

  for (const path of ['/', '/_layerdock/', `/_layerdock/repositories/${repository}`]) {
    const answer = await fetch(at(path), { headers: browserHeaders })
    const text = await answer.text()
    expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
      path,
      200,
      'text/html; charset=utf-8',
    ])
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    for (const link of linksIn(text)) {
      const url = new URL(link, at(path))
      if (url.protocol === 'data:') continue
      expect(url.href, `a link of ${path}`).toMatch(new RegExp(`^${at('/')}`))
      const { status } = await fetch(url, { headers: browserHeaders })
      expect([link, status]).toEqual([link, 200])
    }
    const data = await fetch(at(path), { headers: { Accept: 'application/json' } })
    expect(data.headers.get('content-type')).toContain('application/json')
    expect(await data.json()).toBeTypeOf('object')
  }
  const unknown = await fetch(at('/_layerdock/nowhere'), { headers: browserHeaders })
  expect([unknown.status, unknown.headers.get('content-type')]).toEqual([
    404,
    'text/html; charset=utf-8',
  ])
  await unknown.body?.cancel()
}

/** Links, sheets and forms of a document, as they are written. */
function linksIn(html: string): readonly string[] {
  const markup = html.replace(/<script>.*<\/script>/s, '')
  const found = markup.matchAll(/ (?:href|src|action)="([^"#]+)"/g)
  return [...new Set([...found].map(([, link = '']) => link.replaceAll('&amp;', '&')))]
}
