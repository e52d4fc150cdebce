import { describe, expect, test } from 'vitest'
import {
  type Access,
  type CatalogScope,
  createRegistry,
  type Registry,
  repositoryName,
} from '../../src/index.ts'
import { memoryStores } from '../../src/registry.ts'
import { clientOf } from './client.ts'

const names = Array.from({ length: 3000 }, (_, number) => `r${String(number).padStart(4, '0')}`)

/** A registry whose catalog has `names`, and how many names it was asked for and about. */
async function counted(access: Partial<Access>): Promise<{
  readonly registry: Registry
  readonly work: { asks: number; read: number }
}> {
  const work = { asks: 0, read: 0 }
  const registry = createRegistry({
    access: {
      authenticate: async () => null,
      authorize: async (_, asks) => {
        work.asks += asks.length
        return asks.map(({ action, repository }) => {
          if (action !== 'pull') return 'allow'
          return repository === 'r2999' ? 'allow' : 'deny'
        })
      },
      challenge: () => 'Basic',
      ...access,
    },
    wrap: (service) => ({
      ...service,
      async listRepositories(call, page) {
        const found = await service.listRepositories(call, page)
        work.read += found.items.length
        return found
      },
    }),
  })
  return { registry, work }
}

async function fill(registry: Registry, all: readonly string[]): Promise<void> {
  const client = clientOf(registry)
  for (const name of all) await client.pushBlob(name, '{}')
}

interface Walk {
  readonly items: readonly string[]
  readonly requests: number
  readonly links: string
}

async function walk(registry: Registry, start: string): Promise<Walk> {
  const items: string[] = []
  let links = ''
  let requests = 0
  for (let next: string | null = start; next !== null; requests += 1) {
    expect(requests).toBeLessThan(100)
    const response = await clientOf(registry).send('GET', next)
    const { repositories } = (await response.json()) as { repositories: string[] }
    items.push(...repositories)
    const link = response.headers.get('link') ?? ''
    links += link
    next = /^<(.*)>; rel="next"$/.exec(link)?.[1] ?? null
  }
  return { items, requests, links }
}

/** Access that allows what the last repository is asked for, and pushes. */
const onlyLast: Access = {
  authenticate: async () => null,
  authorize: async (_, asks) =>
    asks.map(({ action, repository }) =>
      action !== 'pull' || repository === 'r2999' ? 'allow' : 'deny',
    ),
  challenge: () => 'Basic',
}

describe('the catalog', () => {
  test('a caller who may read almost nothing costs a bounded number of names a request', async () => {
    const { registry, work } = await counted({})
    await fill(registry, names)
    work.asks = 0
    work.read = 0
    await clientOf(registry).send('GET', '/v2/_catalog?n=1')
    expect(work.asks).toBeLessThanOrEqual(1001)
    expect(work.read).toBeLessThanOrEqual(1000)

    const { items, requests, links } = await walk(registry, '/v2/_catalog?n=1')
    expect(items).toEqual(['r2999'])
    expect(requests).toBeLessThanOrEqual(4)
    for (const name of names.slice(0, -1)) expect(links).not.toContain(name)
  })

  test('a cursor of another process, or a forged one, is a 400 that says what to do', async () => {
    const { registry } = await counted({})
    for (const last of ['~00', `~${'ab'.repeat(40)}`, '~x', '~']) {
      const response = await clientOf(registry).send('GET', `/v2/_catalog?last=${last}`)
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('start again')
    }
  })

  test('a cursor opens on every node that has the secret, and on no other', async () => {
    const stores = memoryStores()
    const cursorSecret = new Uint8Array(32).fill(7)
    const nodes = [cursorSecret, cursorSecret, new Uint8Array(32)].map((secret) =>
      createRegistry({ access: onlyLast, stores, cursorSecret: secret }),
    )
    const [first, second, stranger] = nodes.map((node) => clientOf(node))
    await fill(nodes[0] as Registry, names)
    const page = await first?.send('GET', '/v2/_catalog?n=1')
    const next = /^<(.*)>; rel="next"$/.exec(page?.headers.get('link') ?? '')?.[1] ?? ''
    expect(next).toContain('last=~')
    expect((await second?.send('GET', next))?.status).toBe(200)
    expect((await stranger?.send('GET', next))?.status).toBe(400)
  })

  test('a secret of another length is refused', () => {
    const make = (): Registry => createRegistry({ cursorSecret: new Uint8Array(16) })
    expect(make).toThrow('cursorSecret is 16 bytes, not 32')
  })

  const scope = (...prefixes: string[]): CatalogScope => ({
    names: [repositoryName('solo'), repositoryName('a/own'), repositoryName('not-there')],
    prefixes,
  })

  test.each([1, 2, 3, 1000])('a policy that says its scope is asked once: n=%d', async (n) => {
    const { registry, work } = await counted({ catalog: async () => scope('a/', 'team/') })
    const visible = ['a/one', 'a/own', 'a/two', 'solo', 'team/x', 'team/y/z']
    const hidden = ['a', 'aa/one', 'b/one', 'solo2', 'team', 'teams/x', 'z']
    await fill(registry, [...visible, ...hidden])
    work.read = 0
    work.asks = 0
    const { items, requests } = await walk(registry, `/v2/_catalog?n=${n}`)
    expect(items).toEqual([...visible].sort())
    // The version of a request asks for the catalog itself, and for nothing else.
    expect(work.asks).toBe(requests)
  })

  test('an empty scope shows nothing, and `all` everything', async () => {
    for (const [catalog, expected] of [
      [async () => ({ names: [], prefixes: [] }), []],
      [async () => 'all' as const, ['a', 'b']],
    ] as const) {
      const { registry } = await counted({ catalog })
      await fill(registry, ['a', 'b'])
      expect((await walk(registry, '/v2/_catalog')).items).toEqual(expected)
    }
  })
})
