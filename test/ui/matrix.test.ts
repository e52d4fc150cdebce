import { beforeAll, describe, expect, test } from 'vitest'
import { callContext, type Digest, type RegistryService } from '../../src/index.ts'
import { artifact, image, repositoryNamed, tagNamed } from '../../src/testing/index.ts'
import { type BrowserClient, browserOf } from './browser-client.ts'
import { basic, type PrivatePage, privatePage, usersText } from './private-page.ts'

// Two registries that differ in nothing but what most people may not see. Every view is byte for byte the same in both
// for them, and another one for the admin, so each of these comparisons can fail.

const now = Date.parse('2026-05-04T12:00:00Z')
const clock = (): number => now

interface World {
  readonly page: PrivatePage
  readonly digests: Readonly<Record<string, Digest>>
}

/** What everyone who may read in `team` sees; some of it names what is only in `secret`. */
async function world(hasSecret: boolean): Promise<World> {
  const page = privatePage({
    registry: { clock, allowSparse: true },
    ui: { clock, status: async () => ({ health: 'ok', storedBytes: hasSecret ? 2 : 1 }) },
  })
  const { registry } = page
  const secret = image({ layers: ['hidden', 'shared'], config: { author: 'hidden author' } })
  const shared = image({ layers: ['shared'] })
  const digests = await registry.push({
    'team/app:v1': shared,
    'team/app:v2': image({ layers: ['shared', 'two'] }),
    'team/gone:v1': image({ layers: ['gone'] }),
    'public/app:v1': image({ layers: ['public'] }),
    signature: artifact({ type: 'application/signature', subject: 'team/app:v1' }),
  })
  // Built where nobody looks, for its bytes.
  const elsewhere = privatePage({ registry: { clock } }).registry
  const built = await elsewhere.push({ 'secret/app:v1': secret })
  const hidden = built['secret/app:v1'] as Digest
  const call = callContext()
  const source = repositoryNamed('secret/app')
  const manifest = await elsewhere.service.getManifest(call, source, {
    kind: 'digest',
    digest: hidden,
  })
  const bytes = manifest?.bytes ?? new Uint8Array()
  const gone = { kind: 'tag', tag: tagNamed('v1') } as const
  await registry.service.deleteManifest(call, repositoryNamed('team/gone'), gone)
  if (hasSecret) {
    await registry.push({
      'secret/app:v1': secret,
      'secret/app:v2': shared,
      'secret/gone:v1': image({ layers: ['hidden too'] }),
      'secret/signature:v1': artifact({ type: 'application/hidden', subject: 'secret/app:v1' }),
    })
    await registry.service.deleteRepository(call, repositoryNamed('secret/gone'))
  }
  await pushSparse(registry.service, hidden, bytes)
  return { page, digests: { ...digests, hidden } }
}

/** Manifests of `team/app` that name content of `secret/app` alone. */
async function pushSparse(
  service: RegistryService,
  hidden: Digest,
  bytes: Uint8Array,
): Promise<void> {
  const call = callContext()
  const team = repositoryNamed('team/app')
  const { config, layers } = JSON.parse(new TextDecoder().decode(bytes)) as {
    readonly config: object
    readonly layers: readonly object[]
  }
  const put = async (tag: string, document: object): Promise<void> => {
    const text = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, ...document }))
    await service.putManifest(call, team, { kind: 'tag', tag: tagNamed(tag) }, { bytes: text })
  }
  await put('config', {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers,
  })
  await put('index', {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: hidden,
        size: bytes.byteLength,
        platform: { os: 'linux', architecture: 'amd64' },
      },
    ],
  })
}

const worlds: World[] = []

/** Every view, of what is hidden and of what names it. */
function paths({ hidden, ...digests }: World['digests']): readonly string[] {
  const views = ['', '?view=referrers', '?view=raw']
  const own = '/_layerdock'
  const artifacts = [
    'secret/app:v1',
    `secret/app@${hidden}`,
    'team/app:v1',
    'team/app:config',
    'team/app:index',
    `team/app@${hidden}`,
    `team/app@${digests['team/app:v1']}`,
  ]
  return [
    '/',
    `${own}/`,
    `${own}/?q=secret`,
    `${own}/?q=app&sort=size`,
    `${own}/?sort=updated`,
    `${own}/?namespace=secret`,
    `${own}/?after=secret`,
    `${own}/repositories/secret/app`,
    `${own}/repositories/secret`,
    ...['', '?tab=untagged', '?tab=about', '?q=v', '?sort=-size'].flatMap((query) => [
      `${own}/repositories/team/app${query}`,
      `${own}/repositories/secret/app${query}`,
    ]),
    ...artifacts.flatMap((name) => views.map((view) => `${own}/repositories/${name}${view}`)),
    `${own}/compare/secret/app?from=v1&to=v2`,
    `${own}/compare/team/app?from=v1&to=index`,
    `${own}/compare/team/app?from=v1&to=config`,
    `${own}/compare/team/app?from=v1&to=${hidden}`,
    `${own}/delete/secret/app`,
    `${own}/delete/secret/app:v1`,
    `${own}/delete/team/app`,
    `${own}/delete/team/app?reference=v1&reference=v2`,
    `${own}/delete/team/app@${digests['team/app:v1']}`,
    `${own}/trash`,
    `${own}/trash?repository=secret/gone`,
    `${own}/trash?repository=team/gone`,
    `${own}/login?next=/_layerdock/repositories/secret/app`,
  ]
}

/** Kinds of people, and how they come to be. */
const people: Readonly<Record<string, (page: PrivatePage) => Promise<BrowserClient>>> = {
  anonymous: async ({ ui }) => browserOf(ui),
  'wrong password': async ({ ui }) => named(browserOf(ui), basic('reader', 'wrong')),
  reader: ({ ui }) => loggedIn(ui, 'reader'),
  'reader without a session': async ({ ui }) => named(browserOf(ui), basic('reader')),
  writer: ({ ui }) => loggedIn(ui, 'writer'),
  deleter: ({ ui }) => loggedIn(ui, 'deleter'),
  'expired session': async ({ ui }) => {
    const browser = browserOf(ui)
    browser.cookie = 'layerdock=AAAA'
    return browser
  },
  'removed user': async (page) => {
    page.users.replace(usersText('admin', 'reader', 'writer', 'deleter', 'gone'))
    const browser = await loggedIn(page.ui, 'gone')
    page.users.replace(usersText('admin', 'reader', 'writer', 'deleter'))
    return browser
  },
}

async function loggedIn(ui: PrivatePage['ui'], user: string): Promise<BrowserClient> {
  const browser = browserOf(ui)
  await browser.logIn(user, 'right')
  expect(browser.cookie).not.toBeNull()
  return browser
}

function named(browser: BrowserClient, headers: Record<string, string>): BrowserClient {
  return {
    ...browser,
    get: (path, more) => browser.get(path, { ...headers, ...more }),
    post: (path, fields, more) => browser.post(path, fields, { ...headers, ...more }),
  }
}

/** Status, headers and body of an answer, without what is random. */
async function said(response: Response): Promise<string> {
  const headers = [...response.headers]
    .filter(([name]) => name !== 'x-request-id')
    .map(([name, value]) => `${name}: ${value.replace(/^layerdock=[^;]+/, 'layerdock=…')}`)
  const text = await response.text()
  return [response.status, ...headers, text.replace(/(name="csrf" value=")[^"]*/g, '$1')].join('\n')
}

const forms = ['text/html', 'application/json'] as const

beforeAll(async () => {
  worlds.push(await world(true), await world(false))
  // The admin looks at everything first, so that what is kept in memory is there.
  for (const { page, digests } of worlds) {
    const admin = await loggedIn(page.ui, 'admin')
    for (const path of paths(digests)) await (await admin.get(path)).text()
  }
})

async function inBoth(make: (page: PrivatePage) => Promise<BrowserClient>): Promise<{
  readonly first: BrowserClient
  readonly second: BrowserClient
  readonly all: readonly string[]
}> {
  const [a, b] = worlds as [World, World]
  return {
    first: await make(a.page),
    second: await make(b.page),
    all: paths(a.digests),
  }
}

describe.each(Object.keys(people))('%s', (kind) => {
  test.each(forms)('sees nothing of what is hidden, as %s', async (accept) => {
    const make = people[kind] as (typeof people)[string]
    const { first, second, all } = await inBoth(make)
    for (const path of all) {
      const [here, there] = await Promise.all(
        [first, second].map(async (browser) => said(await browser.get(path, { accept }))),
      )
      expect(`${path}\n${here}`).toBe(`${path}\n${there}`)
      expect(here).not.toContain('hidden author')
      expect(here).not.toContain('application/hidden')
    }
  })

  test('changes nothing of it, and is told the same', async () => {
    const make = people[kind] as (typeof people)[string]
    const { first, second } = await inBoth(make)
    const { registry } = (worlds[0] as World).page
    const call = callContext()
    const { items } = await registry.service.listTrash(call, { limit: 10 })
    const entry = items.find(({ repository }) => repository === 'secret/gone')
    const posts = [
      ['/_layerdock/delete/secret/app', []],
      ['/_layerdock/delete/secret/app:v1', []],
      [
        '/_layerdock/restore',
        [
          ['repository', 'secret/gone'],
          ['id', entry?.id ?? ''],
        ],
      ],
    ] as const
    for (const [path, fields] of posts) {
      const answers: string[] = []
      for (const browser of [first, second]) {
        const csrf = await browser.csrf()
        answers.push(await said(await browser.post(path, [['csrf', csrf], ...fields])))
      }
      expect(answers[0]).toBe(answers[1])
      expect(answers[0]).toMatch(/^(?:401|403|404)\n/)
    }
    const counts = await registry.service.countRepository(call, repositoryNamed('secret/app'))
    expect(counts?.tags).toBe(2)
  })
})

test('the admin sees it', async () => {
  const { first, second } = await inBoth(({ ui }) => loggedIn(ui, 'admin'))
  for (const path of ['/_layerdock/', '/_layerdock/repositories/secret/app', '/_layerdock/trash']) {
    const [here, there] = [await said(await first.get(path)), await said(await second.get(path))]
    expect(here).not.toBe(there)
    expect(here).toContain('secret')
  }
})

describe('what is not there and what is not for somebody', () => {
  test.each(forms)('are the same answer, as %s', async (accept) => {
    const [{ page }] = worlds as [World]
    for (const make of Object.values(people)) {
      const browser = await make(page)
      // `secret/app` is there; `secret/abc`, which is as long, is not.
      for (const path of [
        'repositories/NAME',
        'repositories/NAME:v1',
        'compare/NAME',
        'delete/NAME',
      ]) {
        const [there, not] = await Promise.all(
          ['secret/app', 'secret/abc'].map(async (name) => {
            const response = await browser.get(`/_layerdock/${path.replace('NAME', name)}`, {
              accept,
            })
            return (await said(response))
              .replaceAll(name, 'NAME')
              .replaceAll(encodeURIComponent(name), 'NAME')
          }),
        )
        expect(there).toBe(not)
      }
    }
  })

  test.each(forms)('are the same for one who may read everything there, as %s', async (accept) => {
    const [{ page }] = worlds as [World]
    const reader = await loggedIn(page.ui, 'reader')
    for (const path of [
      'repositories/NAME',
      'repositories/NAME:v1',
      'compare/NAME',
      'delete/NAME',
    ]) {
      const [hidden, absent] = await Promise.all(
        ['secret/app', 'team/absent'].map(async (name) => {
          const response = await reader.get(`/_layerdock/${path.replace('NAME', name)}`, { accept })
          return (await said(response))
            .replaceAll(name, 'NAME')
            .replace(/content-length: \d+\n/, '')
        }),
      )
      if (path !== 'delete/NAME') expect(hidden).toBe(absent)
    }
  })
})
