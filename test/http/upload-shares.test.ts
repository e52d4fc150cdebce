import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openRegistry } from '../../adapters/node-fs/index.ts'
import { type Access, createRegistry, type RegistryLimits } from '../../src/index.ts'
import { setPeer } from '../../src/kit.ts'
import { type Client, clientOf, controlledBody, digestOf, expectError } from './client.ts'

const later = { 'retry-after': '60' }
const uploads = '/v2/app/blobs/uploads/'

/** Everybody who gives a name is that principal. */
const access: Access = {
  async authenticate({ headers }) {
    const id = headers.get('authorization')
    return id === null ? null : { id }
  },
  authorize: async (_, asks) => asks.map(() => 'allow' as const),
  challenge: () => 'Basic',
}

interface Fetching {
  fetch(request: Request): Response | Promise<Response>
}

const callers: Record<string, (registry: Fetching, name: string) => Client> = {
  principals: (registry, name) => clientOf(registry, { Authorization: name }),
  addresses: (registry, name) =>
    clientOf({
      fetch(request) {
        setPeer(request, { address: name === 'ann' ? '192.0.2.1' : '2001:db8::1' })
        return registry.fetch(request)
      },
    }),
}

const stores = ['memory', 'disk'] as const

describe.each(stores)('bytes of unfinished uploads on %s', (store) => {
  let directory = ''
  let ends: Array<() => Promise<void>> = []

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'layerdock-shares-'))
  })
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
    await rm(directory, { recursive: true, force: true })
  })

  async function made(limits: Partial<RegistryLimits>) {
    const options = { access, limits }
    const registry =
      store === 'memory' ? createRegistry(options) : await openRegistry({ directory, ...options })
    ends = [() => registry.close()]
    return registry
  }

  describe.each(Object.keys(callers))('of two %s', (kind) => {
    const as = (registry: Fetching, name: string): Client =>
      callers[kind]?.(registry, name) ?? clientOf(registry)

    test('one can take half, and the other still pushes', async () => {
      const registry = await made({ uploadBytes: 100 })
      const [ann, bob] = [as(registry, 'ann'), as(registry, 'bob')]
      const session = await ann.openUpload('app')
      expect((await ann.send('PATCH', session, { body: 'x'.repeat(40) })).status).toBe(202)
      const second = await ann.openUpload('app')
      const refused = await ann.send('PATCH', second, { body: 'x'.repeat(11) })
      const [error] = await expectError(refused, 429, 'TOOMANYREQUESTS', later)
      expect(error?.message).toMatch(/^too many requests: your .*finish or cancel some/)
      const whole = await ann.send('POST', `${uploads}?digest=${digestOf('z'.repeat(11))}`, {
        body: 'z'.repeat(11),
      })
      await expectError(whole, 429, 'TOOMANYREQUESTS', later)
      expect((await ann.send('GET', second)).headers.get('range')).toBe('0-0')
      expect((await ann.send('PATCH', second, { body: 'x'.repeat(10) })).status).toBe(202)

      await bob.pushBlob('app', 'y'.repeat(50))
      const other = await bob.openUpload('app')
      expect((await bob.send('PATCH', other, { body: 'y'.repeat(50) })).status).toBe(202)
      const third = await bob.openUpload('app')
      await expectError(
        await bob.send('PATCH', third, { body: 'y' }),
        429,
        'TOOMANYREQUESTS',
        later,
      )
    })

    test('one that finishes or cancels has room again', async () => {
      const registry = await made({ uploadBytes: 100 })
      const ann = as(registry, 'ann')
      const [first, second] = [await ann.openUpload('app'), await ann.openUpload('app')]
      const third = await ann.openUpload('app')
      const patch = async (session: string, size: number): Promise<number> =>
        (await ann.send('PATCH', session, { body: 'x'.repeat(size) })).status
      expect([await patch(first, 30), await patch(second, 20), await patch(third, 1)]).toEqual([
        202, 202, 429,
      ])
      const path = `${first}?digest=${digestOf('x'.repeat(30))}`
      expect((await ann.send('PUT', path)).status).toBe(201)
      expect([await patch(third, 30), await patch(third, 1)]).toEqual([202, 429])
      expect((await ann.send('DELETE', second)).status).toBe(204)
      expect([await patch(third, 20), await patch(third, 1)]).toEqual([202, 413])
    })

    test('what one sends slowly counts for it alone', async () => {
      const registry = await made({ uploadBytes: 100 })
      const [ann, bob] = [as(registry, 'ann'), as(registry, 'bob')]
      const slow = controlledBody()
      slow.push('x'.repeat(50))
      const slowly = ann.send('PATCH', await ann.openUpload('app'), { body: slow.stream })
      await slow.drained()
      const more = await ann.send('PATCH', await ann.openUpload('app'), { body: 'x' })
      await expectError(more, 429, 'TOOMANYREQUESTS', later)
      await bob.pushBlob('app', 'y'.repeat(50))
      slow.end()
      expect((await slowly).status).toBe(202)
    })

    test('a blob larger than the share is 413 at once: waiting would not help', async () => {
      const registry = await made({ uploadBytes: 100, uploadBytesPerOwner: 60 })
      const ann = as(registry, 'ann')
      const body = 'x'.repeat(61)
      const path = `${uploads}?digest=${digestOf(body)}`
      const whole = await ann.send('POST', path, { body })
      const [error] = await expectError(whole, 413, 'SIZE_INVALID')
      expect(error?.detail).toEqual({ limit: 60 })
      const session = await ann.openUpload('app')
      expect((await ann.send('PATCH', session, { body: body.slice(1) })).status).toBe(202)
      expect((await ann.send('PATCH', session, { body: 'x' })).status).toBe(413)
      const put = await ann.send('PUT', `${session}?digest=${digestOf(body)}`, { body: 'x' })
      expect(put.status).toBe(413)
      const last = await ann.send('PUT', `${session}?digest=${digestOf(body.slice(1))}`)
      expect(last.status).toBe(201)
    })
  })

  test('a principal counts wherever it calls from', async () => {
    const registry = await made({ uploadBytes: 100 })
    const from = (address: string): Client =>
      clientOf(
        {
          fetch(request) {
            setPeer(request, { address })
            return registry.fetch(request)
          },
        },
        { Authorization: 'ann' },
      )
    const [here, there] = [from('192.0.2.1'), from('192.0.2.2')]
    const body = 'x'.repeat(50)
    expect((await here.send('PATCH', await here.openUpload('app'), { body })).status).toBe(202)
    expect((await there.send('PATCH', await there.openUpload('app'), { body: 'x' })).status).toBe(
      429,
    )
  })
})

test('the share of an owner outlives the process', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'layerdock-shares-'))
  const options = { directory, access, limits: { uploadBytes: 100 } }
  try {
    const before = await openRegistry(options)
    const ann = clientOf(before, { Authorization: 'ann' })
    const session = await ann.openUpload('app')
    expect((await ann.send('PATCH', session, { body: 'x'.repeat(50) })).status).toBe(202)
    await before.close()

    const after = await openRegistry(options)
    const again = clientOf(after, { Authorization: 'ann' })
    const second = await again.openUpload('app')
    expect((await again.send('PATCH', second, { body: 'x' })).status).toBe(429)
    const bob = clientOf(after, { Authorization: 'bob' })
    await bob.pushBlob('app', 'y'.repeat(50))
    expect((await again.send('DELETE', session)).status).toBe(204)
    expect((await again.send('PATCH', second, { body: 'x' })).status).toBe(202)
    await after.close()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
