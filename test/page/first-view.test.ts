import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillRegistry } from './content.mjs'
import { type PageServer, servePage, someStatus } from './page-server.ts'
import { browserHeaders } from './served-page.ts'

let server: PageServer
beforeAll(async () => {
  server = await servePage({ status: someStatus })
  const { send, at, link } = server
  await fillRegistry(send, { at, link })
})
afterAll(() => server.close())

async function sizeOf(path: string): Promise<number> {
  const answer = await fetch(`${server.origin}${path}`, { headers: browserHeaders })
  expect(answer.status).toBe(200)
  return gzipSync(await answer.arrayBuffer()).byteLength
}

test.each([
  '/',
  '/_layerdock/repositories/platform/api',
  '/_layerdock/repositories/platform/api:v2.0.0',
])('the view %s, with its sheet and script, is at most 15 kB, compressed', async (path) => {
  const view = await fetch(`${server.origin}${path}`, { headers: browserHeaders })
  const [, sheet = ''] = /href="([^"]+\.css)"/.exec(await view.text()) ?? []
  expect((await sizeOf(path)) + (await sizeOf(sheet))).toBeLessThanOrEqual(15_000)
})
