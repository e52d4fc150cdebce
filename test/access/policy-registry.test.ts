import { describe, expect, test } from 'vitest'
import {
  accessPolicy,
  type PolicyDocument,
  registryAccess,
  requestLogin,
} from '../../src/access/index.ts'
import { createRegistry } from '../../src/index.ts'
import { type Client, clientOf, imageManifest, ociManifest } from '../http/client.ts'

/** Makes clients of one registry with a policy; each is of the caller of that name. */
function registryWith(document: PolicyDocument): (user: string | null) => Client {
  const byHeader = requestLogin('header', ({ headers }) => {
    const id = headers.get('x-user')
    return id === null ? null : { id, groups: id === 'olga' ? ['ops'] : [] }
  })
  const policy = accessPolicy(document, { loginGroups: true })
  const registry = createRegistry({ access: registryAccess({ logins: [byHeader], policy }) })
  return (user) => clientOf(registry, user === null ? {} : { 'x-user': user })
}

const ops = { who: 'group:ops', repositories: '**', allow: ['pull', 'push', 'delete'] } as const

async function tagged(client: Client, name: string, tag: string, layer: string): Promise<number> {
  await client.pushBlob(name, '{}')
  await client.pushBlob(name, layer)
  const { status } = await client.send('PUT', `/v2/${name}/manifests/${tag}`, {
    headers: { 'Content-Type': ociManifest },
    body: imageManifest(layer),
  })
  return status
}

describe('a registry with a policy', () => {
  test('takes from each caller what the rules allow', async () => {
    const as = registryWith({
      rules: [
        ops,
        { who: '*', repositories: 'team/**', deny: 'push', tags: 'latest' },
        { who: 'user:alice', repositories: 'team/**', allow: ['pull', 'push'] },
        { who: 'anonymous', repositories: 'public/**', allow: 'pull' },
      ],
    })
    expect(await tagged(as('alice'), 'team/app', 'v1', 'one')).toBe(201)
    expect(await tagged(as('alice'), 'team/app', 'latest', 'one')).toBe(403)
    expect(await tagged(as('olga'), 'team/app', 'latest', 'one')).toBe(201)
    expect(await tagged(as('olga'), 'public/app', 'v1', 'one')).toBe(201)
    const status = async (user: string | null, method: string, path: string): Promise<number> =>
      (await as(user).send(method, `/v2/${path}`)).status
    expect(await status('alice', 'GET', 'team/app/manifests/latest')).toBe(200)
    expect(await status('bob', 'GET', 'team/app/manifests/latest')).toBe(403)
    expect(await status(null, 'GET', 'team/app/manifests/latest')).toBe(401)
    expect(await status(null, 'GET', 'public/app/manifests/v1')).toBe(200)
    expect(await status(null, 'POST', 'public/app/blobs/uploads/')).toBe(401)
    expect(await status('alice', 'DELETE', 'team/app/manifests/v1')).toBe(403)
    const denied = await as('alice').send('DELETE', '/v2/team/app/manifests/v1')
    expect(await denied.text()).toContain('alice may not delete the tag v1 in team/app')
  })

  test('keeps immutable tags, and those that the caller may not delete', async () => {
    const as = registryWith({
      rules: [
        { who: 'user:alice', repositories: 'app', deny: 'delete', tags: 'prod' },
        { who: 'user:alice', repositories: 'app', allow: ['pull', 'push', 'delete'] },
        ops,
      ],
      immutable: [{ repositories: '**', tags: 'semver', except: 'group:ops' }],
    })
    const [alice, olga] = [as('alice'), as('olga')]
    expect(await tagged(alice, 'app', '1.2.3', 'one')).toBe(201)
    expect(await tagged(alice, 'app', '1.2.3', 'one')).toBe(201)
    expect(await tagged(alice, 'app', '1.2.3', 'two')).toBe(403)
    expect(await tagged(alice, 'app', 'prod', 'three')).toBe(201)
    expect(await tagged(alice, 'app', 'dev', 'four')).toBe(201)
    const digestOf = async (tag: string): Promise<string> =>
      (await alice.send('HEAD', `/v2/app/manifests/${tag}`)).headers.get('docker-content-digest') ??
      ''
    const removed = async (client: Client, reference: string): Promise<number> =>
      (await client.send('DELETE', `/v2/app/manifests/${reference}`)).status
    const [version, prod, dev] = [
      await digestOf('1.2.3'),
      await digestOf('prod'),
      await digestOf('dev'),
    ]
    expect(await removed(alice, '1.2.3')).toBe(403)
    expect(await removed(alice, version)).toBe(403)
    expect(await removed(alice, prod)).toBe(403)
    expect(await removed(alice, dev)).toBe(202)
    expect((await alice.send('DELETE', '/v2/_layerdock/repositories/app')).status).toBe(403)
    expect(await tagged(olga, 'app', '1.2.3', 'two')).toBe(201)
    expect(await removed(olga, version)).toBe(202)
    expect((await olga.send('DELETE', '/v2/_layerdock/repositories/app')).status).toBe(202)
  })

  test('lists in the catalog what the caller may pull, however the rules say it', async () => {
    const as = registryWith({
      rules: [
        ops,
        { who: 'user:scoped', repositories: ['a', 'b/**'], allow: 'pull' },
        { who: 'user:asked', repositories: 'b/x', deny: 'pull' },
        { who: 'user:asked', repositories: ['b/**', 'c*'], allow: 'pull' },
        { who: 'user:closed', deny: 'catalog' },
        { who: 'user:closed', repositories: '**', allow: 'pull' },
        { who: 'user:empty', repositories: 'none', allow: 'pull' },
      ],
    })
    for (const name of ['a', 'b', 'b/x', 'b/y/z', 'c1', 'd']) {
      await as('olga').pushBlob(name, name)
    }
    const listed = async (user: string | null): Promise<unknown> => {
      const answer = await as(user).send('GET', '/v2/_catalog')
      return answer.status === 200 ? (await answer.json()).repositories : answer.status
    }
    expect(await listed('olga')).toEqual(['a', 'b', 'b/x', 'b/y/z', 'c1', 'd'])
    expect(await listed('scoped')).toEqual(['a', 'b/x', 'b/y/z'])
    expect(await listed('asked')).toEqual(['b/y/z', 'c1'])
    expect(await listed('empty')).toEqual([])
    expect(await listed('closed')).toBe(403)
    expect(await listed('nobody')).toBe(403)
    expect(await listed(null)).toBe(401)
  })

  test('mounts only what the caller may pull', async () => {
    const as = registryWith({
      rules: [
        ops,
        { who: 'user:alice', repositories: 'mine/**', allow: ['pull', 'push'] },
        { who: 'user:alice', repositories: 'shared', allow: 'pull' },
      ],
    })
    const secret = await as('olga').pushBlob('secret', 'a secret')
    const shared = await as('olga').pushBlob('shared', 'shared')
    const mount = async (digest: string, from: string): Promise<number> =>
      (await as('alice').send('POST', `/v2/mine/a/blobs/uploads/?mount=${digest}&from=${from}`))
        .status
    expect(await mount(shared, 'shared')).toBe(201)
    expect(await mount(secret, 'secret')).toBe(202)
    expect((await as('alice').send('GET', `/v2/mine/a/blobs/${secret}`)).status).toBe(404)
  })
})
