import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRegistry } from '../../adapters/node-fs/index.ts'
import { type Access, createRegistry, type RegistryLimits } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { type Client, clientOf, codesOf, digestOf } from './client.ts'

/** ferro allows 1,024 sessions of 4 GiB each, in memory. */

const idle = 60_000

function limited(limits: Partial<RegistryLimits>, access?: Access) {
  const clock = fakeClock()
  const registry = createRegistry({
    clock: clock.now,
    limits: { uploadIdleMs: idle, ...limits },
    ...(access === undefined ? {} : { access }),
  })
  return { clock, registry, client: clientOf(registry) }
}

async function open(client: Client, who?: string): Promise<Response> {
  const headers = who === undefined ? {} : { Authorization: who }
  return client.send('POST', '/v2/app/blobs/uploads/', { headers })
}

async function openWithBytes(client: Client, who?: string): Promise<string> {
  const opened = await open(client, who)
  expect(opened.status).toBe(202)
  const session = opened.headers.get('location') ?? ''
  const headers = who === undefined ? {} : { Authorization: who }
  expect((await client.send('PATCH', session, { body: 'x', headers })).status).toBe(202)
  return session
}

async function isRefused(answer: Response): Promise<void> {
  expect(answer.status).toBe(429)
  expect(answer.headers.get('retry-after')).toBe('60')
  expect(await codesOf(answer)).toEqual(['TOOMANYREQUESTS'])
}

describe('upload sessions are capped (ferro: 1,024 × 4 GiB in memory)', () => {
  it('in number', async () => {
    const { client } = limited({ uploadSessions: 3 })
    const sessions = []
    for (let count = 0; count < 3; count += 1) sessions.push(await openWithBytes(client))
    await isRefused(await open(client))
    const body = 'x'
    const path = `/v2/app/blobs/uploads/?digest=${digestOf(body)}`
    expect((await client.send('POST', path, { body })).status).toBe(201)
    await client.send('DELETE', sessions[0] ?? '')
    expect((await open(client)).status).toBe(202)
  })

  it('in number, and those without bytes make way: 10,000 of them lock out no client', async () => {
    const { client } = limited({ uploadSessions: 100, uploadSessionsPerOwner: 100 })
    const pushing = await openWithBytes(client)
    for (let count = 0; count < 10_000; count += 1) {
      expect((await open(client)).status).toBe(202)
    }
    expect((await client.send('PATCH', pushing, { body: 'y' })).status).toBe(202)
    await openWithBytes(client)
  })

  it('in number, for each who calls', async () => {
    const access: Access = {
      authenticate: async ({ headers }) => ({ id: headers.get('authorization') ?? 'nobody' }),
      authorize: async (_, asks) => asks.map(() => 'allow'),
      challenge: () => 'Basic',
    }
    const { client } = limited({ uploadSessionsPerOwner: 2 }, access)
    await openWithBytes(client, 'ann')
    await openWithBytes(client, 'ann')
    await isRefused(await open(client, 'ann'))
    expect((await open(client, 'bob')).status).toBe(202)
  })

  it('in bytes of one blob', async () => {
    const { client } = limited({ blobBytes: 10 })
    const session = (await open(client)).headers.get('location') ?? ''
    expect((await client.send('PATCH', session, { body: '12345' })).status).toBe(202)
    const over = await client.send('PATCH', session, { body: '123456' })
    expect(over.status).toBe(413)
    expect((await client.send('GET', session)).headers.get('range')).toBe('0-4')
    const path = `/v2/app/blobs/uploads/?digest=${digestOf('12345678901')}`
    expect((await client.send('POST', path, { body: '12345678901' })).status).toBe(413)
  })

  it('in bytes of all blobs together', async () => {
    const { client } = limited({ uploadBytes: 10 })
    const [first, second] = await Promise.all([open(client), open(client)])
    const path = first?.headers.get('location') ?? ''
    const other = second?.headers.get('location') ?? ''
    expect((await client.send('PATCH', path, { body: '123456' })).status).toBe(202)
    await isRefused(await client.send('PATCH', other, { body: '12345' }))
    expect((await client.send('PATCH', other, { body: '1234' })).status).toBe(202)
    await isRefused(await client.send('PATCH', other, { body: '1' }))
    await client.send('DELETE', path)
    expect((await client.send('PATCH', other, { body: '1' })).status).toBe(202)
  })

  it('in time: a session that was idle too long is ended for a new one', async () => {
    const { client, clock, registry } = limited({ uploadSessions: 1, uploadBytes: 5 })
    const session = (await open(client)).headers.get('location') ?? ''
    await client.send('PATCH', session, { body: '12345' })
    await isRefused(await open(client))
    clock.advance(idle - 1)
    await isRefused(await open(client))
    clock.advance(2)
    expect((await client.send('GET', session)).status).toBe(404)
    const next = await open(client)
    expect(next.status).toBe(202)
    const path = next.headers.get('location') ?? ''
    expect((await client.send('PATCH', path, { body: '12345' })).status).toBe(202)
    clock.advance(idle + 1)
    await registry.expireUploads()
    expect((await client.send('PATCH', path, { body: '1' })).status).toBe(404)
  })

  it('in time, on disk: an expired session leaves nothing behind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'layerdock-caps-'))
    const clock = fakeClock()
    const limits = { uploadIdleMs: idle }
    const registry = await openRegistry({ directory, clock: clock.now, limits })
    try {
      const client = clientOf(registry)
      const session = (await open(client)).headers.get('location') ?? ''
      await client.send('PATCH', session, { body: new Uint8Array(100_000) })
      expect(await readdir(join(directory, 'uploads'))).not.toEqual([])
      clock.advance(idle + 1)
      await registry.expireUploads()
      // The file of all sessions stays, and none is in it any more.
      expect(await readdir(join(directory, 'uploads'))).toEqual(['sessions.1'])
      await registry.close()
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
    } finally {
      await registry.close()
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('and the blob itself stays readable after its session is gone', async () => {
    const { client, clock, registry } = limited({})
    const blob = await client.pushBlob('app', 'kept')
    clock.advance(idle * 2)
    await registry.expireUploads()
    expect((await client.send('GET', `/v2/app/blobs/${blob.digest}`)).status).toBe(200)
  })
})
