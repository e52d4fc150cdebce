import { describe, expect, it } from 'vitest'
import { createRegistry, mediaTypes } from '../../src/index.ts'
import { type Client, clientOf, codesOf, digestOf, imageOf, jsonBytes } from './client.ts'

/** ferro: a PUT by digest was not checked, and neither was `sha512:`. */

const algorithms = ['sha256', 'sha512'] as const
const content = new TextEncoder().encode('what was really sent')

/** Digests of other bytes, and strings that are not digests. */
function wrongDigests(bytes: Uint8Array): ReadonlyArray<readonly [what: string, digest: string]> {
  const right = digestOf(bytes)
  return [
    ...algorithms.map((name) => [`${name} of other bytes`, digestOf('other', name)] as const),
    ['a digest in uppercase', `sha256:${right.slice(7).toUpperCase()}`],
    ['an algorithm in uppercase', right.replace('sha256', 'SHA256')],
    ['a digest cut short', right.slice(0, -1)],
    ['a digest too long', `${right}0`],
    ["sha256's hex under sha512", right.replace('sha256', 'sha512')],
    ['an unknown algorithm', `md5:${digestOf(bytes, 'md5').slice(4)}`],
    ['an unknown algorithm of the right length', right.replace('sha256', 'blake3')],
    ['two algorithms', right.replace('sha256', 'sha256+sha512')],
    ['a digest with a newline', `${right}%0a`],
    ['hex without an algorithm', right.slice(7)],
    ['a colon alone', ':'],
  ]
}

const headers = { 'Content-Type': mediaTypes.ociManifest }

async function manifestIn(client: Client): Promise<Uint8Array> {
  return jsonBytes(imageOf(await client.pushBlob('app', '{}')))
}

async function nothingIn(client: Client): Promise<void> {
  for (const name of algorithms) {
    const path = `/v2/app/blobs/${digestOf(content, name)}`
    expect((await client.send('HEAD', path)).status).toBe(404)
    const other = `/v2/app/blobs/${digestOf('other', name)}`
    expect((await client.send('HEAD', other)).status).toBe(404)
  }
}

describe('every digest is checked (ferro: by-digest and sha512 pushes were not)', () => {
  it.each(wrongDigests(content))('a blob in one step under %s', async (_, digest) => {
    const client = clientOf(createRegistry())
    const path = `/v2/app/blobs/uploads/?digest=${digest}`
    const answer = await client.send('POST', path, { body: content })
    expect(answer.status).toBe(400)
    expect(await codesOf(answer)).toEqual(['DIGEST_INVALID'])
    await nothingIn(client)
  })

  it.each(wrongDigests(content))('a blob in a session under %s', async (_, digest) => {
    const client = clientOf(createRegistry())
    for (const how of ['PATCH and PUT', 'PUT']) {
      const opened = await client.send('POST', '/v2/app/blobs/uploads/')
      const session = opened.headers.get('location') ?? ''
      if (how === 'PATCH and PUT') await client.send('PATCH', session, { body: content })
      const body = how === 'PUT' ? { body: content } : {}
      const answer = await client.send('PUT', `${session}?digest=${digest}`, body)
      expect(answer.status, how).toBe(400)
      expect(await codesOf(answer)).toEqual(['DIGEST_INVALID'])
    }
    await nothingIn(client)
  })

  it.each(wrongDigests(content))('a manifest under %s', async (what, digest) => {
    const client = clientOf(createRegistry())
    const body = await manifestIn(client)
    const path = `/v2/app/manifests/${digest}`
    const answer = await client.send('PUT', path, { headers, body })
    // At most 128 hex digits without an algorithm are a tag like any other.
    expect(answer.status).toBe(what === 'hex without an algorithm' ? 201 : 400)
    expect((await client.send('HEAD', `/v2/app/manifests/${digestOf('other')}`)).status).toBe(404)
  })

  it.each(wrongDigests(content))('a mount under %s', async (_, digest) => {
    const client = clientOf(createRegistry())
    await client.pushBlob('source', content)
    for (const from of ['', '&from=source']) {
      const answer = await client.send('POST', `/v2/app/blobs/uploads/?mount=${digest}${from}`)
      expect([400, 202]).toContain(answer.status)
    }
    await nothingIn(client)
  })

  it.each(algorithms)(
    'accepts the right %s for a blob, a session, a manifest, a mount',
    async (name) => {
      const client = clientOf(createRegistry())
      const digest = digestOf(content, name)
      const blob = await client.send('POST', `/v2/a/blobs/uploads/?digest=${digest}`, {
        body: content,
      })
      expect(blob.status).toBe(201)
      const opened = await client.send('POST', '/v2/b/blobs/uploads/')
      const session = opened.headers.get('location') ?? ''
      await client.send('PATCH', session, { body: content })
      expect((await client.send('PUT', `${session}?digest=${digest}`)).status).toBe(201)
      const body = await manifestIn(client)
      const path = `/v2/app/manifests/${digestOf(body, name)}`
      expect((await client.send('PUT', path, { headers, body })).status).toBe(201)
      const mount = await client.send('POST', `/v2/c/blobs/uploads/?mount=${digest}&from=a`)
      expect(mount.status).toBe(201)
      expect(await (await client.send('GET', `/v2/c/blobs/${digest}`)).text()).toBe(
        'what was really sent',
      )
    },
  )

  it('refuses a wrong sha256 digest for a session that was opened for sha512', async () => {
    const client = clientOf(createRegistry())
    const opened = await client.send('POST', '/v2/app/blobs/uploads/?digest-algorithm=sha512')
    const session = opened.headers.get('location') ?? ''
    await client.send('PATCH', session, { body: content })
    const right = digestOf(content)
    const wrong = await client.send('PUT', `${session}?digest=${digestOf('other')}`)
    expect(wrong.status).toBe(400)
    expect((await client.send('HEAD', `/v2/app/blobs/${right}`)).status).toBe(404)
  })
})
