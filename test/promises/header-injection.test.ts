import { pino } from 'pino'
import { beforeAll, describe, expect, it } from 'vitest'
import { accessLog } from '../../adapters/cli/access-log.ts'
import { logNotices } from '../../adapters/cli/log-notices.ts'
import { createRegistry, mediaTypes } from '../../src/index.ts'
import { type Client, clientOf, digestOf, imageOf, jsonBytes } from './client.ts'
import { exchange, head } from './raw-socket.ts'
import { type Served, served } from './served.ts'

/** Runtimes throw on CR and LF in a header, so that a client's string became a 500. */

const breaks = [
  '\r\nX-Evil: 1',
  '\nX-Evil: 1',
  '\r',
  '\n',
  '\0',
  '\x1b[2J',
  '\x7f',
  '\x85',
  '\u2028',
  'é',
  '\ud83d\ude00',
]
const headers = { 'Content-Type': mediaTypes.ociManifest }

/** The places where a client's string may get into a header; true where it must be refused. */
const places: ReadonlyArray<
  readonly [
    where: string,
    refused: boolean,
    ask: (client: Client, evil: string) => Promise<Response>,
  ]
> = [
  [
    "a manifest's mediaType",
    true,
    // A line break at the end is white space, which is trimmed; in the middle it is not.
    (client, evil) => put(client, { mediaType: `application/${evil}json` }),
  ],
  [
    "a manifest's subject",
    true,
    (client, evil) =>
      put(client, { subject: { mediaType: 'a/b', digest: `sha256:${evil}`, size: 1 } }),
  ],
  [
    'an unknown subject',
    true,
    (client, evil) => put(client, { subject: { mediaType: 'a/b', digest: `x:a${evil}`, size: 1 } }),
  ],
  ["a manifest's artifactType", true, (client, evil) => put(client, { artifactType: evil })],
  [
    "a manifest's annotations",
    false,
    (client, evil) => put(client, { annotations: { [evil]: evil } }),
  ],
  ['a tag', true, (client, evil) => client.send('PUT', `/v2/app/manifests/a${quoted(evil)}`)],
  [
    'a tag parameter',
    true,
    async (client, evil) => {
      const body = jsonBytes(imageOf(await client.pushBlob('app', '{}')))
      const path = `/v2/app/manifests/${digestOf(body)}?tag=a${quoted(evil)}`
      return client.send('PUT', path, { headers, body })
    },
  ],
  ['a repository', true, (client, evil) => client.send('GET', `/v2/app${quoted(evil)}/tags/list`)],
  [
    'a new repository',
    true,
    (client, evil) => client.send('POST', `/v2/a${quoted(evil)}/blobs/uploads/`),
  ],
  ['a digest', true, (client, evil) => client.send('GET', `/v2/app/blobs/sha256:${quoted(evil)}`)],
  [
    'a digest parameter',
    true,
    (client, evil) => client.send('POST', `/v2/app/blobs/uploads/?digest=sha256:${quoted(evil)}`),
  ],
  [
    'an algorithm',
    true,
    (client, evil) =>
      client.send('POST', `/v2/app/blobs/uploads/?digest-algorithm=${quoted(evil)}`),
  ],
  [
    "a mount's source",
    false,
    (client, evil) => {
      const path = `/v2/app/blobs/uploads/?mount=${digestOf('x')}&from=${quoted(evil)}`
      return client.send('POST', path)
    },
  ],
  [
    'the subject of referrers',
    true,
    (client, evil) => client.send('GET', `/v2/app/referrers/x:${quoted(evil)}`),
  ],
  [
    'the filter of referrers',
    false,
    (client, evil) =>
      client.send(
        'GET',
        `/v2/app/referrers/${digestOf('x')}?artifactType=${quoted(evil)}&last=${quoted(evil)}`,
      ),
  ],
  [
    'the place in a list',
    false,
    (client, evil) => client.send('GET', `/v2/app/tags/list?n=1&last=${quoted(evil)}`),
  ],
  [
    'the place in the catalog',
    false,
    (client, evil) => client.send('GET', `/v2/_catalog?n=1&last=${quoted(evil)}`),
  ],
  ['a page', true, (client, evil) => client.send('GET', `/v2/_catalog?n=1${quoted(evil)}`)],
]

async function put(client: Client, more: object): Promise<Response> {
  const body = jsonBytes({ ...imageOf(await client.pushBlob('app', '{}')), ...more })
  return client.send('PUT', '/v2/app/manifests/x', { body })
}

function quoted(text: string): string {
  return encodeURIComponent(text)
}

describe("a client's string never becomes a header or a failure", () => {
  it.each(places)('%s', async (_, refused, ask) => {
    const failures: unknown[] = []
    const client = clientOf(createRegistry({ onNotice: (event) => failures.push(event) }))
    await client.pushImage('app', 'latest')
    for (const evil of breaks) {
      const answer = await ask(client, evil)
      // No path contains a Unicode line separator, so the answer is a 404.
      const no = evil === '\u2028' ? [400, 404] : [400]
      if (refused) expect(no, JSON.stringify(evil)).toContain(answer.status)
      else expect(answer.status, JSON.stringify(evil)).toBeLessThan(400)
      expect(answer.headers.get('x-evil')).toBeNull()
      const written = [...answer.headers].flat().join('')
      expect(written, JSON.stringify(evil)).toMatch(/^[\x20-\x7e]*$/)
    }
    expect(failures).toEqual([])
  })
})

describe('on the wire', () => {
  let site: Served
  const lines: string[] = []

  beforeAll(async () => {
    const log = pino({ base: null, level: 'trace' }, { write: (line) => lines.push(line) })
    site = await served({ onNotice: logNotices(() => log) }, { observe: accessLog(log) })
  })

  it.each(['\r', '\n', '\0', '\x1b', '\x7f', '\x01'])('%j in a head is 400', async (evil) => {
    const heads = [
      head(`GET /v2/${evil}/tags/list HTTP/1.1`),
      head('GET /v2/ HTTP/1.1', `X: a${evil}b`),
      head('GET /v2/ HTTP/1.1', `X${evil}: a`),
      head('GET /v2/ HTTP/1.1', `Authorization: Basic${evil}x`),
      head(`GET${evil} /v2/ HTTP/1.1`),
    ]
    for (const text of heads) {
      const { answers } = await exchange(site.port, text)
      // llhttp accepts DEL in the value of a header, where it is harmless.
      const fine = evil === '\x7f' ? [200, 400] : [400]
      expect(answers).toHaveLength(1)
      expect(fine, JSON.stringify(text)).toContain(answers[0]?.status)
    }
  })

  it('the log of a request is one line without control characters', async () => {
    const targets = breaks.map((evil) => `/v2/app${quoted(evil)}/tags/list?last=${quoted(evil)}`)
    const agents = ['curl\t{"level":60}', '\x80\x9b2J\xff', '"},{"', 'a'.repeat(8000)]
    for (const target of targets) {
      for (const agent of agents) {
        lines.length = 0
        const lineOf = (name: string): string => `${name}: ${agent}`
        const names = ['User-Agent', 'X-Request-Id', 'X-Forwarded-For'].slice(
          0,
          agent.length > 100 ? 1 : 3,
        )
        const text = head(`GET ${target} HTTP/1.1`, ...names.map(lineOf), 'Connection: close')
        const { answers } = await exchange(site.port, text)
        expect(answers).toHaveLength(1)
        expect(lines).toHaveLength(1)
        const [line = ''] = lines
        expect(line.replace(/\n$/, '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
        expect(line.length).toBeLessThan(4000)
        expect(JSON.parse(line)).toMatchObject({ msg: 'request', method: 'GET' })
      }
    }
  })

  it('a secret in a header or in an unknown parameter is not logged', async () => {
    lines.length = 0
    const canary = 'c4n4ry'
    const text = head(
      `GET /v2/app/tags/list?token=${canary} HTTP/1.1`,
      `Authorization: Bearer ${canary}`,
      `Cookie: session=${canary}`,
      `Proxy-Authorization: Basic ${canary}`,
      'Connection: close',
    )
    await exchange(site.port, text)
    expect(lines).toHaveLength(1)
    expect(lines.join('')).not.toContain(canary)
  })
})
