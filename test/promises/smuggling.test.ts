import { beforeAll, describe, expect, it } from 'vitest'
import { certain, smuggled, uncertain, unread } from './framings.ts'
import { exchange } from './raw-socket.ts'
import { type Served, served } from './served.ts'

/**
 * CVE-2024-22019 and its family: two parsers that disagree on where a request ends. After each case
 * comes a second request on the same connection, which a proxy in front would have taken for a part
 * of the body, or the other way round. An ambiguous request must be refused, and the second never served.
 */

let site: Served

beforeAll(async () => {
  site = await served({ limits: { manifestBytes: 1000, blobBytes: 1000 } })
})

/** Gives the second request of a case a name of its own, of the same length. */
let cases = 10_000
function marked(text: string): { readonly sent: string; readonly cameThrough: () => boolean } {
  cases += 1
  const name = `sec${cases}`
  const cameThrough = (): boolean => site.requests.some((target) => target.includes(name))
  return { sent: text.replace('smuggled', name), cameThrough }
}
describe.concurrent('request smuggling (CVE-2024-22019 and its family)', () => {
  it('has at least 15 cases', () => {
    expect(uncertain.length).toBeGreaterThanOrEqual(15)
  })

  it.each(certain)('serves the request after %s', async (_, request) => {
    const { sent, cameThrough } = marked(request + smuggled)
    const { answers } = await exchange(site.port, sent)
    expect(answers.map(({ status }) => status)).toEqual([201, 404])
    expect(cameThrough()).toBe(true)
  })

  it.each(uncertain)('refuses %s, and the request after it', async (_, request) => {
    const { sent, cameThrough } = marked(request + smuggled)
    const { answers } = await exchange(site.port, sent)
    expect(cameThrough()).toBe(false)
    expect(answers.length).toBeLessThanOrEqual(1)
    for (const { headers } of answers) expect(headers.get('connection')).toBe('close')
  })

  it.each(unread)('never serves the body of %s', async (_, request) => {
    const { sent, cameThrough } = marked(request)
    const { answers } = await exchange(site.port, sent)
    expect(cameThrough()).toBe(false)
    expect(answers.length).toBeLessThanOrEqual(1)
  })
})
