import type { RequestReport } from 'layerdock'
import { testRegistry } from 'layerdock/testing'
import { createUi } from 'layerdock/ui'
import { describe, expect, it } from 'vitest'

const html = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const json = { Accept: 'application/json' }

function page(path: string, headers: Record<string, string> = html): Request {
  return new Request(`http://registry.test${path}`, { headers })
}

describe('the page', () => {
  it.each(['/', '/_layerdock', '/_layerdock/'])('is at %s', async (path) => {
    const ui = createUi(testRegistry())
    const response = await ui.fetch(page(path))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await response.text()).toMatch(/^<!doctype html>/)
  })

  it('leads to the trash where something can be restored from it', async () => {
    for (const [readOnly, leads] of [
      [false, true],
      [true, false],
    ] as const) {
      const ui = createUi(testRegistry({ readOnly }))
      expect((await (await ui.fetch(page('/'))).text()).includes('/_layerdock/trash')).toBe(leads)
    }
  })

  it('passes everything else on to the registry', async () => {
    const ui = createUi(testRegistry())
    expect((await ui.fetch(page('/v2/'))).status).toBe(200)
    const unknown = await ui.fetch(page('/elsewhere'))
    expect(unknown.status).toBe(404)
    expect(unknown.headers.get('content-type')).toBe('application/json')
  })

  it('is plain text at / for a client that asks for neither HTML nor JSON', async () => {
    const ui = createUi(testRegistry())
    const headers = { Accept: '*/*', Host: 'registry.example.com:5000' }
    const response = await ui.fetch(page('/', headers))
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await response.text()).toContain('docker push')
  })

  it('has the same data as JSON', async () => {
    const ui = createUi(testRegistry())
    const response = await ui.fetch(page('/', json))
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await response.json()).toMatchObject({ repositories: [] })
    expect(response.headers.get('vary')).toBe('Accept, Cookie')
  })

  it('lets nothing run but its own script', async () => {
    const ui = createUi(testRegistry())
    const response = await ui.fetch(page('/'))
    const policy = response.headers.get('content-security-policy') ?? ''
    const script = /<script>([\s\S]*?)<\/script>/.exec(await response.text())?.[1] ?? ''
    const bytes = new TextEncoder().encode(script)
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('base64')
    expect(policy).toContain(`script-src 'sha256-${hash}'`)
    expect(policy).toContain("default-src 'none'")
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('has one sheet that may be kept for good', async () => {
    const ui = createUi(testRegistry())
    const href = /<link rel="stylesheet" href="([^"]+)"/.exec(
      await (await ui.fetch(page('/'))).text(),
    )?.[1]
    const response = await ui.fetch(page(href ?? ''))
    expect(response.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(response.headers.get('cache-control')).toContain('immutable')
    expect((await ui.fetch(page('/_layerdock/style-0.css'))).status).toBe(404)
  })

  it('says errors in the form that was asked for', async () => {
    const ui = createUi(testRegistry())
    const path = '/_layerdock/repositories/team/app'
    const shown = await ui.fetch(page(path))
    expect(shown.status).toBe(404)
    expect(await shown.text()).toContain('<h1>Not found</h1>')
    const data = await ui.fetch(page(path, json))
    expect(data.status).toBe(404)
    expect(await data.json()).toMatchObject({ errors: [{ code: 'NAME_UNKNOWN' }] })
  })

  it('answers HEAD without a body, and 405 for methods that a path does not have', async () => {
    const ui = createUi(testRegistry())
    const head = await ui.fetch(new Request('http://r.test/', { method: 'HEAD', headers: html }))
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100)
    expect(await head.text()).toBe('')
    const put = await ui.fetch(new Request('http://r.test/', { method: 'PUT', headers: html }))
    expect(put.status).toBe(405)
    expect(put.headers.get('allow')).toBe('GET, HEAD')
  })

  it('is below a prefix, whether or not the server around it cuts that off', async () => {
    const registry = testRegistry({ prefix: '/images' })
    const whole = createUi(registry, { prefix: '/images/' })
    expect(await (await whole.fetch(page('/images/'))).text()).toContain(
      'href="/images/_layerdock/"',
    )
    expect((await whole.fetch(page('/'))).status).toBe(404)
    const cut = createUi(registry, { prefix: '/images', stripped: '/images' })
    expect(await (await cut.fetch(page('/'))).text()).toContain('href="/images/_layerdock/"')
    expect(() => createUi(registry, { prefix: '/a', stripped: '/b' })).toThrow(TypeError)
  })

  it('is reported to the observer as requests of the API are', async () => {
    const reports: RequestReport[] = []
    const registry = testRegistry({ observe: (report) => reports.push(report) })
    const ui = createUi(registry)
    await ui.fetch(page('/_layerdock/repositories/team/app'))
    await ui.fetch(page('/'))
    expect(ui.observed).toBe(true)
    expect(reports).toMatchObject([
      {
        route: '/_layerdock/repositories/<name>',
        repository: 'team/app',
        status: 404,
        errorCode: 'NAME_UNKNOWN',
      },
      { route: '/_layerdock/', repository: null, status: 200, errorCode: null },
    ])
  })

  it('makes an unexpected failure a page with the id that the notice has', async () => {
    const notices: unknown[] = []
    const registry = testRegistry({
      onNotice: (notice) => notices.push(notice),
      wrap: (service) => ({
        ...service,
        summarizeRepositories: () => Promise.reject(new Error('a secret of the store')),
      }),
    })
    const ui = createUi(registry)
    const response = await ui.fetch(page('/_layerdock/repositories/team/app'))
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret')
    expect(notices).toMatchObject([{ kind: 'failure', path: '/_layerdock/repositories/team/app' }])
    const [{ requestId } = { requestId: '' }] = notices as { requestId: string }[]
    expect(text).toContain(requestId)
  })
})

describe('what the page draws', () => {
  it('has scroll bars in its own colours', async () => {
    const ui = createUi(testRegistry())
    const [, sheet = ''] =
      /href="([^"]+\.css)"/.exec(await (await ui.fetch(page('/'))).text()) ?? []
    const rules = (await (await ui.fetch(page(sheet))).text()).split('}')
    const scrolling = rules.filter((rule) => /overflow(?:-x)?:auto/.test(rule))
    expect(scrolling.length).toBeGreaterThan(1)
    for (const rule of scrolling) expect(rule).toMatch(/scrollbar-(?:color:|width:none)/)
  })

  it('does not say of an empty trash what can be restored from it', async () => {
    const ui = createUi(testRegistry())
    const text = await (await ui.fetch(page('/_layerdock/trash'))).text()
    expect(text).toContain('The trash is empty')
    expect(text).not.toContain('You can restore these')
  })
})
