import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleBytes } from '../../src/testing/index.ts'
import { type Client, controlledBody, digestOf, headersOf } from '../http/client.ts'
import type { Hosting } from './hosts.ts'
import { clientAt, pullImage } from './over-the-wire.ts'

/** A server with a registry in it that reports every chunk when the registry takes it. */
export interface Watched extends Hosting {
  /** The size of the next chunk that arrives. */
  arrival(): Promise<number>
}

/**
 * The tests that every host has to pass, in whatever way it cuts paths and passes bodies.
 *
 * @param ownHead paths whose HEAD the host answers with a Content-Length of its own
 */
export function servesWhole(
  prefix: string,
  start: () => Promise<Watched>,
  ownHead: readonly string[] = [],
): void {
  let hosting: Watched
  let client: Client
  beforeAll(async () => {
    hosting = await start()
    client = clientAt(`${hosting.origin}${prefix}`)
  })
  afterAll(() => hosting.close())

  test.each(['app', 'v2/team/app', `${'deep/'.repeat(40)}app`])(
    'stores and serves %s',
    async (name) => {
      const image = await client.pushImage(name, 'latest')
      await pullImage(client, name, 'latest', image)
      await pullImage(client, name, image.digest, image)
    },
  )

  test('gives public paths in Location and Link', async () => {
    const session = await client.openUpload('paths')
    expect(session).toMatch(new RegExp(`^${prefix}/v2/paths/blobs/uploads/[0-9a-f-]{36}$`))
    await client.pushImage('paths', 'a')
    await client.pushImage('paths', 'b')
    const tags = await client.send('GET', '/v2/paths/tags/list?n=1')
    expect(tags.headers.get('link')).toBe(`<${prefix}/v2/paths/tags/list?n=1&last=a>; rel="next"`)
  })

  test('stores and serves more than any buffer on the way holds', async () => {
    const bytes = sampleBytes(3_000_000)
    const digest = await client.pushBlob('large', bytes)
    const got = await client.send('GET', `/v2/large/blobs/${digest}`)
    expect(digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(digest)
  })

  test('answers HEAD with the headers of GET, Content-Length included', async () => {
    const { digest, layer, text } = await client.pushImage('head', 'latest')
    const paths: readonly (readonly [string, number])[] = [
      ['/v2/', 2],
      ['/v2', 2],
      [`/v2/head/blobs/${layer}`, 'a layer of head'.length],
      ['/v2/head/manifests/latest', text.length],
      [`/v2/head/manifests/${digest}`, text.length],
    ]
    for (const [path, length] of paths) {
      const got = await client.send('GET', path)
      expect((await got.arrayBuffer()).byteLength).toBe(length)
      const head = await client.send('HEAD', path)
      expect([head.status, await head.text()]).toEqual([200, ''])
      if (ownHead.includes(path)) continue
      expect(lasting(head)).toEqual(lasting(got))
      expect(head.headers.get('content-length')).toBe(String(length))
    }
    const missing = await client.send('HEAD', '/v2/head/manifests/none')
    expect([missing.status, await missing.text()]).toEqual([404, ''])
  })

  test('passes a body on while it arrives', async () => {
    const session = await client.openUpload('stream')
    const body = controlledBody()
    const patched = client.send('PATCH', session, {
      headers: { 'Content-Type': 'application/octet-stream' },
      body: body.stream,
    })
    for (const chunk of ['the first', 'the second one']) {
      const arrival = hosting.arrival()
      body.push(chunk)
      expect(await arrival).toBe(chunk.length)
    }
    body.end()
    expect((await patched).status).toBe(202)
    const digest = digestOf('the firstthe second one')
    const put = await client.send('PUT', `${session}?digest=${digest}`)
    expect([put.status, await put.text()]).toEqual([201, ''])
  })

  test('leaves the error answers of the registry as they are', async () => {
    const wrong = await client.send('DELETE', '/v2/none/tags/list')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    const unknown = await client.send('GET', '/v2/none/manifests/latest')
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toMatchObject({ errors: [{ code: 'MANIFEST_UNKNOWN' }] })
    const path = `/v2/none/blobs/uploads/?digest=${digestOf('another')}`
    const mismatch = await client.send('POST', path, { body: 'this' })
    expect(mismatch.status).toBe(400)
    expect(await mismatch.json()).toMatchObject({ errors: [{ code: 'DIGEST_INVALID' }] })
  })
}

/** The headers of the answer, without those of the connection and the time. */
function lasting(response: Response): Record<string, string> {
  const { date, connection, 'keep-alive': keepAlive, ...headers } = headersOf(response)
  return headers
}
