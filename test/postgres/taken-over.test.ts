import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/index.ts'
import { partBucket, partStoreIn } from '../../src/testing/part-store.ts'
import { sampleBytes } from '../../src/testing/samples.ts'
import { sampleOf } from '../sample.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { type RegistryNodes, registryNodes } from './nodes.ts'

/** How long a node's claim holds once it no longer renews it. */
const claimMs = 10_000

const bytes = new Uint8Array(sampleBytes(200_000))
/** The request that is taken over, and the bytes that were acknowledged before. */
const cases: ReadonlyArray<[string, number]> = [
  ['PATCH', 30_000],
  ['PUT', 100_000],
  ['PUT', 0],
  ['PATCH', 100_000],
]
const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** A body that ends when it is told to. */
function openBody(): {
  readonly stream: ReadableStream<Uint8Array>
  send(bytes: Uint8Array): void
  end(): void
} {
  let to: ReadableStreamDefaultController<Uint8Array> | null = null
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      to = controller
    },
  })
  return {
    stream,
    // It may have been cancelled since.
    send: (chunk) => {
      try {
        to?.enqueue(chunk)
      } catch {}
    },
    end: () => {
      try {
        to?.close()
      } catch {}
    },
  }
}

withServices('an upload that another node takes over', { postgres }, (running) => {
  const clock = fakeClock()
  let nodes: RegistryNodes

  beforeEach(async () => {
    const options = { minPartBytes: 5000, keysPerPage: 2 }
    const bucket = partBucket(options)
    nodes = await registryNodes(running.postgres, () => partStoreIn(bucket, options), clock.now)
  })
  afterEach(() => nodes.close())

  async function ask(
    node: number,
    path: string,
    init: RequestInit & { duplex?: 'half' } = {},
  ): Promise<Response> {
    return nodes.node(node).registry.fetch(new Request(new URL(path, 'http://localhost'), init))
  }

  /** Opens an upload on the first node, and sends its first bytes. */
  async function begun(middle: number): Promise<string> {
    const posted = await ask(0, '/v2/app/blobs/uploads/', { method: 'POST' })
    const location = posted.headers.get('location') ?? ''
    if (middle === 0) return location
    const first = bytes.slice(0, middle)
    expect((await ask(0, location, { method: 'PATCH', body: first })).status).toBe(202)
    return location
  }

  /** The first node dies in the middle of a request. */
  async function dies(location: string, method: string) {
    const body = openBody()
    const url = method === 'PUT' ? `${location}?digest=${digest}` : location
    const answer = ask(0, url, { method, body: body.stream, duplex: 'half' })
    body.send(new Uint8Array(30_000).fill(7))
    await expect.poll(async () => claims()).toBe(1)
    nodes.node(0).cut()
    return { body, answer }
  }

  async function claims(): Promise<number> {
    const held = await nodes.node(1).database.uploads.expired(-1e12, 100)
    return 1 - held.length
  }

  async function pulled(node: number): Promise<Uint8Array> {
    const answer = await ask(node, `/v2/app/blobs/${digest}`)
    expect(answer.status).toBe(200)
    return new Uint8Array(await answer.arrayBuffer())
  }

  test.each(sampleOf('uploads that are taken over', cases.slice(0, 2), 2))(
    'goes on where it was acknowledged, after a %s at %i',
    async (method, middle) => {
      const location = await begun(middle)
      const dead = await dies(location, method)
      const rest = bytes.slice(middle)
      const patched = ask(1, location, { method: 'PATCH', body: rest })
      clock.advance(claimMs)
      expect((await patched).status).toBe(202)
      expect((await ask(2, `${location}?digest=${digest}`, { method: 'PUT' })).status).toBe(201)

      nodes.node(0).heal()
      dead.body.send(bytes.slice(0, middle))
      dead.body.end()
      expect((await dead.answer).status).toBeGreaterThanOrEqual(400)
      for (const node of [0, 1, 2]) expect(await pulled(node)).toEqual(bytes)
    },
  )

  test.each(sampleOf('uploads that are taken over', cases, 3))(
    'a node that wakes up in the middle of a %s at %i can only fail',
    async (method, middle) => {
      const location = await begun(middle)
      const stale = await dies(location, method)
      const body = openBody()
      const patched = ask(1, location, { method: 'PATCH', body: body.stream, duplex: 'half' })
      clock.advance(claimMs)
      await expect.poll(async () => claims()).toBe(1)
      body.send(bytes.slice(middle, middle + 50_000))

      // It sends just what would have made the blob whole.
      nodes.node(0).heal()
      stale.body.end()
      expect((await stale.answer).status).toBeGreaterThanOrEqual(400)
      expect((await ask(0, location)).headers.get('range')).toBe(`0-${Math.max(middle - 1, 0)}`)

      body.send(bytes.slice(middle + 50_000))
      body.end()
      expect((await patched).status).toBe(202)
      expect((await ask(2, `${location}?digest=${digest}`, { method: 'PUT' })).status).toBe(201)
      for (const node of [0, 1, 2]) expect(await pulled(node)).toEqual(bytes)
    },
  )
})
