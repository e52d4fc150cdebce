import { describe, expect, test } from 'vitest'
import { holdToQuotas } from '../../src/access/index.ts'
import {
  callContext,
  createRegistry,
  type Registry,
  type RegistryOptions,
  repositoryName,
  tagName,
} from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { but } from '../contracts/breaking.ts'
import {
  type Client,
  clientOf,
  descriptorOf,
  digestOf,
  imageManifest,
  ociLayer,
  ociManifest,
} from '../http/client.ts'

const config = '{}'

interface Made {
  readonly registry: Registry
  readonly client: Client
  /** The bytes of the repository, as it counts them. */
  bytes(repository: string): Promise<number | undefined>
}

function registryWith(quotas: Record<string, number>, options: RegistryOptions = {}): Made {
  const table = new Map(Object.entries(quotas))
  const registry = createRegistry({
    ...options,
    wrap: holdToQuotas((repository) => table.get(repository) ?? null),
  })
  return {
    registry,
    client: clientOf(registry),
    bytes: async (repository) =>
      (await registry.service.countRepository(callContext(), repositoryName(repository)))?.bytes,
  }
}

/** A manifest of an image whose layers are these. */
function manifest(...layers: readonly string[]): string {
  return imageManifest('', { layers: layers.map((layer) => descriptorOf(layer, ociLayer)) })
}

async function pushManifest(
  { registry }: Made,
  repository: string,
  text: string,
  reference = 'latest',
): Promise<Response> {
  return registry.fetch(
    new Request(`http://registry.test/v2/${repository}/manifests/${reference}`, {
      method: 'PUT',
      headers: { 'Content-Type': ociManifest },
      body: text,
    }),
  )
}

async function pushBlobs({ client }: Made, repository: string, ...contents: readonly string[]) {
  for (const content of contents) await client.pushBlob(repository, content)
}

describe('a repository with a quota', () => {
  test('takes manifests up to it, and refuses the next with the numbers', async () => {
    const [first, second] = [manifest('layer one'), manifest('layer one', 'layer two')]
    const used = config.length + 'layer one'.length + first.length
    const needed = 'layer two'.length + second.length
    const made = registryWith({ team: used + needed - 1 })
    await pushBlobs(made, 'team', config, 'layer one')
    expect((await pushManifest(made, 'team', first, 'one')).status).toBe(201)
    expect(await made.bytes('team')).toBe(used)
    await pushBlobs(made, 'team', 'layer two')
    expect(await made.bytes('team')).toBe(used)

    const refused = await pushManifest(made, 'team', second, 'two')
    expect(refused.status).toBe(403)
    const quota = used + needed - 1
    expect(await refused.json()).toEqual({
      errors: [
        {
          code: 'DENIED',
          message: `requested access to the resource is denied: the repository has ${used} bytes, this needs ${needed} more, and its quota is ${quota}`,
          detail: { used, needed, quota },
        },
      ],
    })
    expect(await made.bytes('team')).toBe(used)
    // A tag more costs nothing.
    expect((await pushManifest(made, 'team', first, 'stable')).status).toBe(201)
    // Another repository has no quota.
    await pushBlobs(made, 'other', config, 'layer one', 'layer two')
    expect((await pushManifest(made, 'other', second)).status).toBe(201)
    await made.registry.close()
  })

  test('has room again once a manifest is deleted', async () => {
    const [first, second] = [manifest('a'), manifest('b')]
    const made = registryWith({ team: config.length + 1 + first.length })
    await pushBlobs(made, 'team', config, 'a')
    await pushManifest(made, 'team', first)
    const url = `http://registry.test/v2/team/manifests/${digestOf(first)}`
    await made.registry.fetch(new Request(url, { method: 'DELETE' }))
    await pushBlobs(made, 'team', 'b')
    expect((await pushManifest(made, 'team', second)).status).toBe(201)
    await made.registry.close()
  })

  test('lets one of two pushes through that do not both fit', async () => {
    const manifests = ['one', 'two', 'six'].map((layer) => manifest(layer))
    const made = registryWith({ team: config.length + 2 * (3 + manifest('one').length) })
    await pushBlobs(made, 'team', config, 'one', 'two', 'six')
    const answers = await Promise.all(
      manifests.map((text, index) => pushManifest(made, 'team', text, `tag-${index}`)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 403])
    await made.registry.close()
  })

  test('keeps no bytes of a manifest that it refused', async () => {
    const stores = memoryStores()
    const made = registryWith({ team: 3 }, { stores })
    await pushBlobs(made, 'team', config)
    expect((await pushManifest(made, 'team', manifest())).status).toBe(403)
    const kept: string[] = []
    for await (const { digest } of stores.blobs.list()) kept.push(String(digest))
    expect(kept).toEqual([digestOf(config)])
    await made.registry.close()
  })

  test('refuses a blob that no manifest could name, where its length is known', async () => {
    const made = registryWith({ team: 10 })
    const content = 'eleven byte'
    const url = `http://registry.test/v2/team/blobs/uploads/`
    const push = (body: string): Promise<Response> =>
      Promise.resolve(
        made.registry.fetch(
          new Request(`${url}?digest=${digestOf(body)}`, {
            method: 'POST',
            headers: { 'Content-Length': String(body.length) },
            body,
          }),
        ),
      )
    const refused = await push(content)
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({
      errors: [{ code: 'DENIED', detail: { used: 0, needed: 11, quota: 10 } }],
    })
    expect((await push('ten bytes!')).status).toBe(201)

    const session = await made.registry.fetch(new Request(url, { method: 'POST' }))
    const location = `http://registry.test${session.headers.get('location')}`
    const headers = { 'Content-Length': String(content.length) }
    const chunk = new Request(location, { method: 'PATCH', headers, body: content })
    expect((await made.registry.fetch(chunk)).status).toBe(403)
    const separator = location.includes('?') ? '&' : '?'
    const end = `${location}${separator}digest=${digestOf(content)}`
    const last = new Request(end, { method: 'PUT', headers, body: content })
    expect((await made.registry.fetch(last)).status).toBe(403)
    await made.registry.close()
  })

  test('takes a blob again that it has, also when it is full', async () => {
    const made = registryWith({ team: config.length + manifest().length })
    await pushBlobs(made, 'team', config)
    expect((await pushManifest(made, 'team', manifest())).status).toBe(201)
    const headers = { 'Content-Length': String(config.length) }
    const url = `http://registry.test/v2/team/blobs/uploads/?digest=${digestOf(config)}`
    const again = new Request(url, { method: 'POST', headers, body: config })
    expect((await made.registry.fetch(again)).status).toBe(201)
    await made.registry.close()
  })

  test('takes no manifest without its content, which could come later uncounted', async () => {
    const made = registryWith({ team: 1000 }, { allowSparse: true })
    expect((await pushManifest(made, 'team', manifest('absent'))).status).toBe(400)
    expect((await pushManifest(made, 'other', manifest('absent'))).status).toBe(201)
    await made.registry.close()
  })

  test('is held to it without HTTP too, and to less where the push says so', async () => {
    const made = registryWith({ team: 1000 })
    await pushBlobs(made, 'team', config)
    const reference = { kind: 'tag', tag: tagName('latest') } as const
    const bytes = new TextEncoder().encode(manifest())
    const push = (mostBytes: number): Promise<unknown> =>
      made.registry.service.putManifest(callContext(), repositoryName('team'), reference, {
        bytes,
        mostBytes,
      })
    await expect(push(5)).rejects.toThrow('requested access to the resource is denied')
    await expect(push(1e9)).resolves.toBeDefined()
    await made.registry.close()
  })
})

test('a store that counts no bytes is refused when the registry is made', () => {
  const stores = memoryStores()
  const metadata = but(stores.metadata, () => ({ countsBytes: false }))
  const wrap = holdToQuotas(() => null)
  expect(() => createRegistry({ stores: { ...stores, metadata }, wrap })).toThrow(TypeError)
})
