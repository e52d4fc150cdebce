import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runtimes, startProgram } from '../../conformance/servers.mjs'
import { clientOf } from '../promises/client.ts'
import { certain, smuggled, uncertain, unread } from '../promises/framings.ts'
import { exchange, firstAnswer, head } from '../promises/raw-socket.ts'
import { hosts, list, noRequests, targets } from '../promises/request-targets.ts'
import { sampleOf } from '../sample.ts'

const watchedServer = fileURLToPath(new URL('watched-server.ts', import.meta.url))

/** Requests that a runtime's parser accepts where Node refuses them, or reads in another way. */
export interface Parser {
  /** Ambiguous framings that it accepts. It reads them as other parsers that accept them do. */
  readonly reads?: readonly string[]
  /** Unambiguous framings that it refuses. */
  readonly refuses?: readonly string[]
  /** Request lines that it serves, though they are not for a registry. */
  readonly answers?: readonly string[]
  /** Targets that it reads as another plain target. It still asks for permission on what it serves. */
  readonly takesFor?: Readonly<Record<string, string>>
  /** Its statuses for refused requests, besides 400 and 505. */
  readonly refusesWith?: readonly number[]
  /** Whether it leaves a connection open that the client asked it to close. */
  readonly staysOpen?: boolean
}

/** A server of `watchedRegistry`. */
export interface WatchedServer {
  /** `127.0.0.1:PORT` */
  readonly host: string
  kill(): Promise<void>
}

interface Told {
  readonly asks: readonly unknown[]
  readonly targets: readonly string[]
}

const some = <Item>(requests: readonly Item[]): readonly Item[] =>
  sampleOf('requests of other runtimes', requests, 3)

/** Starts it behind the adapter of a runtime that has one. */
export async function startWatched(runtime: 'bun' | 'deno'): Promise<WatchedServer> {
  const [program = '', ...args] = runtimes[runtime]?.find('current').command ?? []
  return startProgram(program, [...args, watchedServer])
}

/**
 * Sends the raw requests of test/promises to the server of another runtime: every target is the route
 * of the URL as WHATWG reads it, or is refused; and no body is served as a request.
 */
export function holdsToTheSameRequests(
  start: () => Promise<WatchedServer>,
  parser: Parser = {},
): void {
  const { reads = [], takesFor = {} } = parser
  const refusals = [400, 505, ...(parser.refusesWith ?? [])]
  const ask = parser.staysOpen === true ? firstAnswer : exchange
  let server: WatchedServer
  let port: number

  beforeAll(async () => {
    server = await start()
    port = Number(server.host.split(':')[1])
    const client = clientOf(`http://${server.host}`)
    for (const name of ['a', 'b', 'a/b']) await client.pushImage(name, name.replace('/', '-'))
    await told()
  })
  afterAll(() => server?.kill())

  const told = async (): Promise<Told> => {
    const answer = await fetch(`http://${server.host}/what-was-asked`, {
      headers: { Connection: 'close' },
    })
    return (await answer.json()) as Told
  }

  const get = async (target: string, ...lines: readonly string[]): Promise<unknown> => {
    const { answers } = await ask(
      port,
      head(`GET ${target} HTTP/1.1`, ...lines, 'Connection: close'),
    )
    expect(answers).toHaveLength(1)
    const [{ status, body } = { status: 0, body: '' }] = answers
    const { asks } = await told()
    if (!refusals.includes(status)) return { status, body, asks }
    expect(asks).toEqual([])
    return 'refused'
  }

  describe('path confusion', () => {
    it('serves the plain targets', async () => {
      expect(await get(list)).toMatchObject({ status: 200, body: '{"name":"a","tags":["a"]}' })
      expect(await get('/metrics')).toMatchObject({ status: 404 })
    })

    it.each(some(targets))('GET %j', async (target, usual) => {
      const seen = await get(target)
      const plain = takesFor[target] ?? usual
      if (seen === 'refused') return
      expect(plain).not.toBeNull()
      expect(seen).toEqual(await get(plain ?? ''))
    })

    it.each(hosts)('with %j', async (line) => {
      const seen = await get(list, line)
      if (seen !== 'refused') expect(seen).toEqual(await get(list))
    })

    it('answers no request without a Host', async () => {
      const { answers } = await ask(port, `GET ${list} HTTP/1.1\r\nConnection: close\r\n\r\n`)
      expect(answers.map(({ status }) => status)).toEqual([400])
      expect((await told()).asks).toEqual([])
    })

    const nothing = noRequests.filter((line) => parser.answers?.includes(line) !== true)
    it.each(some(nothing))('serves nothing for %j', async (line) => {
      const { text } = await ask(port, head(line, 'Connection: close'))
      expect(text).not.toContain('200 OK')
      expect((await told()).asks).toEqual([])
    })
  })

  /** Gives the second request of a case a name of its own, of the same length. */
  let cases = 10_000
  const marked = (text: string): { sent: string; cameThrough: () => Promise<boolean> } => {
    cases += 1
    const name = `sec${cases}`
    return {
      sent: text.replace('smuggled', name),
      cameThrough: async () => (await told()).targets.some((target) => target.includes(name)),
    }
  }

  describe.concurrent('request smuggling', () => {
    const read = certain.filter(([what]) => parser.refuses?.includes(what) !== true)
    it.each(some(read))('serves the request after %s', async (_, request) => {
      const { sent, cameThrough } = marked(request + smuggled)
      const { answers } = await exchange(port, sent)
      expect(answers.map(({ status }) => status)).toEqual([201, 404])
      expect(await cameThrough()).toBe(true)
    })

    it.each(some(uncertain))('refuses %s, and the request after it', async (what, request) => {
      const { sent, cameThrough } = marked(request + smuggled)
      const { answers } = await exchange(port, sent)
      if (reads.includes(what)) {
        // The first request is read to its end, though the registry may refuse it, and then the second.
        expect([201, 400]).toContain(answers[0]?.status)
        expect(answers.slice(1).map(({ status }) => status)).toEqual([404])
        return
      }
      expect(await cameThrough()).toBe(false)
      for (const { status } of answers.slice(1)) expect(refusals).toContain(status)
    })

    it.each(some(unread))('never serves the body of %s', async (_, request) => {
      const { sent, cameThrough } = marked(request)
      const { answers } = await exchange(port, sent)
      expect(await cameThrough()).toBe(false)
      expect(answers.length).toBeLessThanOrEqual(1)
    })
  })
  describe('pages of a listed origin', () => {
    const Origin = 'https://ui.example.com'

    it('are told that they may send a request', async () => {
      const answer = await fetch(`http://${server.host}${list}`, {
        method: 'OPTIONS',
        headers: { Origin, 'Access-Control-Request-Method': 'GET' },
      })
      expect(answer.status).toBe(204)
      expect(answer.headers.get('access-control-allow-origin')).toBe(Origin)
      expect((await told()).asks).toEqual([])
    })

    it('may read blobs and errors', async () => {
      const client = clientOf(`http://${server.host}`)
      const { digest } = await client.pushBlob('a', 'read by a page')
      for (const [path, status] of [
        [`/v2/a/blobs/${digest}`, 200],
        ['/v2/a/manifests/none', 404],
      ] as const) {
        const answer = await client.send('GET', path, { headers: { Origin } })
        expect(answer.status).toBe(status)
        expect(answer.headers.get('access-control-allow-origin')).toBe(Origin)
        await answer.arrayBuffer()
      }
    })
  })
}
