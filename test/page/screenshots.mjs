// Writes a picture of each view into docs/images, of a registry that it fills: npm run screenshots
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { fillRegistry } from './content.mjs'

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: fileURLToPath(new URL('../../docs/images', import.meta.url)) },
    chromium: { type: 'string', default: process.env.TEST_CHROMIUM ?? '/usr/bin/chromium' },
    /** Pictures of all views at three widths, to look at. */
    all: { type: 'boolean', default: false },
  },
})

const dist = (/** @type {string} */ path) =>
  fileURLToPath(new URL(`../../dist/${path}`, import.meta.url))
/** @type {typeof import('../../src/index.ts')} */
const { createRegistry } = await import(dist('src/index.js'))
/** @type {typeof import('../../src/kit.ts')} */
const { memoryStores } = await import(dist('src/kit.js'))
/** @type {typeof import('../../src/ui/index.ts')} */
const { createUi } = await import(dist('src/ui/index.js'))
/** @type {typeof import('../../adapters/node-fs/index.ts')} */
const { serve } = await import(dist('adapters/node-fs/index.js'))

/** The same moment in every run, so that pictures change with the page alone. */
const now = Date.UTC(2026, 10, 27, 14, 30)
let clock = now
const stores = memoryStores({ clock: () => clock })
const registry = createRegistry({
  stores,
  allowSparse: true,
  clock: () => clock,
  limits: { trashMs: 86_400_000 },
})
const ui = createUi(registry, {
  title: 'Example registry',
  clock: () => now,
  status: async () => ({
    version: '0.3.0',
    health: 'ok',
    storedBytes: 18_412_338_902,
    uploads: { sessions: 2, bytes: 148_203_911 },
    lastCollection: { at: now - 52 * 60_000, freedBytes: 1_204_118_331 },
    startedAt: now - 9 * 86_400_000,
  }),
})
const { latest } = await fillRegistry(
  async (method, path, sending) =>
    registry.fetch(
      new Request(`http://registry.test${path}`, /** @type {any} */ ({ method, ...sending })),
    ),
  {
    now,
    at: (agoMs) => {
      clock = now - agoMs
    },
    link: async (repository, { digest, size }) => {
      const blob = { digest, size, key: `none/${digest}` }
      return stores.metadata.linkBlob(
        /** @type {any} */ (repository),
        /** @type {any} */ (blob),
        86_400_000,
      )
    },
  },
)

/** @type {Readonly<Record<string, string>>} */
const views = {
  home: '/',
  repository: '/_layerdock/repositories/platform/api',
  image: '/_layerdock/repositories/platform/api:v2.0.0',
  platform: `/_layerdock/repositories/platform/worker:latest`,
  referrers: `/_layerdock/repositories/platform/api@${latest.digest}?view=referrers`,
  chart: '/_layerdock/repositories/charts/shop:2.4.1',
  compare: '/_layerdock/compare/platform/api?from=v1.11.2&to=v1.12.0',
  delete: `/_layerdock/delete/platform/api@${latest.digest}`,
}

/** A name as a registry has one, in place of this machine's. */
const host = 'registry.example.com'

const serving = await serve(ui, { port: 0 })
try {
  const browser = await chromium.launch({
    executablePath: values.chromium,
    args: [
      `--host-resolver-rules=MAP ${host}:80 127.0.0.1:${serving.port}`,
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--hide-scrollbars',
      '--font-render-hinting=none',
    ],
  })
  try {
    await takePictures(browser)
  } finally {
    await browser.close()
  }
} finally {
  ui.close()
  await serving.close(0)
}

/** @param {import('playwright-core').Browser} browser */
async function takePictures(browser) {
  await mkdir(values.out, { recursive: true })
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    for (const width of values.all ? [320, 768, 1280, 1920] : [1200]) {
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme,
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      for (const [name, path] of Object.entries(views)) {
        await page.goto(`http://${host}${path}`)
        const size = values.all ? `-${width}` : ''
        const picture = await page.screenshot({ fullPage: values.all })
        await writeFile(join(values.out, `page-${name}-${colorScheme}${size}.png`), picture)
      }
      await context.close()
    }
  }
}
