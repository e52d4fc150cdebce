import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Client, clientOf, controlledBody, digestOf, expectError } from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const text = 'hello world'
const digest = digestOf(text)

/** The pause is the case itself: a client that sends nothing for a while. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(registries)('connections that break and cross, on $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  let session: string
  beforeEach(async () => {
    made = await make()
    client = clientOf(made.registry)
    session = await client.openUpload('app')
  })
  afterEach(() => made.end())

  const patch = (
    body: ReadableStream<Uint8Array> | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> => client.send('PATCH', session, { body, headers })
  const put = (body: ReadableStream<Uint8Array> | string = ''): Promise<Response> =>
    client.send('PUT', `${session}?digest=${digest}`, { body })
  const range = async (): Promise<[number, string | null]> => {
    const response = await client.send('GET', session)
    return [response.status, response.headers.get('range')]
  }

  test.each([
    ['PATCH', {}],
    ['PATCH', { 'Content-Length': '11' }],
    ['PATCH', { 'Content-Range': '0-10' }],
    ['PUT', {}],
  ])('a %s that breaks off keeps what came (%j)', async (method, headers) => {
    const body = controlledBody()
    body.push('hel')
    body.push('lo')
    const target = method === 'PUT' ? `${session}?digest=${digest}` : session
    const answer = client.send(method, target, { body: body.stream, headers })
    await body.drained()
    body.fail()
    await expectError(await answer, 400, 'BLOB_UPLOAD_INVALID', {
      location: session,
      range: '0-4',
      'docker-upload-uuid': session.slice(session.lastIndexOf('/') + 1),
    })
    expect(await range()).toEqual([204, '0-4'])
    expect((await client.send('HEAD', `/v2/app/blobs/${digest}`)).status).toBe(404)
    expect((await put(' world')).status).toBe(201)
    expect(await (await client.send('GET', `/v2/app/blobs/${digest}`)).text()).toBe(text)
  })

  test('a body that breaks before its first byte changes nothing', async () => {
    await patch('hello')
    const body = controlledBody()
    const answer = patch(body.stream)
    body.fail()
    expect((await answer).status).toBe(400)
    expect(await range()).toEqual([204, '0-4'])
    expect((await put(' world')).status).toBe(201)
  })

  test('a POST ?digest that breaks off leaves nothing', async () => {
    const body = controlledBody()
    body.push('hello')
    const path = `/v2/app/blobs/uploads/?digest=${digest}`
    const answer = client.send('POST', path, { body: body.stream })
    await body.drained()
    body.fail()
    await expectError(await answer, 400, 'BLOB_UPLOAD_INVALID', {})
    expect((await client.send('HEAD', `/v2/app/blobs/${digest}`)).status).toBe(404)
    expect((await client.send('POST', path, { body: text })).status).toBe(201)
  })

  test('of two PATCHes at the same place one counts, and the other is told where to go on', async () => {
    const answers = await Promise.all([
      patch('hello', { 'Content-Range': '0-4' }),
      patch('HELLO', { 'Content-Range': '0-4' }),
    ])
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 416])
    for (const answer of answers) expect(answer.headers.get('range')).toBe('0-4')
    const whole = answers[0]?.status === 202 ? 'hello world' : 'HELLO world'
    const last = await client.send('PUT', `${session}?digest=${digestOf(whole)}`, {
      body: ' world',
    })
    expect(last.status).toBe(201)
  })

  test('sixteen PATCHes without a range are one after another', async () => {
    const pieces = [...'0123456789abcdef'].map((letter) => letter.repeat(3))
    const answers = await Promise.all(pieces.map((piece) => patch(piece)))
    expect(answers.every((answer) => answer.status === 202)).toBe(true)
    const ends = answers.map((answer) => Number(answer.headers.get('range')?.slice(2)) + 1)
    expect([...ends].sort((a, b) => a - b)).toEqual(pieces.map((_, index) => 3 * (index + 1)))
    const inOrder = pieces.map((piece, index) => ({ piece, end: ends[index] ?? 0 }))
    const whole = inOrder.sort((a, b) => a.end - b.end).map(({ piece }) => piece)
    const path = `${session}?digest=${digestOf(whole.join(''))}`
    expect((await client.send('PUT', path)).status).toBe(201)
  })

  test('a PUT waits for a PATCH that is still coming', async () => {
    const body = controlledBody()
    body.push('hello')
    const patching = patch(body.stream)
    await body.drained()
    const putting = put()
    body.push(' world')
    body.end()
    expect((await patching).status).toBe(202)
    expect((await putting).status).toBe(201)
  })

  test('a holder that has stalled is taken over, and what it sent is kept', async () => {
    const stalled = controlledBody()
    stalled.push('hello')
    const first = patch(stalled.stream)
    await stalled.drained()
    const second = await patch(' world', { 'Content-Range': '5-10' })
    expect(second.status).toBe(202)
    await stalled.cancelled
    expect((await first).status).toBe(400)
    expect(await range()).toEqual([204, '0-10'])
    expect((await put()).status).toBe(201)
  })

  test('a look at an upload never ends it, however long its client pauses', async () => {
    const body = controlledBody()
    body.push('hello')
    const patching = patch(body.stream)
    await body.drained()
    await pause(1400)
    expect(await range()).toEqual([204, '0-0'])
    const elsewhere = session.replace('/app/', '/other/')
    expect((await client.send('GET', elsewhere)).status).toBe(404)
    expect((await client.send('PATCH', elsewhere, { body: 'x' })).status).toBe(404)
    body.push(' world')
    body.end()
    expect((await patching).status).toBe(202)
    expect(await range()).toEqual([204, '0-10'])
    expect((await put()).status).toBe(201)
  })

  test('an offset that was told does not grow by what a broken connection still brings', async () => {
    const dead = controlledBody()
    dead.push('hel')
    const first = patch(dead.stream)
    await dead.drained()
    expect(await range()).toEqual([204, '0-0'])
    dead.push('lo')
    await dead.drained()
    dead.fail()
    expect((await first).status).toBe(400)
    expect(await range()).toEqual([204, '0-0'])
    expect((await patch(text)).status).toBe(202)
    expect((await put()).status).toBe(201)
  })

  test('a client that continues from a told offset fences the connection before it', async () => {
    const dead = controlledBody()
    dead.push('hello')
    const first = patch(dead.stream)
    await dead.drained()
    expect(await range()).toEqual([204, '0-0'])
    expect((await patch(text)).status).toBe(202)
    expect((await first).status).toBe(400)
    expect(await range()).toEqual([204, '0-10'])
    expect((await put()).status).toBe(201)
  })

  test('DELETE stops a request that is sending', async () => {
    const body = controlledBody()
    body.push('hello')
    const first = patch(body.stream)
    await body.drained()
    expect((await client.send('DELETE', session)).status).toBe(204)
    await body.cancelled
    expect((await first).status).toBeGreaterThanOrEqual(400)
    expect((await client.send('GET', session)).status).toBe(404)
  })

  test('DELETE from another repository stops no request', async () => {
    const body = controlledBody()
    body.push('hello')
    const first = patch(body.stream)
    await body.drained()
    const elsewhere = session.replace('/app/', '/other/')
    const deleting = client.send('DELETE', elsewhere)
    body.push(' world')
    body.end()
    expect((await first).status).toBe(202)
    expect((await deleting).status).toBe(404)
    expect((await put()).status).toBe(201)
  })

  test('a body longer than announced is given up at once', async () => {
    const body = controlledBody()
    body.push('hello')
    const answer = patch(body.stream, { 'Content-Length': '4' })
    await body.cancelled
    expect((await answer).status).toBe(400)
    expect(await range()).toEqual([204, '0-0'])
  })

  test('a body that was read before says so', async () => {
    const request = new Request(`http://registry.test${session}`, { method: 'PATCH', body: text })
    await request.text()
    const response = await made.registry.fetch(request)
    await expectError(response, 400, 'UNSUPPORTED')
    expect(await range()).toEqual([204, '0-0'])
  })

  test('a refusal is not held up by a middleware that cloned the request', async () => {
    const request = new Request(`http://registry.test${session}`, {
      method: 'PATCH',
      headers: { 'Content-Range': '0-2' },
      body: text,
    })
    const copy = request.clone()
    const response = await made.registry.fetch(request)
    expect(response.status).toBe(400)
    expect(await copy.text()).toBe(text)
    expect(await range()).toEqual([204, '0-0'])
  })
})
