import { describe, expect, it } from 'vitest'
import { type Access, createRegistry, mediaTypes, type Registry } from '../../src/index.ts'
import { type Client, clientOf, type Described, imageOf, jsonBytes } from './client.ts'

/** CVE-2024-39897 (zot: HEAD and mount), CVE-2026-35172 (a revoked blob readable again). */

const ways = ['HEAD', 'GET', 'Range', 'If-None-Match', 'mount', 'anonymous mount'] as const
type Way = (typeof ways)[number]

/** Whether a client gets a blob of a repository in this way. */
async function reaches(client: Client, way: Way, from: string, digest: string): Promise<boolean> {
  const path = `/v2/${from}/blobs/${digest}`
  switch (way) {
    case 'HEAD':
    case 'GET':
      return (await client.send(way, path)).status === 200
    case 'Range':
      return (await client.send('GET', path, { headers: { Range: 'bytes=0-0' } })).status === 206
    case 'If-None-Match': {
      const headers = { 'If-None-Match': `"${digest}"` }
      return (await client.send('GET', path, { headers })).status === 304
    }
    case 'mount': {
      const query = `mount=${digest}&from=${from}`
      return (await client.send('POST', `/v2/mounted/blobs/uploads/?${query}`)).status === 201
    }
    case 'anonymous mount':
      return (
        (await client.send('POST', `/v2/anywhere/blobs/uploads/?mount=${digest}`)).status === 201
      )
  }
}

/** The caller named in `Authorization` may read and write the repositories of that name. */
const ownOnly: Access = {
  authenticate: async ({ headers }) => ({ id: headers.get('authorization') ?? 'nobody' }),
  authorize: async (who, asks) =>
    asks.map(({ repository }) =>
      repository === null || repository.startsWith(`${who?.id}/`) ? 'allow' : 'deny',
    ),
  challenge: () => 'Basic',
}

function as(who: string, registry: Registry): Client {
  return clientOf({
    fetch(request) {
      const headers = new Headers(request.headers)
      headers.set('authorization', who)
      return registry.fetch(new Request(request, { headers }))
    },
  })
}

describe('membership (CVE-2024-39897, CVE-2026-35172)', () => {
  it.each(ways)('a repository without the blob does not serve it: %s', async (way) => {
    const client = clientOf(createRegistry())
    const { digest } = await client.pushBlob('owner', 'secret')
    await client.pushBlob('other', 'something else')
    if (way !== 'anonymous mount') expect(await reaches(client, way, 'other', digest)).toBe(false)
    expect(await reaches(client, way, 'owner', digest)).toBe(true)
  })

  it.each(ways)(
    'a blob that was deleted in A and is still in B stays 404 in A: %s',
    async (way) => {
      const client = clientOf(createRegistry())
      const { digest } = await client.pushBlob('a', 'shared')
      await client.pushBlob('b', 'shared')
      expect((await client.send('DELETE', `/v2/a/blobs/${digest}`)).status).toBe(202)
      expect(await (await client.send('GET', `/v2/b/blobs/${digest}`)).text()).toBe('shared')
      if (way !== 'anonymous mount') expect(await reaches(client, way, 'a', digest)).toBe(false)
      expect((await client.send('GET', `/v2/a/blobs/${digest}`)).status).toBe(404)
    },
  )

  it('a manifest does not grant access to the content that it names', async () => {
    const client = clientOf(createRegistry({ allowSparse: true }))
    const secret = await client.pushBlob('owner', 'secret')
    const body = jsonBytes({ ...imageOf(secret), layers: [secret] })
    const headers = { 'Content-Type': mediaTypes.ociManifest }
    const put = await client.send('PUT', '/v2/thief/manifests/latest', { headers, body })
    expect(put.status).toBe(201)
    for (const way of ways.slice(0, 5)) {
      expect(await reaches(client, way, 'thief', secret.digest), way).toBe(false)
    }
  })

  it('a manifest that names content of another repository is refused', async () => {
    const client = clientOf(createRegistry())
    const secret = await client.pushBlob('owner', 'secret')
    const headers = { 'Content-Type': mediaTypes.ociManifest }
    const body = jsonBytes(imageOf(secret))
    expect((await client.send('PUT', '/v2/thief/manifests/x', { headers, body })).status).toBe(400)
  })

  it('manifests and referrers are only in their own repository', async () => {
    const client = clientOf(createRegistry())
    const base = await client.pushImage('a', 'base')
    const subject: Described = {
      mediaType: mediaTypes.ociManifest,
      digest: base.digest,
      size: base.bytes.byteLength,
    }
    const signature = await client.pushImage('a', 'signature', { subject })
    await client.pushBlob('b', 'anything')
    for (const reference of ['base', base.digest, signature.digest]) {
      expect((await client.send('GET', `/v2/b/manifests/${reference}`)).status).toBe(404)
      expect((await client.send('HEAD', `/v2/b/manifests/${reference}`)).status).toBe(404)
      expect((await client.send('GET', `/v2/a/manifests/${reference}`)).status).toBe(200)
    }
    const listed = async (repository: string): Promise<number> => {
      const answer = await client.send('GET', `/v2/${repository}/referrers/${base.digest}`)
      return ((await answer.json()) as { manifests: unknown[] }).manifests.length
    }
    expect(await listed('a')).toBe(1)
    expect(await listed('b')).toBe(0)
  })

  it('an upload session is only in the repository where it was opened', async () => {
    const client = clientOf(createRegistry())
    const opened = await client.send('POST', '/v2/a/blobs/uploads/')
    const own = opened.headers.get('location') ?? ''
    const elsewhere = own.replace('/v2/a/', '/v2/b/')
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const query = method === 'PUT' ? `?digest=sha256:${'0'.repeat(64)}` : ''
      expect((await client.send(method, `${elsewhere}${query}`)).status, method).toBe(404)
    }
    expect((await client.send('GET', own)).status).toBe(204)
  })

  it.each(ways)('users × repositories: no user reaches the content of another: %s', async (way) => {
    const registry = createRegistry({ access: ownOnly })
    const [ann, bob] = [as('ann', registry), as('bob', registry)]
    const { digest } = await ann.pushBlob('ann/app', 'secret')
    await bob.pushBlob('bob/app', 'other')
    if (way === 'mount' || way === 'anonymous mount') {
      const from = way === 'mount' ? '&from=ann/app' : ''
      const path = `/v2/bob/app/blobs/uploads/?mount=${digest}${from}`
      expect((await bob.send('POST', path)).status).toBe(202)
      expect((await bob.send('HEAD', `/v2/bob/app/blobs/${digest}`)).status).toBe(404)
    } else {
      expect(await reaches(bob, way, 'ann/app', digest)).toBe(false)
      expect(await reaches(ann, way, 'ann/app', digest)).toBe(true)
    }
  })

  it.each(['', '?n=1', '?n=3'])(
    'the catalog lists only repositories that the caller may read: %j',
    async (query) => {
      const registry = createRegistry({ access: ownOnly, limits: { pageSize: 4 } })
      const [ann, bob] = [as('ann', registry), as('bob', registry)]
      for (let number = 0; number < 60; number += 1) await ann.pushBlob(`ann/app-${number}`, 'x')
      await bob.pushBlob('bob/app', 'x')
      await bob.pushBlob('bob/lib', 'x')
      for (let number = 0; number < 60; number += 1) await ann.pushBlob(`ann/${number}/zoo`, 'x')
      const found: string[] = []
      let path: string | undefined = `/v2/_catalog${query}`
      while (path !== undefined) {
        const answer: Response = await bob.send('GET', path)
        expect(JSON.stringify([...answer.headers])).not.toContain('ann')
        found.push(...((await answer.json()) as { repositories: string[] }).repositories)
        path = /^<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1]
      }
      expect(found).toEqual(['bob/app', 'bob/lib'])
    },
  )
})
