import { afterEach, describe, expect, test } from 'vitest'
import type { RegistryEvent, RegistryOptions } from '../../src/index.ts'
import { type Client, clientOf, expectError } from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const route = '/v2/_layerdock/repositories'

describe.each(registries)('deleting a repository on $name', ({ make }) => {
  let made: MadeRegistry | null = null
  afterEach(() => made?.end())

  async function started(options: RegistryOptions = {}): Promise<Client> {
    made = await make(options)
    return clientOf(made.registry)
  }
  const catalog = async (client: Client): Promise<unknown> =>
    ((await (await client.send('GET', '/v2/_catalog')).json()) as { repositories: unknown })
      .repositories

  test('takes it out of the catalog with all that it has, and leaves the others alone', async () => {
    const events: RegistryEvent[] = []
    const client = await started({ onEvent: (event) => void events.push(event) })
    for (const name of ['team/app', 'team/app/more', 'team/app2']) {
      await client.pushImage(name, 'latest')
    }
    const response = await client.send('DELETE', `${route}/team/app`)
    expect([response.status, await response.text()]).toEqual([202, ''])
    expect(await catalog(client)).toEqual(['team/app/more', 'team/app2'])
    await expectError(await client.send('GET', '/v2/team/app/tags/list'), 404, 'NAME_UNKNOWN')
    expect((await client.send('GET', '/v2/team/app/more/manifests/latest')).status).toBe(200)
    expect(events.at(-1)).toMatchObject({
      kind: 'repository-deleted',
      repository: 'team/app',
      manifests: 1,
      tags: 1,
    })
    await expectError(await client.send('DELETE', `${route}/team/app`), 404, 'NAME_UNKNOWN')
  })

  test('works for one that holds nothing', async () => {
    const client = await started()
    const { digest } = await client.pushImage('app', 'latest')
    await client.send('DELETE', `/v2/app/manifests/${digest}`)
    expect(await catalog(client)).toEqual(['app'])
    expect((await client.send('DELETE', `${route}/app`)).status).toBe(202)
    expect(await catalog(client)).toEqual([])
  })

  test('refuses names that are none', async () => {
    const client = await started()
    for (const name of ['App', 'a%2Fb', '_layerdock', 'a//b', '..%2Fa']) {
      const response = await client.send('DELETE', `${route}/${name}`)
      expect([400, 404], name).toContain(response.status)
      expect(await response.json()).toHaveProperty('errors')
    }
  })

  test.each([{ deletes: false }, { readOnly: true }])('is refused with %o', async (options) => {
    const client = await started(options)
    await expectError(await client.send('DELETE', `${route}/app`), 405, 'UNSUPPORTED')
  })

  test('knows no other method', async () => {
    const client = await started()
    const answer = await client.send('GET', `${route}/app`)
    await expectError(answer, 405, 'UNSUPPORTED', { allow: 'DELETE' })
  })

  test('needs the permission to delete', async () => {
    const asked: unknown[] = []
    const client = await started({
      access: {
        authenticate: async () => ({ id: 'ann' }),
        authorize: async (_, asks) => {
          asked.push(...asks)
          return asks.map(({ action }) => (action === 'delete' ? 'deny' : 'allow'))
        },
        challenge: () => 'Basic',
      },
    })
    await client.pushImage('app', 'latest')
    asked.length = 0
    await expectError(await client.send('DELETE', `${route}/app`), 403, 'DENIED')
    expect(asked).toEqual([expect.objectContaining({ action: 'delete', repository: 'app' })])
    expect(await catalog(client)).toEqual(['app'])
  })
})
