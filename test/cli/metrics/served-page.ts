import { expect } from 'vitest'
import { entries, type Running } from '../program.ts'
import { Page } from './page.ts'

/** Where a server answers `/metrics` by itself, once it says so. */
export async function listenerOf(server: Running): Promise<string> {
  await expect.poll(() => server.out()).toContain('answering /metrics')
  const entry = entries(server.out()).find(({ msg }) => msg === 'answering /metrics')
  return `${entry?.url}/metrics`
}

/** The page at a URL. */
export async function pageAt(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Page> {
  const answer = await fetch(url, { headers })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return new Page(await answer.text())
}
