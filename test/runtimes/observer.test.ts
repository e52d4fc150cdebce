import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RegistryEvent, RequestReport } from '../../src/index.ts'
import { dial } from '../node-fs/loopback.ts'
import { someRuntimes } from '../on-runtimes.ts'
import { digestOf } from '../promises/client.ts'
import { type Probe, startProbe } from './start-probe.ts'

interface Reports {
  readonly server: readonly RequestReport[]
  readonly own: readonly RequestReport[]
  readonly events: readonly RegistryEvent[]
}

const places = someRuntimes('what observers are told of a').flatMap((runtime) => [
  { runtime, place: 'memory' },
  { runtime, place: 'disk' },
])

describe.each(places)(
  'what observers are told on $runtime of a registry in $place',
  ({ runtime, place }) => {
    let probe: Probe
    let directory = ''
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'layerdock-observer-'))
      probe = await startProbe(runtime, place === 'disk' ? { directory } : {})
    })
    afterAll(async () => {
      await probe?.stop()
      await rm(directory, { recursive: true, force: true })
    })

    const url = (path: string): string => `http://127.0.0.1:${probe.port}${path}`
    const reportsOf = async (userAgent: string): Promise<Reports> => {
      const { server, own, events } = (await (await fetch(url('/reports'))).json()) as Reports
      const wanted = (report: RequestReport): boolean => report.userAgent === userAgent
      return { server: server.filter(wanted), own: own.filter(wanted), events }
    }

    it('is one report of each request, the same for the server and the registry', async () => {
      const headers = { 'User-Agent': 'crane/1' }
      const bytes = 'x'.repeat(100_000)
      const digest = digestOf(bytes)
      const push = `/v2/team/app/blobs/uploads/?digest=${digest}`
      expect((await fetch(url(push), { method: 'POST', body: bytes, headers })).status).toBe(201)
      const pull = `/v2/team/app/blobs/${digest}`
      expect(await (await fetch(url(pull), { headers })).text()).toBe(bytes)
      // On Bun the report of a file comes a moment later, which must not be behind that of the next request.
      await expect.poll(async () => (await reportsOf('crane/1')).server.length).toBe(2)
      await fetch(url(pull), { method: 'HEAD', headers })
      await (await fetch(url('/v2/team/app/manifests/none'), { headers })).text()
      await expect.poll(async () => (await reportsOf('crane/1')).server.length).toBe(4)
      const { server, own } = await reportsOf('crane/1')
      expect(own).toEqual(server)

      const common = { repository: 'team/app', principal: null, peer: { address: '127.0.0.1' } }
      expect(server).toMatchObject([
        { ...common, method: 'POST', target: push, status: 201, bytesIn: 100_000, bytesOut: 0 },
        {
          ...common,
          method: 'GET',
          route: '/v2/<name>/blobs/<digest>',
          reference: { kind: 'digest', digest },
          status: 200,
          bytesIn: 0,
          bytesOut: 100_000,
          cutShort: false,
        },
        { ...common, method: 'HEAD', status: 200, bytesOut: 0 },
        { ...common, method: 'GET', status: 404, errorCode: 'MANIFEST_UNKNOWN' },
      ])
    })

    it.each([
      { given: 'none', headers: {}, id: /^[0-9a-f]{8}-[0-9a-z]+$/ },
      { given: 'one', headers: { 'X-Request-Id': 'of-a-proxy' }, id: /^of-a-proxy$/ },
    ])('has the request id of its events, where the client gives $given', async (sent) => {
      const userAgent = `given-${sent.given}`
      const push = `/v2/team/app/blobs/uploads/?digest=${digestOf(userAgent)}`
      const headers = { ...sent.headers, 'User-Agent': userAgent }
      await fetch(url(push), { method: 'POST', body: userAgent, headers })
      await expect.poll(async () => (await reportsOf(userAgent)).server.length).toBe(1)
      const { server, own, events } = await reportsOf(userAgent)
      const event = events.find((each) => 'digest' in each && each.digest === digestOf(userAgent))
      expect(server[0]?.requestId).toMatch(sent.id)
      expect(own[0]?.requestId).toBe(server[0]?.requestId)
      expect(event?.requestId).toBe(server[0]?.requestId)
    })

    it('includes requests that never reach the registry', async () => {
      await (await fetch(url('/later'), { headers: { 'User-Agent': 'curl/8' } })).text()
      await expect.poll(async () => (await reportsOf('curl/8')).server.length).toBe(1)
      const { server, own } = await reportsOf('curl/8')
      expect(server).toMatchObject([{ target: '/later', route: null, status: 200 }])
      expect(own).toEqual([])
    })

    it('has no status where the client left before its answer', async () => {
      const socket = await dial(probe.port)
      const started = `PATCH ${await session()} HTTP/1.1\r\nHost: h\r\nUser-Agent: gone\r\n`
      socket.write(`${started}Content-Length: 10\r\n\r\nfour`)
      // The server has the head once it has answered what came after it on another connection.
      await (await fetch(url('/later'))).text()
      socket.destroy()
      await expect.poll(async () => (await reportsOf('gone')).server.length).toBe(1)
      expect((await reportsOf('gone')).server).toMatchObject([
        { method: 'PATCH', status: null, bytesOut: 0, cutShort: true },
      ])
    })

    async function session(): Promise<string> {
      const response = await fetch(url('/v2/a/blobs/uploads/'), { method: 'POST' })
      const location = response.headers.get('location') ?? ''
      return location.replace(/^https?:\/\/[^/]+/, '')
    }
  },
)
