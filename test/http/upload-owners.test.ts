import { describe, expect, test } from 'vitest'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import {
  callContext,
  createRegistry,
  parseUploadId,
  type Registry,
  repositoryName,
} from '../../src/index.ts'
import { memoryStores, setPeer } from '../../src/kit.ts'
import type { Access } from '../../src/ports/access.ts'
import { afterTest, temporaryFolder } from '../disk/temporary.ts'
import { type Client, clientOf, digestOf, expectError } from './client.ts'

/** Everyone may do everything, under the name they give. */
const access: Access = {
  async authenticate({ headers }) {
    const id = headers.get('authorization')
    return id === null ? null : { id }
  },
  authorize: async (_, asks) => asks.map(() => 'allow' as const),
  challenge: () => 'Basic realm="registry"',
}

/** Opens the same stores again with each call, and closes what was open before. */
const places: Readonly<Record<string, () => Promise<() => Promise<Registry>>>> = {
  memory: async () => {
    const stores = memoryStores()
    return async () => createRegistry({ stores, access })
  },
  disk: async () => {
    const directory = await temporaryFolder()
    let open: Registry | null = null
    return async () => {
      await open?.close()
      const registry = await openRegistry({ directory, access, maintenance: false })
      afterTest(() => registry.close().catch(() => {}))
      open = registry
      return registry
    }
  },
}

const as = (registry: Registry, name: string | null, address = '198.51.100.7'): Client =>
  clientOf(
    {
      fetch: (request) => {
        setPeer(request, { address })
        return registry.fetch(request)
      },
    },
    name === null ? {} : { Authorization: name },
  )

const half = 'hello '
const whole = 'hello world'
const digest = digestOf(whole)

/** A session with its first bytes. */
async function begun(client: Client): Promise<string> {
  const session = await client.openUpload('app')
  expect((await client.send('PATCH', session, { body: half })).status).toBe(202)
  return session
}

const range = async (client: Client, session: string): Promise<string | null> =>
  (await client.send('GET', session)).headers.get('range')

/** Everything another may try with a session. */
async function expectUnknown(client: Client, session: string): Promise<void> {
  const attempts = [
    client.send('GET', session),
    client.send('PATCH', session, { body: 'x' }),
    client.send('PATCH', session, { body: 'x', headers: { 'Content-Range': '0-0' } }),
    client.send('PUT', `${session}?digest=${digest}`, { body: 'world' }),
    client.send('PUT', `${session}?digest=${digestOf(half)}`),
    client.send('DELETE', session),
  ]
  for (const attempt of attempts) {
    const [error] = await expectError(await attempt, 404, 'BLOB_UPLOAD_UNKNOWN')
    expect(error?.detail).toBeUndefined()
  }
}

describe.each(Object.entries(places))('upload sessions in %s', (_, place) => {
  test('are those of the principal who opened them, on every method', async () => {
    const registry = await (await place())()
    const alice = as(registry, 'alice')
    const session = await begun(alice)
    for (const name of ['bob', 'Alice', null]) await expectUnknown(as(registry, name), session)
    expect(await range(alice, session)).toBe('0-5')
    const other = as(registry, 'alice', '203.0.113.9')
    expect((await other.send('PUT', `${session}?digest=${digest}`, { body: 'world' })).status).toBe(
      201,
    )
  })

  test('are so after a restart as well', async () => {
    const open = await place()
    const session = await begun(as(await open(), 'alice'))
    const registry = await open()
    await expectUnknown(as(registry, 'bob'), session)
    await expectUnknown(as(registry, null), session)
    const alice = as(registry, 'alice')
    expect(await range(alice, session)).toBe('0-5')
    expect((await alice.send('DELETE', session)).status).toBe(204)
  })

  test('that were opened anonymously go on from any address, and not under a name', async () => {
    const open = await place()
    const session = await begun(as(await open(), null))
    const registry = await open()
    await expectUnknown(as(registry, 'alice'), session)
    const elsewhere = as(registry, null, '2001:db8::7')
    expect(await range(elsewhere, session)).toBe('0-5')
    const put = await elsewhere.send('PUT', `${session}?digest=${digest}`, { body: 'world' })
    expect(put.status).toBe(201)
  })

  test('are all open to the program, unless it calls for another', async () => {
    const registry = await (await place())()
    const session = await begun(as(registry, 'alice'))
    const { service } = registry
    const app = repositoryName('app')
    const id = parseUploadId(session.split('/').at(-1) ?? '')
    if (id === null) throw new Error('the session has no id')
    const forBob = callContext({ principal: { id: 'bob' } })
    const forAnybody = callContext({ isProgram: false })
    for (const call of [forBob, forAnybody]) {
      const unknown = { kind: 'uploadUnknown' }
      await expect(service.uploadStatus(call, app, id)).rejects.toMatchObject(unknown)
      await expect(service.cancelUpload(call, app, id)).rejects.toMatchObject(unknown)
    }
    expect(await service.uploadStatus(callContext(), app, id)).toEqual({ id, offset: 6 })
    await service.cancelUpload(callContext(), app, id)
  })
})

test('a request of another does not interrupt one that is under way', async () => {
  const registry = createRegistry({ access })
  const alice = as(registry, 'alice')
  const session = await alice.openUpload('app')
  let send: ReadableStreamDefaultController<Uint8Array> | null = null
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = controller
      controller.enqueue(new TextEncoder().encode(half))
    },
  })
  const patching = alice.send('PATCH', session, { body })
  await expectUnknown(as(registry, 'bob'), session)
  const controller = send as ReadableStreamDefaultController<Uint8Array> | null
  controller?.enqueue(new TextEncoder().encode('world'))
  controller?.close()
  expect((await patching).status).toBe(202)
  expect(await range(alice, session)).toBe('0-10')
})
