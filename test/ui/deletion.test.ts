import { beforeEach, describe, expect, test } from 'vitest'
import { callContext, type Digest } from '../../src/index.ts'
import { artifact, image, index, testRegistry } from '../../src/testing/index.ts'
import { createUi } from '../../src/ui/index.ts'
import { type BrowserClient, browserOf } from './browser-client.ts'
import { basic, type PrivatePage, privatePage, rules } from './private-page.ts'

type Fields = ReadonlyArray<readonly [string, string]>

let page: PrivatePage
let digests: Readonly<Record<string, Digest>>

beforeEach(async () => {
  page = privatePage()
  digests = await page.registry.push({
    'team/app:v1': image({ layers: ['one', 'shared'] }),
    'team/app:v2': image({ layers: ['two', 'shared'] }),
    signature: artifact({ type: 'application/signature', subject: 'team/app:v1' }),
    'team/app:all': index({ 'linux/amd64': 'team/app:v1' }),
  })
})

async function tags(of = page): Promise<readonly string[]> {
  const response = await of.registry.fetch(
    new Request('http://registry.test/v2/team/app/tags/list', { headers: basic('admin') }),
  )
  return response.ok ? ((await response.json()) as { tags: readonly string[] }).tags : []
}

async function loggedIn(user = 'admin'): Promise<BrowserClient> {
  const browser = browserOf(page.ui)
  await browser.logIn(user, 'right')
  return browser
}

/** A form of a page: where it is sent, and its fields. */
interface Form {
  readonly action: string
  readonly fields: Fields
}

/** The one form of a page that deletes. */
async function formOf(response: Response): Promise<Form> {
  const text = await response.text()
  const [form = '', action = ''] =
    /<form method="post" action="([^"]*\/delete\/[^"]*)"[\s\S]*?<\/form>/.exec(text) ?? []
  const inputs = form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  const fields = [...inputs].map(([, name = '', value = '']) => [name, value] as const)
  return { action: action.replaceAll('&amp;', '&'), fields }
}

/** Where a page that deletes leads to for what would be left behind. */
function linksOf(text: string): readonly string[] {
  const links = text.matchAll(/<p class="with-these"><a class="button quiet" href="([^"]*)"/g)
  return [...links].map(([, href = '']) => href.replaceAll('&amp;', '&'))
}

/** Does what a page that deletes asks to confirm. */
async function confirm(
  browser: BrowserClient,
  asked: Response,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { action, fields } = await formOf(asked)
  return browser.post(action, fields, headers)
}

describe('a deletion', () => {
  test('of an index leaves its platforms and signatures, or takes them along where that is asked for', async () => {
    const pushed = await page.registry.push({
      'multi/app:amd64': image({ layers: ['amd64'] }),
      'multi/app:arm64': image({ layers: ['arm64'] }),
      'multi/app:all': index({
        'linux/amd64': 'multi/app:amd64',
        'linux/arm64': 'multi/app:arm64',
      }),
      'multi/app:signed': artifact({ type: 'application/signature', subject: 'multi/app:all' }),
    })
    const browser = await loggedIn()
    for (const tag of ['amd64', 'arm64', 'signed']) {
      await confirm(browser, await browser.get(`/_layerdock/delete/multi/app:${tag}`))
    }
    const manifests = async (): Promise<number> => {
      const counts = page.registry.service.countRepository(callContext(), 'multi/app' as never)
      return (await counts)?.manifests ?? 0
    }
    const asked = await browser.get(`/_layerdock/delete/multi/app@${pushed['multi/app:all']}`)
    const [referrers, platforms] = linksOf(await asked.text())
    expect(await manifests()).toBe(4)
    const wider = await browser.get(platforms ?? '')
    const text = await wider.clone().text()
    for (const tag of ['multi/app:all', 'multi/app:amd64', 'multi/app:arm64'] as const)
      expect(text).toContain(pushed[tag])
    expect(text).toContain('what it is attached to is gone')
    expect(text).not.toContain('nothing refers to it any more')
    const [all] = linksOf(text)
    expect(all).toContain(referrers?.split('&').at(-1))
    const done = await confirm(browser, await browser.get(all ?? ''))
    expect(done.status).toBe(200)
    expect(await manifests()).toBe(0)
  })

  test('says what would go, and then does it', async () => {
    const browser = await loggedIn()
    const asked = await browser.get(`/_layerdock/delete/team/app@${digests['team/app:v1']}`)
    expect(asked.status).toBe(200)
    const text = await asked.clone().text()
    expect(text).toContain('what it is attached to is gone')
    expect(text).toContain('Loses a platform')
    expect(text).toMatch(/Frees[\s\S]*<data value="\d+"/)
    expect(await tags()).toEqual(['all', 'v1', 'v2'])
    const done = await confirm(browser, asked)
    expect(done.status).toBe(200)
    expect(await done.text()).toContain('Restore from the trash')
    expect(await tags()).toEqual(['all', 'v2'])
  })

  test('takes several at once', async () => {
    const browser = await loggedIn('deleter')
    const asked = await browser.get('/_layerdock/delete/team/app?reference=v1&reference=v2')
    await confirm(browser, asked)
    expect(await tags()).toEqual(['all'])
  })

  test('takes a repository', async () => {
    const browser = await loggedIn()
    const asked = await browser.get('/_layerdock/delete/team/app')
    const done = await confirm(browser, asked)
    expect(done.status).toBe(200)
    expect(await tags()).toEqual([])
  })

  test('deletes nothing where something else would go by now', async () => {
    const browser = await loggedIn()
    const asked = await browser.get('/_layerdock/delete/team/app:v1')
    const { action, fields } = await formOf(asked)
    await page.registry.push({ 'team/app:v1': image({ layers: ['newer'] }) })
    const again = await browser.post(action, fields)
    expect(again.status).toBe(412)
    expect(await again.clone().text()).toContain('Something changed in the meantime.')
    expect(await tags()).toEqual(['all', 'v1', 'v2'])
    await confirm(browser, again)
    expect(await tags()).toEqual(['all', 'v2'])
  })

  test('deletes no manifest that got another tag meanwhile', async () => {
    const browser = await loggedIn()
    const asked = await browser.get(`/_layerdock/delete/team/app@${digests['team/app:v2']}`)
    const { action, fields } = await formOf(asked)
    await page.registry.push({ 'team/app:release': image({ layers: ['two', 'shared'] }) })
    const late = await browser.post(action, fields)
    expect(late.status).toBe(412)
    expect(await tags()).toEqual(['all', 'release', 'v1', 'v2'])
  })

  test('is refused to those who may not, and not offered', async () => {
    const browser = await loggedIn('writer')
    expect((await browser.get('/_layerdock/delete/team/app:v1')).status).toBe(403)
    const csrf = await browser.csrf()
    const fields: Fields = [
      ['csrf', csrf],
      ['seen', ''],
    ]
    expect((await browser.post('/_layerdock/delete/team/app?reference=v1', fields)).status).toBe(
      403,
    )
    expect(await tags()).toEqual(['all', 'v1', 'v2'])
  })

  test('is not there where deletes are off, or the registry is read only', async () => {
    for (const registry of [{ deletes: false }, { readOnly: true }]) {
      const off = privatePage({ registry })
      await off.registry.push({ 'team/app:v1': image() })
      const browser = browserOf(off.ui)
      await browser.logIn('admin', 'right')
      const asked = await browser.get('/_layerdock/delete/team/app:v1')
      expect(asked.status).toBe(405)
      expect(await asked.text()).toContain('Deletes are turned off on this registry.')
      const csrf = await browser.csrf()
      const fields: Fields = [['csrf', csrf]]
      expect((await browser.post('/_layerdock/delete/team/app:v1', fields)).status).toBe(405)
      expect(await tags(off)).toEqual(['v1'])
    }
  })

  test('keeps immutable tags', async () => {
    page = privatePage({ policy: { rules, immutable: [{ repositories: '**', tags: 'v*' }] } })
    const pushed = await page.registry.push({
      'team/app:v1': image({ layers: ['one'] }),
      'team/app:next': image({ layers: ['one'] }),
    })
    const browser = await loggedIn()
    const refused = await browser.get('/_layerdock/delete/team/app?reference=v1&reference=next')
    expect(refused.status).toBe(403)
    expect(await refused.text()).toContain('immutable')
    const digest = pushed['team/app:v1']
    const asked = await browser.get(`/_layerdock/delete/team/app@${digest}`)
    const text = await asked.clone().text()
    expect(text).toContain('These tags are immutable')
    expect(text).not.toContain('class="danger"')
    const done = await confirm(browser, asked, {
      accept: 'application/json',
    })
    expect(await done.json()).toMatchObject({
      outcomes: [
        { reference: digest, outcome: 'kept', reason: expect.stringContaining('immutable') },
      ],
    })
    expect(await tags()).toEqual(['next', 'v1'])
  })
})

describe('a change by another site', () => {
  const foreign = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: '' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://registry.example.evil.example' },
  ]

  test('is refused in a session, with the token of another one, and without', async () => {
    const browser = await loggedIn()
    const asked = await browser.get('/_layerdock/delete/team/app:v1')
    const { action, fields } = await formOf(asked)
    const other = await (await loggedIn()).csrf()
    const send = async (sent: Fields, headers = {}): Promise<number> =>
      (await browser.post(action, sent, headers)).status
    for (const headers of foreign) expect(await send(fields, headers)).toBe(403)
    const without = fields.filter(([name]) => name !== 'csrf')
    expect(await send(without)).toBe(403)
    expect(await send([...without, ['csrf', other]])).toBe(403)
    expect(await tags()).toEqual(['all', 'v1', 'v2'])
    expect(await send(fields)).toBe(200)
  })

  test('is refused where there is no login at all, and where a browser remembers a password', async () => {
    const registry = testRegistry()
    await registry.push({ 'team/app:v1': image() })
    const open = browserOf(createUi(registry))
    const { action, fields } = await formOf(await open.get('/_layerdock/delete/team/app:v1'))
    expect(fields.map(([name]) => name)).toEqual(['seen'])
    for (const headers of foreign) {
      const refused = await open.post(action, fields, headers)
      expect(refused.status).toBe(403)
    }
    expect((await open.post(action, fields)).status).toBe(200)

    const remembered = browserOf(page.ui)
    const asked = await remembered.get('/_layerdock/delete/team/app:v1', basic('admin'))
    const sent = await formOf(asked)
    for (const headers of foreign) {
      const all = { ...basic('admin'), ...headers }
      expect((await remembered.post(sent.action, sent.fields, all)).status).toBe(403)
    }
    expect(await tags()).toEqual(['all', 'v1', 'v2'])
  })

  test('is no JSON of a program', async () => {
    const send = (body: object, headers: Record<string, string>): Promise<Response> =>
      Promise.resolve(
        page.ui.fetch(
          new Request('http://registry.example/_layerdock/delete/team/app:v2', {
            method: 'POST',
            headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
            body: JSON.stringify(body),
          }),
        ),
      )
    const shown = await page.ui.fetch(
      new Request('http://registry.example/_layerdock/delete/team/app?reference=v2', {
        headers: { accept: 'application/json', ...basic('admin') },
      }),
    )
    const { seen } = (await shown.json()) as { seen: string }
    const body = { seen }
    const foreignJson = { ...basic('admin'), origin: 'http://evil.example' }
    expect((await send(body, foreignJson)).status).toBe(403)
    const browser = await loggedIn()
    expect((await send(body, { cookie: browser.cookie ?? '' })).status).toBe(403)
    expect((await send({ seen: [1] }, basic('admin'))).status).toBe(400)
    expect((await send(body, basic('admin'))).status).toBe(200)
    expect(await tags()).toEqual(['all', 'v1'])
  })

  test('has no preflight that would let it in', async () => {
    const preflight = await page.ui.fetch(
      new Request('http://registry.example/_layerdock/delete/team/app', {
        method: 'OPTIONS',
        headers: {
          origin: 'http://evil.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      }),
    )
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('the trash', () => {
  async function deleted(reference: string): Promise<BrowserClient> {
    const browser = await loggedIn()
    const asked = await browser.get(`/_layerdock/delete/team/app?reference=${reference}`)
    await confirm(browser, asked)
    return browser
  }

  async function restore(browser: BrowserClient, repository = 'team/app'): Promise<Response> {
    const list = await browser.get(`/_layerdock/trash?repository=${repository}`)
    const id = /name="id" value="([^"]*)"/.exec(await list.text())?.[1] ?? 'none'
    return browser.post('/_layerdock/restore', [
      ['csrf', await browser.csrf()],
      ['repository', repository],
      ['id', id],
    ])
  }

  test('shows what was deleted, and brings it back', async () => {
    const browser = await deleted('v1')
    const all = await (await browser.get('/_layerdock/trash')).text()
    expect(all).toContain('team/app:v1')
    expect(all).toContain('Restore team/app:v1')
    const response = await restore(browser)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('team/app:v1 was restored')
    expect(await tags()).toEqual(['all', 'v1', 'v2'])
  })

  test('says so where the name is taken', async () => {
    const browser = await deleted('v1')
    await page.registry.push({ 'team/app:v1': image({ layers: ['newer'] }) })
    expect((await restore(browser)).status).toBe(409)
  })

  test('is for those who may push to the repository, or delete in it', async () => {
    await deleted('v1')
    const see = async (user: string): Promise<string> =>
      (await (await loggedIn(user)).get('/_layerdock/trash')).text()
    expect(await see('reader')).not.toContain(':v1')
    expect(await see('deleter')).toContain('team/app:v1')
    expect(await see('deleter')).not.toContain('name="id"')
    expect(await see('writer')).toContain('name="id"')
    const reader = await loggedIn('reader')
    const [own, none] = await Promise.all(
      ['team/app', 'team/none'].map((name) => reader.get(`/_layerdock/trash?repository=${name}`)),
    )
    expect([own?.status, none?.status]).toEqual([404, 404])
    expect((await restore(reader)).status).toBe(404)
    expect((await restore(await loggedIn('deleter'))).status).toBe(403)
  })

  test('gives no tag back to those who may not push it', async () => {
    page = privatePage({
      policy: {
        rules: [{ who: '*', repositories: 'team/**', deny: 'push', tags: 'v1' }, ...rules],
      },
    })
    await page.registry.push({ 'team/app:v1': image({ layers: ['one'] }) })
    await deleted('v1')
    const writer = await loggedIn('writer')
    const list = await (await writer.get('/_layerdock/trash')).text()
    expect(list).toContain('team/app:v1')
    expect(list).not.toContain('name="id"')
    const { items } = await page.registry.service.listTrash(callContext(), { limit: 10 })
    const response = await writer.post('/_layerdock/restore', [
      ['csrf', await writer.csrf()],
      ['repository', 'team/app'],
      ['id', items[0]?.id ?? ''],
    ])
    expect(response.status).toBe(403)
  })
})
