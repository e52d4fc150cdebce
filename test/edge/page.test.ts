import { expect, test } from 'vitest'
import { browserHeaders, expectPage } from '../page/served-page.ts'
import { bootRegistry } from './registry-edge.ts'

test('the page is served by the worker, and a change of it carried out', async () => {
  const edge = await bootRegistry()
  try {
    await edge.client.pushImage('team/app', 'latest')
    await expectPage(edge.url, 'team/app')
    const url = `${edge.url}/_layerdock/delete/team/app:latest`
    const view = await fetch(url, { headers: { Accept: 'application/json' } })
    const { seen } = (await view.json()) as { readonly seen: string }
    const body = new URLSearchParams({ seen })
    const headers = { origin: edge.url }
    const deletion = await fetch(url, { method: 'POST', headers, body })
    expect(deletion.status).toBe(200)
    const tags = await edge.client.send('GET', '/v2/team/app/tags/list')
    expect(await tags.json()).toMatchObject({ tags: [] })
  } finally {
    await edge.end()
  }
})

test('a view that is open hears of what other requests push', async () => {
  const edge = await bootRegistry(undefined, { OPEN: 'true', LOOK_SECONDS: '0.2' })
  try {
    await edge.client.pushImage('team/app', 'latest')
    const view = await fetch(`${edge.url}/_layerdock/events?repository=team/app`)
    const heard = readTo(view, 'event: changed')
    let isOver = false
    void heard.finally(() => {
      isOver = true
    })
    for (let count = 0; !isOver; count++) await edge.client.pushImage('team/app', `tag-${count}`)
    expect(await heard).toContain('"repository":"team/app"')
  } finally {
    await edge.end()
  }
})

/** What of an answer comes until it has `text`; then it is left. */
async function readTo({ body }: Response, text: string): Promise<string> {
  let seen = ''
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    seen += chunk
    if (seen.includes(text)) break
  }
  return seen
}

test('a login on the page is one in every request', async () => {
  const edge = await bootRegistry(undefined, { PASSWORD: 'pass:wörd' })
  const form = `${edge.url}/_layerdock/login`
  const logIn = async (password: string): Promise<Response> =>
    fetch(form, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...browserHeaders, origin: edge.url },
      body: new URLSearchParams({ user: 'anybody', password }),
    })
  try {
    expect((await logIn('wrong')).status).toBe(401)
    const answer = await logIn('pass:wörd')
    expect(answer.status).toBe(303)
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
    const known = await fetch(form, {
      redirect: 'manual',
      headers: { ...browserHeaders, cookie },
    })
    expect(known.status).toBe(303)
    const home = await fetch(edge.url, { headers: browserHeaders })
    expect([home.status, await home.text()]).toEqual([401, expect.stringContaining('password')])
  } finally {
    await edge.end()
  }
})
