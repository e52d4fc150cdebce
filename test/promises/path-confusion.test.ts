import { beforeAll, describe, expect, it } from 'vitest'
import type { Access, Ask } from '../../src/index.ts'
import { clientOf } from './client.ts'
import { exchange, head } from './raw-socket.ts'
import { hosts, list, noRequests, targets } from './request-targets.ts'
import { type Served, served } from './served.ts'

/**
 * CVE-2026-47676, CVE-2026-39406, CVE-2026-39407, CVE-2026-29087, CVE-2025-58362: a path that a
 * guard and a router read in two ways. Here every target is the route of the URL as WHATWG reads
 * it, or a 400; and permission is asked for the repository that is then served.
 */

const asked: Ask[] = []
const recording: Access = {
  authenticate: async () => null,
  authorize: async (_, asks) => {
    asked.push(...asks)
    return asks.map(() => 'allow')
  },
  challenge: () => 'Basic',
}

let site: Served

beforeAll(async () => {
  site = await served({ access: recording })
  const client = clientOf(site.registry)
  for (const name of ['a', 'b', 'a/b']) await client.pushImage(name, name.replace('/', '-'))
})

interface Seen {
  readonly status: number
  readonly body: string
  readonly asks: readonly Ask[]
}

async function get(target: string, ...lines: readonly string[]): Promise<Seen> {
  asked.length = 0
  const text = head(`GET ${target} HTTP/1.1`, ...lines, 'Connection: close')
  const { answers } = await exchange(site.port, text)
  expect(answers).toHaveLength(1)
  const [{ status, body } = { status: 0, body: '' }] = answers
  return { status, body, asks: [...asked] }
}

describe('path confusion (CVE-2026-47676, -39406, -39407, -29087; CVE-2025-58362)', () => {
  it('has at least 36 cases', () => {
    expect(targets.length + hosts.length).toBeGreaterThanOrEqual(36)
  })

  it('serves the plain targets', async () => {
    expect((await get(list)).body).toBe('{"name":"a","tags":["a"]}')
    expect((await get('/v2/b/tags/list')).body).toContain('"b"')
    expect((await get('/metrics')).status).toBe(404)
  })

  it.each(targets)('GET %j', async (target, plain) => {
    const seen = await get(target)
    if (seen.status === 400) {
      expect(seen.asks).toEqual([])
      return
    }
    expect(plain).not.toBeNull()
    expect(seen).toEqual(await get(plain ?? ''))
    expect(seen.status).toBeLessThan(500)
  })

  it.each(hosts)('with %j', async (line) => {
    const seen = await get(list, line)
    if (seen.status !== 400) expect(seen).toEqual(await get(list))
    else expect(seen.asks).toEqual([])
  })

  it('answers no request without a Host', async () => {
    const { answers } = await exchange(
      site.port,
      `GET ${list} HTTP/1.1\r\nConnection: close\r\n\r\n`,
    )
    expect(answers.map(({ status }) => status)).toEqual([400])
  })

  it.each(noRequests)('serves nothing for %j', async (line) => {
    asked.length = 0
    const { answers, text } = await exchange(site.port, head(line, 'Connection: close'))
    for (const { status } of answers) expect([400, 404, 405, 501, 505]).toContain(status)
    expect(text).not.toContain('200 OK')
    expect(asked).toEqual([])
  })
})

describe('Host poisoning (CVE-2024-32652)', () => {
  const evil = ['evil.test', 'evil.test:1234', 'EVIL.TEST', '127.0.0.1.evil.test']
  const forwarded = [
    'X-Forwarded-Host: evil.test',
    'X-Forwarded-Proto: evil.test',
    'Forwarded: host=evil.test;proto=https',
    'X-Original-URL: /evil.test',
    'X-Rewrite-URL: /evil.test',
    'X-Forwarded-Prefix: /evil.test',
    'Referer: http://evil.test/',
  ]
  const requests = [
    'POST /v2/a/blobs/uploads/ HTTP/1.1',
    'GET /v2/_catalog?n=1 HTTP/1.1',
    'GET /v2/UPPER/tags/list HTTP/1.1',
    'GET /nowhere HTTP/1.1',
    'POST http://evil.test/v2/a/blobs/uploads/ HTTP/1.1',
  ]

  it.each(requests)('%s is answered without any of it', async (line) => {
    for (const host of evil) {
      // A change for a page of another host is refused.
      const origin = line.startsWith('GET') ? ['Origin: http://evil.test'] : []
      const own = [`Host: ${host}`, ...origin]
      const lines = [...own, ...forwarded, 'Content-Length: 0', 'Connection: close']
      const { answers, text } = await exchange(site.port, head(line, ...lines))
      expect(answers).toHaveLength(1)
      expect(text.toLowerCase()).not.toContain('evil')
      const location = answers[0]?.headers.get('location')
      if (location !== undefined)
        expect(location).toMatch(/^\/v2\/a\/blobs\/uploads\/[0-9a-f-]{36}$/)
    }
  })
})
