import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callContext, repositoryName, tagName } from '../../src/index.ts'
import type { Access, Ask, Ruling } from '../../src/ports/access.ts'
import {
  type Client,
  clientOf,
  digestOf,
  expectError,
  imageManifest,
  ociIndex,
  ociManifest,
} from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const isVersion = (tag: string): boolean => /^v\d/.test(tag)

/** Versions are immutable for everyone but the release manager; a ruling speaks for its own tag alone. */
const access: Access = {
  authenticate: async ({ headers }) =>
    headers.get('authorization') === 'manager' ? { id: 'manager' } : null,
  authorize: async (who, asks) => asks.map((ask) => ruling(who?.id, ask)),
  challenge: () => 'Basic realm="registry"',
}

function ruling(who: string | undefined, { action, reference }: Ask): Ruling {
  if (who === 'manager' || (action !== 'push' && action !== 'delete')) return { decision: 'allow' }
  const named = reference?.kind === 'tag' ? reference.tag : null
  return {
    decision: 'allow',
    isImmutable: (tag) => isVersion(tag) && (named === null || named === tag),
  }
}

describe.each(registries)('immutable tags on $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  let manager: Client
  let one: string
  let other: string
  const manifests = '/v2/app/manifests'

  beforeEach(async () => {
    made = await make({ access })
    client = clientOf(made.registry)
    manager = clientOf(made.registry, { Authorization: 'manager' })
    for (const content of ['{}', 'one', 'other']) await client.pushBlob('app', content)
    one = imageManifest('one')
    other = imageManifest('other')
  })
  afterEach(() => made.end())

  const put = (by: Client, path: string, body: string): Promise<Response> =>
    by.send('PUT', `${manifests}/${path}`, { headers: { 'Content-Type': ociManifest }, body })

  const digestAt = async (tag: string): Promise<string | null> => {
    const head = await client.send('HEAD', `${manifests}/${tag}`)
    return head.headers.get('docker-content-digest')
  }

  test('a push makes the tag, and the same push again is a 201', async () => {
    expect((await put(client, 'v1', one)).status).toBe(201)
    expect((await put(client, 'v1', one)).status).toBe(201)
    expect((await put(client, `${digestOf(one)}?tag=v1&tag=v2`, one)).status).toBe(201)
    expect(await digestAt('v2')).toBe(digestOf(one))
  })

  test('a push that would move the tag is a 403 that says what it stands for', async () => {
    await put(client, 'v1', one)
    const [error] = await expectError(await put(client, 'v1', other), 403, 'DENIED')
    expect(error?.detail).toEqual({ tag: 'v1', digest: digestOf(one) })
    expect(error?.message).toMatch(/immutable.*push another tag/)
    expect(await digestAt('v1')).toBe(digestOf(one))
    expect(await digestAt(digestOf(other))).toBeNull()
  })

  test('tag parameters that would move tags are told of one by one, and none is set', async () => {
    await put(client, `${digestOf(one)}?tag=v1&tag=v2&tag=latest`, one)
    const refused = await put(client, `${digestOf(other)}?tag=v2&tag=latest&tag=v3&tag=v1`, other)
    const errors = await expectError(refused, 403, 'DENIED')
    const digest = digestOf(one)
    expect(errors.map(({ detail }) => detail)).toEqual([
      { tag: 'v2', digest },
      { tag: 'v1', digest },
    ])
    expect([await digestAt('latest'), await digestAt('v3')]).toEqual([digest, null])
  })

  test('one who is excepted moves and deletes it', async () => {
    await put(client, 'v1', one)
    expect((await put(manager, 'v1', other)).status).toBe(201)
    expect((await manager.send('DELETE', `${manifests}/v1`)).status).toBe(202)
    expect(await digestAt('v1')).toBeNull()
  })

  test('a deletion of the tag or of its manifest is refused', async () => {
    await put(client, `${digestOf(one)}?tag=v1&tag=latest`, one)
    for (const reference of ['v1', digestOf(one)]) {
      const refused = await client.send('DELETE', `${manifests}/${reference}`)
      const [error] = await expectError(refused, 403, 'DENIED')
      expect(error?.detail).toEqual({ tag: 'v1', digest: digestOf(one) })
    }
    expect((await client.send('DELETE', `${manifests}/latest`)).status).toBe(202)
    expect(await digestAt('v1')).toBe(digestOf(one))
    await expectError(await client.send('DELETE', `${manifests}/v9`), 404, 'MANIFEST_UNKNOWN')
  })

  test('what the manifest of such a tag names stays', async () => {
    await client.pushManifest('app', 'child', one)
    const entry = { mediaType: ociManifest, digest: digestOf(one), size: one.length }
    const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry] })
    await client.pushManifest('app', 'v1', index, ociIndex)
    await client.send('DELETE', `${manifests}/child`)
    for (const path of [`blobs/${digestOf('one')}`, `manifests/${digestOf(one)}`]) {
      const [error] = await expectError(
        await client.send('DELETE', `/v2/app/${path}`),
        403,
        'DENIED',
      )
      expect(error?.message).toMatch(/a manifest here names it/)
    }
    expect((await client.send('DELETE', `/v2/app/blobs/${digestOf('other')}`)).status).toBe(202)
    expect((await client.send('GET', `/v2/app/blobs/${digestOf('one')}`)).status).toBe(200)
    expect((await manager.send('DELETE', `/v2/app/blobs/${digestOf('one')}`)).status).toBe(202)
  })

  test('of pushes at once one makes the tag', async () => {
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all([
        put(client, `v${round}`, one),
        put(client, `v${round}`, other),
      ])
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 403])
    }
  })

  test('a program is not held to what callers are', async () => {
    await put(client, 'v1', one)
    const [app, v1] = [repositoryName('app'), tagName('v1')]
    const { service } = made.registry
    await service.deleteManifest(callContext(), app, { kind: 'tag', tag: v1 })
    expect(await digestAt('v1')).toBeNull()
  })
})
