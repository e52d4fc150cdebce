import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CodeFolder, codeBlocks, makeCodeFolder } from '../document-code.ts'
import { fillRegistry } from './content.mjs'
import { type PageServer, servePage, someStatus } from './page-server.ts'
import { browserHeaders } from './served-page.ts'

const document = readFileSync(fileURLToPath(new URL('../../docs/page.md', import.meta.url)), 'utf8')

describe('docs/page.md: its code', () => {
  let code: CodeFolder
  beforeAll(async () => {
    code = await makeCodeFolder()
  })
  afterAll(() => code.remove())

  test('serves a page', async () => {
    const blocks = codeBlocks(document)
    expect(blocks).toHaveLength(1)
    const [block = ''] = blocks
    const { serving, stop } = await code.run<{ serving: { url: string }; stop(): Promise<void> }>(
      block,
    )
    const answer = await fetch(serving.url, { headers: browserHeaders })
    expect(await answer.text()).toContain('<title>My registry</title>')
    await stop()
  })
})

describe('docs/page.md: what it says of JSON', () => {
  let server: PageServer
  beforeAll(async () => {
    server = await servePage({ status: someStatus })
    const { send, at, link } = server
    await fillRegistry(send, { at, link })
  })
  afterAll(() => server.close())

  const shapes = [...document.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => text)

  const api = '/_layerdock/repositories/platform/api'
  test.each([
    [0, '/', ''],
    [1, api, ''],
    [2, `${api}:v2.0.0`, ''],
    [4, '/_layerdock/repositories/charts/shop:2.4.1', 'chart'],
    [5, `${api}:v2.0.0?view=referrers`, 'tree'],
    [6, '/_layerdock/compare/platform/api?from=v1.12.0&to=v2.0.0', ''],
    [7, '/_layerdock/delete/platform/api:v1.3.0', ''],
  ] as const)('shape %i is that of %s %s', async (index, path, field) => {
    expect(differences(said(index), await got(path, field), '')).toEqual([])
  })

  test('the shape of an image is that of a platform', async () => {
    const { items } = await got<{ items: { digest: string }[] }>(`${api}:v2.0.0`, 'platforms')
    expect(differences(said(3), await got(`${api}@${items[0]?.digest}`, 'image'), '')).toEqual([])
  })

  test('shapes of changes are those of a deletion, the trash and what is restored', async () => {
    const path = '/_layerdock/delete/tools/linter:v3.1.0'
    const seen = await got<string>(path, 'seen')
    expect(differences(said(8), await got(path, '', { seen }), '')).toEqual([])
    const trash = await got<{ entries: { repository: string; id: string }[] }>('/_layerdock/trash')
    expect(differences(said(9), trash, '')).toEqual([])
    const [{ repository, id } = { repository: '', id: '' }] = trash.entries
    const restored = await got('/_layerdock/restore', '', { repository, id })
    expect(differences(said(10), restored, '')).toEqual([])
  })

  test('and no shape is left', () => expect(shapes).toHaveLength(11))

  function said(index: number): unknown {
    return JSON.parse(shapes[index] ?? '')
  }

  /** What a path answers, or a field of that; to a POST where there is a body. */
  async function got<T = unknown>(path: string, field = '', body?: object): Promise<T> {
    const answer = await fetch(`${server.origin}${path}`, {
      headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    expect(answer.status).toBe(200)
    const found = (await answer.json()) as T & Record<string, T>
    return field === '' ? found : (found[field] as T)
  }
})

/** Where two documents do not have the same fields, as far as both have any. */
function differences(said: unknown, found: unknown, place: string): readonly string[] {
  if (said === null || found === null) return []
  if (typeof said !== 'object' || typeof found !== 'object') {
    return typeof said === typeof found ? [] : [`${place}: ${typeof found}`]
  }
  if (Array.isArray(said) && Array.isArray(found)) {
    const [[one], [other]] = [said, found]
    return one === undefined || other === undefined ? [] : differences(one, other, `${place}[0]`)
  }
  const [ours, theirs] = [said, found] as Record<string, unknown>[]
  const names = new Set([...Object.keys(said), ...Object.keys(found)])
  return [...names].flatMap((name) => {
    if (ours === undefined || !(name in ours)) return [`${place}.${name} is not said`]
    if (theirs === undefined || !(name in theirs)) return [`${place}.${name} is not there`]
    return differences(ours[name], theirs[name], `${place}.${name}`)
  })
}
