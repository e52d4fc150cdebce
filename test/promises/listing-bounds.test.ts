import { beforeAll, describe, expect, it } from 'vitest'
import { createRegistry } from '../../src/index.ts'
import { type Client, clientOf } from './client.ts'

/** CVE-2023-2253: `n` of a billion made distribution allocate a billion entries. */

const pageSize = 5
let client: Client

beforeAll(async () => {
  client = clientOf(createRegistry({ limits: { pageSize } }))
  const names = Array.from({ length: 12 }, (_, number) => `name-${String(number).padStart(2, '0')}`)
  for (const name of names) {
    await client.pushBlob(name, '{}')
    await client.pushImage('tagged', name)
  }
})

const lists = [
  ['/v2/_catalog', 'repositories'],
  ['/v2/tagged/tags/list', 'tags'],
] as const

describe.each(lists)('n is bounded (CVE-2023-2253): %s', (path, field) => {
  async function listed(query: string): Promise<{ items: string[]; link: string | null }> {
    const answer = await client.send('GET', `${path}${query}`)
    expect(answer.status).toBe(200)
    const body = (await answer.json()) as Record<string, string[]>
    return { items: body[field] ?? [], link: answer.headers.get('link') }
  }

  it.each(['1000000000', '9007199254740993', '99999999999999999999', '6'])(
    'cuts n=%s to a page, and links to the next one',
    async (n) => {
      const { items, link } = await listed(`?n=${n}`)
      expect(items).toHaveLength(pageSize)
      expect(link).toContain(`n=${pageSize}&last=${items.at(-1)}`)
    },
  )

  it('needs no more memory for n of a billion than for a page', async () => {
    const before = process.memoryUsage().rss
    for (let turn = 0; turn < 20; turn += 1) await listed('?n=1000000000')
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024)
  })

  it.each([
    ...['-1', 'NaN', 'Infinity', '1e9', '0x10', '1.5', '', ' 1', '1 ', '1,2', '+1', '\0', '१'],
    '1'.repeat(64),
  ])('refuses n=%j', async (n) => {
    const answer = await client.send('GET', `${path}?n=${encodeURIComponent(n)}`)
    expect(answer.status).toBe(400)
  })

  it('lists nothing for n=0, without a link', async () => {
    expect(await listed('?n=0')).toEqual({ items: [], link: null })
  })

  it('lists everything, page by page', async () => {
    const { items: first } = await listed('')
    const { items: second } = await listed(`?last=${first.at(-1)}`)
    const { items: third, link } = await listed(`?n=9&last=${second.at(-1)}`)
    const all = [...first, ...second, ...third]
    expect(all).toHaveLength(field === 'tags' ? 12 : 13)
    expect(all).toEqual([...all].sort())
    expect(link).toBeNull()
  })

  it('accepts any `last`, even one that is not a valid name', async () => {
    for (const last of ['%00', '..%2f..', '%ff', '\u{10ffff}', 'x'.repeat(4096)]) {
      const answer = await client.send('GET', `${path}?last=${encodeURI(last)}`)
      expect(answer.status, last).toBe(200)
    }
  })
})
