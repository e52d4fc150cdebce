import { buildImage } from '../built-content.ts'
import { equals, holds } from '../contract.ts'
import type { Answer, ContractClient } from './contract-client.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

const tags = ['b', 'A', '_', 'a', '9', '10', 'a-b', 'a.b', 'latest', '__proto__', 'constructor']

async function pushTags(client: ContractClient): Promise<readonly string[]> {
  const built = await buildImage({ layers: ['one'] })
  await client.pushParts(client.here, built)
  for (const tag of tags) await client.pushManifest(client.here, tag, built)
  return [...tags].sort()
}

/** Where the next page is; null at the end. */
function nextOf({ headers }: Answer): string | null {
  const link = headers.get('link')
  if (link === null) return null
  const [, path] = /^<([^>]+)>\s*;\s*rel="?next"?$/.exec(link) ?? []
  holds(path !== undefined, `${link} leads to the next page`)
  const { pathname, search } = new URL(path, 'http://registry.test')
  return `${pathname}${search}`
}

/** Lists of tags and of repositories. */
export const listingCases: readonly RegistryCase[] = [
  registryCase('tags are listed in byte order', async (client) => {
    const sorted = await pushTags(client)
    const { text } = await client.expect(200, 'GET', `${client.here}/tags/list`)
    equals(JSON.parse(text), { name: client.here, tags: sorted }, 'the list')
  }),

  registryCase('tags are listed page by page', async (client) => {
    const sorted = await pushTags(client)
    for (const n of [1, 3, 11, 100]) {
      const all: string[] = []
      let path: string | null = `${client.here}/tags/list?n=${n}`
      while (path !== null) {
        const page: Answer = await client.expect(200, 'GET', path)
        const listed = (JSON.parse(page.text) as { tags: string[] }).tags
        path = nextOf(page)
        holds(listed.length === n || path === null, `a page of ${n} is full, or the last`)
        all.push(...listed)
        holds(all.length <= sorted.length, 'the pages end')
      }
      equals(all, sorted, `in pages of ${n}`)
    }
  }),

  registryCase('a list of tags may start after any name', async (client) => {
    const sorted = await pushTags(client)
    for (const last of ['', 'A', 'a-', 'zzz']) {
      const path = `${client.here}/tags/list?${new URLSearchParams({ last })}`
      const { tags: listed } = JSON.parse((await client.expect(200, 'GET', path)).text)
      const expected = sorted.filter((tag) => tag > last)
      equals(listed, expected, `after ${last}`)
    }
    const none = await client.expect(200, 'GET', `${client.here}/tags/list?n=0`)
    equals(JSON.parse(none.text).tags, [], 'none')
  }),

  registryCase('a repository that is not there has no tags', async (client) => {
    await client.refused(404, 'NAME_UNKNOWN', 'GET', `${client.here}/tags/list`)
  }),

  registryCase('repositories are listed from any name on', async (client) => {
    for (const name of [client.here, client.there]) await client.pushBlob(name, 'something')
    // What both begin with is this case's alone, so nobody else's stand between.
    const before = client.here.slice(0, -'here'.length)
    for (const [last, next] of [
      [before, client.here],
      [client.here, client.there],
    ] as const) {
      const path = `_catalog?${new URLSearchParams({ n: '1', last })}`
      const { text } = await client.expect(200, 'GET', path)
      equals(JSON.parse(text), { repositories: [next] }, `after ${last}`)
    }
  }),
]
