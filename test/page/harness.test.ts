import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { chromium } from '../services/chromium.ts'
import { withServices } from '../services/with-services.ts'
import { axeViolations, openPage, sidewaysOverflow, type Watched } from './harness.ts'

const policy = "default-src 'none'; style-src 'self'"

/** Serves one document at every path. */
async function withDocument(body: string, use: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => {
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy,
    })
    response.end(
      `<!doctype html><html lang=en><title>A document</title><main>${body}</main></html>`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

withServices('a browser of a test', { chromium }, (running) => {
  async function visit(
    body: string,
    look: (watched: Watched) => Promise<void>,
    options: Parameters<typeof openPage>[2] = {},
  ): Promise<void> {
    await withDocument(body, async (origin) => {
      const watched = await openPage(running.chromium, origin, options)
      try {
        await watched.page.goto(origin)
        await look(watched)
      } finally {
        await watched.close()
      }
    })
  }

  test('a document without faults has none', async () => {
    await visit('<h1>Hello</h1><p>text</p>', async ({ page, faults, requests }) => {
      expect(await page.title()).toBe('A document')
      expect(await axeViolations(page)).toEqual([])
      expect(await sidewaysOverflow(page)).toEqual([])
      expect(faults).toEqual([])
      expect(requests).toHaveLength(1)
    })
  })

  test('a violation of the policy, and a request to another host, are faults', async () => {
    const body = '<h1>Hello</h1><script>alert(1)</script><img alt="" src="http://127.0.0.2/x.png">'
    await visit(body, async ({ faults }) => {
      await expect.poll(() => faults.join('\n')).toContain('policy: script-src-elem')
      await expect.poll(() => faults.join('\n')).toContain('policy: img-src')
    })
  })

  test('axe finds text without contrast and a picture without words', async () => {
    const body = '<h1>Hello</h1><img src=x.png><font color="#eeeeee">pale</font>'
    await visit(body, async ({ page }) => {
      const found = (await axeViolations(page)).join('\n')
      expect(found).toContain('image-alt')
      expect(found).toContain('color-contrast')
    })
  })

  test('what sticks out of a narrow window is named', async () => {
    const body = `<h1>Hello</h1><p>${'unbreakable'.repeat(20)}</p>`
    const narrow = { viewport: { width: 320, height: 600 } }
    await visit(
      body,
      async ({ page }) => {
        expect((await sidewaysOverflow(page)).join('\n')).toContain('<p>unbreakable')
      },
      narrow,
    )
  })
})
