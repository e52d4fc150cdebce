import { gzipSync } from 'node:zlib'
import type { Access, RepositoryName } from 'layerdock'
import { image, testRegistry } from 'layerdock/testing'
import type { UiStatus } from 'layerdock/ui'
import { describe, expect, it } from 'vitest'
import { askerOf, textOf } from './ask.ts'

interface Listing {
  readonly repositories: readonly { readonly name: string; readonly tags: number }[]
  readonly next: string | null
  readonly isPartial: boolean
  readonly hasNextPage: boolean
  readonly status: UiStatus | null
}

async function registryWith(names: readonly string[]): Promise<ReturnType<typeof testRegistry>> {
  const registry = testRegistry()
  for (const name of names) await registry.push({ [`${name}:1`]: image() })
  return registry
}

/** A registry that has far more repositories than a test wants to push to. */
function crowded(names: readonly string[]): ReturnType<typeof testRegistry> {
  return testRegistry({
    wrap: (service) => ({
      ...service,
      async listRepositories(_call, { after = '', limit }) {
        const rest = names.filter((name) => name > after)
        return { items: rest.slice(0, limit) as RepositoryName[], more: rest.length > limit }
      },
      summarizeRepositories: async (_call, wanted) =>
        wanted.map((repository) => ({
          repository,
          tags: 1,
          manifests: 1,
          blobs: 2,
          bytes: repository.length,
        })),
    }),
  })
}

describe('the home page', () => {
  it('groups repositories by namespace, those without one first', async () => {
    const ask = askerOf(await registryWith(['zebra', 'team/app', 'team/web', 'alpha/one']))
    const text = textOf(await ask.html('/'))
    const places = ['zebra', 'alpha', 'one', 'team', 'app', 'web'].map((word) =>
      text.indexOf(` ${word} `),
    )
    expect(places).not.toContain(-1)
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it('finds part of a name, in both cases', async () => {
    const ask = askerOf(await registryWith(['team/app', 'team/web', 'other/app-server']))
    const { repositories } = await ask.json<Listing>('/?q=APP')
    expect(repositories.map(({ name }) => name)).toEqual(['other/app-server', 'team/app'])
    expect(await ask.html('/?q=nothing')).toContain('No repository has “nothing” in its name')
  })

  it('shows one namespace, and nothing whose name only begins like it', async () => {
    const names = ['team', 'team-b/app', 'team/app', 'team/deep/app', 'teams/app']
    const ask = askerOf(await registryWith(names))
    const { repositories } = await ask.json<Listing>('/?namespace=team')
    expect(repositories.map(({ name }) => name)).toEqual(['team/app', 'team/deep/app'])
    const html = await ask.html('/?namespace=team')
    expect(
      [...html.matchAll(/scope="rowgroup"[^>]*><a[^>]*>([^<]*)/g)].map(([, name]) => name),
    ).toEqual(['team/deep'])
  })

  it('has every repository once, over all pages', async () => {
    const names = Array.from({ length: 333 }, (_, index) => `team/app-${index}`).sort()
    const ask = askerOf(crowded(names))
    const seen: string[] = []
    for (let after: string | null = ''; after !== null; ) {
      const page: Listing = await ask.json(`/?after=${encodeURIComponent(after)}`)
      seen.push(...page.repositories.map(({ name }) => name))
      after = page.next
    }
    expect(seen).toEqual(names)
  })

  it('looks through so many names in one search, and goes on from there', async () => {
    const names = Array.from({ length: 25_000 }, (_, index) => `r${10_000_000 + index}`)
    const ask = askerOf(crowded([...names, 'wanted']))
    const first = await ask.json<Listing>('/?q=wanted')
    expect(first).toMatchObject({ repositories: [], isPartial: true, next: 'r10009999' })
    expect(await ask.html('/?q=wanted')).toContain('Continue the search')
    const second = await ask.json<Listing>(`/?q=wanted&after=${first.next}`)
    const third = await ask.json<Listing>(`/?q=wanted&after=${second.next}`)
    expect(third).toMatchObject({ repositories: [{ name: 'wanted' }], isPartial: false })
  })

  it('sorts by size over its pages', async () => {
    const names = Array.from({ length: 230 }, (_, index) => 'a'.repeat(index + 1))
    const ask = askerOf(crowded(names))
    const seen: string[] = []
    for (let page = 1, more = true; more; page += 1) {
      const listing = await ask.json<Listing>(`/?sort=size&page=${page}`)
      seen.push(...listing.repositories.map(({ name }) => name))
      more = listing.hasNextPage
    }
    expect(seen).toEqual([...names].reverse())
  })

  it('says when it sorts only the first of them', async () => {
    const names = Array.from({ length: 1200 }, (_, index) => `r${10_000 + index}`)
    const ask = askerOf(crowded(names))
    expect((await ask.json<Listing>('/?sort=size')).isPartial).toBe(true)
    expect(await ask.html('/?sort=size')).toContain(
      'Only the first 1,000 repositories by name are sorted.',
    )
  })

  it('does not list what a caller may not read, nor tell the name it ended at', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `secret/r${10_000 + index}`)
    const access: Access = {
      authenticate: () => null,
      authorize: (_principal, asks) =>
        asks.map(({ action, repository }) =>
          action === 'catalog' || repository === 'open' ? 'allow' : 'deny',
        ),
      challenge: () => 'Basic realm="registry"',
    }
    const ask = askerOf(crowded(['open', ...names]), { access })
    const html = await ask.html('/')
    expect(html).not.toContain('secret')
    const first = await ask.json<Listing>('/?q=o')
    expect(JSON.stringify(first)).not.toContain('secret')
    expect(first.repositories.map(({ name }) => name)).toEqual(['open'])
    expect(first.status).toBeNull()
  })

  it('says how the registry does', async () => {
    const status: UiStatus = {
      version: '1.2.3',
      health: 'degraded',
      reasons: ['<b>disk</b>'],
      storedBytes: 42_000_000,
    }
    const registry = await registryWith(['app'])
    const text = await askerOf(registry, { status: async () => status }).html('/')
    expect(textOf(text)).toContain('42 MB')
    expect(text).toContain('&lt;b&gt;disk&lt;/b&gt;')
    const broken = askerOf(registry, { status: () => Promise.reject(new Error('no')) })
    expect((await broken.json<Listing>('/')).status).toBeNull()
    const silent = askerOf(registry, { status: async () => undefined as unknown as UiStatus })
    expect((await silent.json<Listing>('/')).status).toBeNull()
    expect(await silent.html('/')).toContain('<h1>Repositories</h1>')
  })
})

describe('an empty registry', () => {
  it('has the lines that push a first image to it', async () => {
    const text = textOf(await askerOf(testRegistry(), {}, 'registry.example.com:5000').html('/'))
    expect(text).toContain('docker tag alpine registry.example.com:5000/alpine')
    expect(text).toContain('podman push --tls-verify=false registry.example.com:5000/alpine')
    expect(text).toContain('crane copy --insecure alpine registry.example.com:5000/alpine')
  })

  it.each(['a;id', '$(id)', 'a`id`', "a'b"])('does not put the host %s into them', async (host) => {
    const text = textOf(await askerOf(testRegistry(), {}, host).html('/'))
    expect(text).toContain('docker push HOST:PORT/alpine')
    expect(text).not.toContain(host)
  })
})

describe('the first view', () => {
  it('is 15 kB at most, compressed, with its sheet and its script', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `team-${index % 5}/service-${index}`)
    const ask = askerOf(crowded(names.sort()), { status: async () => ({ health: 'ok' }) })
    const html = await ask.html('/')
    const href = /<link rel="stylesheet" href="([^"]+)"/.exec(html)?.[1] ?? ''
    const sheet = await (await ask.answer(href)).text()
    expect(gzipSync(html).byteLength + gzipSync(sheet).byteLength).toBeLessThan(15_000)
  })
})
