import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Access, callContext, createRegistry } from '../../src/index.ts'
import { memoryStores, setPeer } from '../../src/kit.ts'
import { image, repositoryNamed, tagNamed, testRegistry } from '../../src/testing/index.ts'
import { createUi, type Ui } from '../../src/ui/index.ts'
import { browserOf } from './browser-client.ts'
import { basic, privatePage, usersText } from './private-page.ts'

/** A reader of server-sent events. */
interface Listener {
  readonly response: Response
  /** The next event that has data. */
  next(): Promise<unknown>
  /** Whether the stream has ended. */
  ended(): Promise<boolean>
  stop(): Promise<void>
}

const open: Listener[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const listener of open.splice(0)) await listener.stop()
})

async function listen(ui: Ui, headers: Record<string, string> = {}, query = ''): Promise<Listener> {
  const url = `http://registry.example/_layerdock/events${query}`
  const response = await ui.fetch(new Request(url, { headers }))
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  const more = async (): Promise<boolean> => {
    const chunk = await reader?.read()
    text += decoder.decode(chunk?.value, { stream: true })
    return chunk?.done !== true
  }
  const listener: Listener = {
    response,
    async next() {
      for (;;) {
        const data = /data: (.*)\n\n/.exec(text)
        if (data !== null) {
          text = text.slice(data.index + data[0].length)
          return JSON.parse(data[1] ?? '')
        }
        if (!(await more())) throw new Error('the stream has ended')
      }
    },
    async ended() {
      while (await more()) {
        // Whatever is left.
      }
      return true
    },
    stop: async () => void (await reader?.cancel().catch(() => {})),
  }
  open.push(listener)
  return listener
}

const layers = { layers: ['one'] }

describe('an open view', () => {
  test('is told what changes, and not by whom', async () => {
    const registry = testRegistry()
    const ui = createUi(registry)
    const all = await listen(ui)
    const one = await listen(ui, {}, '?repository=team/app')
    expect(all.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(all.response.headers.get('cache-control')).toBe('no-store')
    const pushed = await registry.push({
      'other/app:v1': image(layers),
      'team/app:v1': image(layers),
    })
    const digest = pushed['team/app:v1']
    const event = { kind: 'manifest-pushed', repository: 'team/app', tag: 'v1', digest }
    expect(await one.next()).toEqual(event)
    expect(await all.next()).toEqual({ ...event, repository: 'other/app' })
    expect(await all.next()).toEqual(event)
    const call = callContext()
    const tag = { kind: 'tag', tag: tagNamed('v1') } as const
    await registry.service.deleteManifest(call, repositoryNamed('team/app'), tag)
    expect(await one.next()).toEqual({ ...event, kind: 'tag-deleted' })
    await registry.service.deleteRepository(call, repositoryNamed('team/app'))
    expect(await one.next()).toEqual({ kind: 'repository-deleted', repository: 'team/app' })
  })

  test('hears of what its viewer may read alone', async () => {
    const { ui, registry } = privatePage()
    const nobody = await listen(ui)
    const hidden = await listen(ui, {}, '?repository=team/app')
    const reader = await listen(ui, basic('reader'))
    const admin = await listen(ui, basic('admin'))
    await registry.push({
      'secret/app:v1': image(layers),
      'team/app:v1': image(layers),
      'public/app:v1': image(layers),
    })
    expect(await admin.next()).toMatchObject({ repository: 'secret/app' })
    expect(await admin.next()).toMatchObject({ repository: 'team/app' })
    expect(await reader.next()).toMatchObject({ repository: 'team/app' })
    expect(await nobody.next()).toMatchObject({ repository: 'public/app' })
    ui.close()
    await expect(hidden.next()).rejects.toThrow('the stream has ended')
  })

  test('ends with its session, by a logout and by its time', async () => {
    let now = 0
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { ui } = privatePage({ ui: { clock: () => now, sessionMs: 60_000 } })
    const browser = browserOf(ui)
    await browser.logIn('reader', 'right')
    const first = await listen(ui, { cookie: browser.cookie ?? '' })
    await browser.post('/_layerdock/logout', [['csrf', await browser.csrf()]])
    expect(await first.ended()).toBe(true)
    await browser.logIn('reader', 'right')
    const second = await listen(ui, { cookie: browser.cookie ?? '' })
    now = 60_000
    vi.advanceTimersByTime(15_000)
    expect(await second.ended()).toBe(true)
  })

  test('gives a sign of life before Bun takes its connection for idle', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { ui } = privatePage()
    const headers = { ...basic('reader'), accept: 'text/event-stream' }
    const response = await ui.fetch(new Request('http://r.test/_layerdock/events', { headers }))
    vi.advanceTimersByTime(9_000)
    ui.close()
    expect(await response.text()).toContain(': still here')
  })

  test('ends once its user is removed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { ui, users } = privatePage()
    const reader = await listen(ui, basic('reader'))
    users.replace(usersText('admin'))
    vi.advanceTimersByTime(30_000)
    expect(await reader.ended()).toBe(true)
  })

  test('does not open with the cookie of a session that has ended, which is taken away', async () => {
    const page = privatePage()
    const browser = browserOf(page.ui)
    await browser.logIn('reader', 'right')
    page.password = 'changed'
    const { response } = await listen(page.ui, { cookie: browser.cookie ?? '' })
    expect(response.status).toBe(401)
    expect(response.headers.get('set-cookie')).toContain('Max-Age=0')
    // Whoever has no session still hears what anyone may read.
    expect((await listen(page.ui)).response.status).toBe(200)
  })

  test('is asked again who looks, with a few others at a time', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    let [waiting, most, asked] = [0, 0, 0]
    let isCounted = false
    const wrap = (access: Access): Access => ({
      ...access,
      async authenticate(request) {
        if (!isCounted) return access.authenticate(request)
        asked += 1
        waiting += 1
        most = Math.max(most, waiting)
        await new Promise((resolve) => setTimeout(resolve, 0))
        waiting -= 1
        return access.authenticate(request)
      },
    })
    const { ui } = privatePage({ wrap })
    for (let number = 0; number < 20; number++) await listen(ui, basic('reader'))
    isCounted = true
    vi.advanceTimersByTime(30_000)
    await vi.waitFor(() => expect(asked).toBe(20))
    expect(most).toBe(4)
  })

  test('ends when the page closes, and none opens after that', async () => {
    const ui = createUi(testRegistry())
    const listener = await listen(ui)
    ui.close()
    expect(await listener.ended()).toBe(true)
    expect((await listen(ui)).response.status).toBe(503)
  })

  test('is one of so many of its caller', async () => {
    const ui = createUi(testRegistry())
    const from = async (address: string): Promise<number> => {
      const request = new Request('http://registry.example/_layerdock/events')
      setPeer(request, { address })
      const response = await ui.fetch(request)
      return response.status
    }
    const statuses: number[] = []
    for (let count = 0; count < 33; count++) statuses.push(await from('203.0.113.7'))
    expect(statuses.filter((status) => status === 200)).toHaveLength(32)
    expect(statuses.at(-1)).toBe(429)
    expect(await from('203.0.113.8')).toBe(200)
    ui.close()
  })

  test('costs nothing where nobody looks', async () => {
    const registry = testRegistry()
    let sinks = 0
    const ui = createUi({
      ...registry,
      fetch: (request) => registry.fetch(request),
      subscribe(sink) {
        sinks++
        const end = registry.subscribe(sink)
        return () => {
          sinks--
          end()
        }
      },
    })
    expect(sinks).toBe(0)
    const listener = await listen(ui)
    expect(sinks).toBe(1)
    await listener.stop()
    expect(sinks).toBe(0)
  })
})

test('a view hears what another node changes', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const stores = memoryStores()
  const here = createRegistry({ stores })
  const elsewhere = testRegistry({ stores })
  await elsewhere.push({ 'team/app:v1': image(layers) })
  const ui = createUi(here, { lookMs: 3000 })
  const listener = await listen(ui, {}, '?repository=team/app')
  const home = await listen(ui, {}, '?watch=team/app')
  await vi.advanceTimersByTimeAsync(3000)
  await elsewhere.push({ 'team/app:v2': image({ layers: ['two'] }) })
  await vi.advanceTimersByTimeAsync(3000)
  const changed = { kind: 'changed', repository: 'team/app' }
  expect(await listener.next()).toEqual(changed)
  expect(await home.next()).toEqual(changed)
  await here.close()
})
