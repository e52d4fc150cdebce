import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import type { Browser } from 'playwright-core'
import { startServer } from './process.ts'
import type { RunningService, TestService } from './test-service.ts'

/** A browser of a test. */
export interface Chromium extends RunningService {
  /** Each of its contexts is a person with cookies of their own. */
  readonly browser: Browser
}

/** Chromium, in `TEST_CHROMIUM` or on the path; playwright-core drives it. */
export const chromium: TestService<Chromium> = {
  id: 'chromium',
  // It takes seconds to start, and its contexts know nothing of each other.
  isShared: true,
  missing() {
    if (program() === null) {
      return 'no Chromium (apt-get install chromium, or name its program in TEST_CHROMIUM)'
    }
    return hasPlaywright() ? null : 'no playwright-core (npm ci)'
  },

  async start() {
    const found = program()
    if (found === null) throw new Error(chromium.missing() ?? '')
    const server = await startServer({
      name: 'chromium',
      ports: 1,
      command: (folder, [port]) => [
        found,
        ...flags,
        `--user-data-dir=${join(folder, 'data')}`,
        `--remote-debugging-port=${port}`,
        'about:blank',
      ],
      isReady: (port) => isListening(port),
    })
    try {
      // Loaded here, because a suite without a browser does without it.
      const playwright = await import('playwright-core')
      const browser = await playwright.chromium.connectOverCDP(`http://127.0.0.1:${server.port}`)
      return Object.assign(Object.create(server) as RunningService, {
        browser,
        async stop() {
          await browser.close()
          await server.stop()
        },
      })
    } catch (error) {
      await server.stop()
      throw error
    }
  },
}

/**
 * Without a window, without a sandbox (which the administrator of a machine cannot have), and without connections
 * of its own: machines that build are often cut off from other networks.
 */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-breakpad',
  '--disable-crash-reporter',
  '--hide-scrollbars',
  '--mute-audio',
  '--password-store=basic',
]

/** Where the program is, or null. */
function program(): string | null {
  const named = process.env.TEST_CHROMIUM
  if (named !== undefined && named !== '') return existsSync(named) ? named : null
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
  const places = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return places.find((place) => existsSync(place)) ?? null
}

function hasPlaywright(): boolean {
  try {
    createRequire(import.meta.url).resolve('playwright-core')
    return true
  } catch {
    return false
  }
}

async function isListening(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/json/version`)).ok
  } catch {
    return false
  }
}
