import { expect, test } from 'vitest'
import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { threadedHash } from '../../adapters/disk/threaded-hash.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import type { RegistryStores } from '../../src/options.ts'
import type { HashFactory } from '../../src/ports/streaming-hash.ts'
import { createRegistry, type Registry } from '../../src/registry.ts'
import { partBucket, partStoreIn } from '../../src/testing/part-store.ts'
import { inHand, sha256 } from './registry-in-hand.ts'

const chunks = ['first ', 'second ', 'third ', 'last']
const whole = chunks.join('')

/** Nodes over the same stores, and how often staged bytes were read to hash them. */
function nodes(hash: HashFactory, isShared: boolean) {
  const bucket = partBucket({ minPartBytes: 4 })
  const blobs = partStoreIn(bucket, { minPartBytes: 4 })
  const seen = { reads: 0, states: [] as Array<string | null> }
  const uploads = memoryUploads()
  const { stores } = inHand(
    {},
    (given): RegistryStores => ({
      ...given,
      uploads: {
        ...uploads,
        isShared,
        save: (session, holder) => {
          seen.states.push(session.hashState)
          return uploads.save(session, holder)
        },
      },
      blobs: {
        ...blobs,
        async stage(id, hint, from) {
          const staged = await blobs.stage(id, hint, from)
          const read = staged.read.bind(staged)
          staged.read = () => {
            seen.reads += 1
            return read()
          }
          return staged
        },
      },
    }),
  )
  return { seen, all: [1, 2, 3].map(() => createRegistry({ stores, hash })) }
}

async function pushInChunks(
  registries: readonly Registry[],
  hasRange: boolean,
): Promise<{ readonly status: number; readonly minLength: string | null }> {
  let turn = 0
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    turn += 1
    return (registries[turn % registries.length] as Registry).fetch(
      new Request(new URL(path, 'http://localhost'), init),
    )
  }
  const posted = await ask('/v2/app/blobs/uploads/', { method: 'POST' })
  let location = posted.headers.get('location') ?? ''
  let offset = 0
  for (const chunk of chunks) {
    const headers = new Headers()
    if (hasRange) headers.set('content-range', `${offset}-${offset + chunk.length - 1}`)
    offset += chunk.length
    const patched = await ask(location, { method: 'PATCH', body: chunk, headers })
    expect(patched.status).toBe(202)
    location = patched.headers.get('location') ?? ''
  }
  const { status } = await ask(`${location}?digest=${sha256(whole)}`, { method: 'PUT' })
  return { status, minLength: posted.headers.get('oci-chunk-min-length') }
}

test.each([
  ['node', nodeHash],
  ['threaded', threadedHash()],
])(
  'chunks that go to another node each time are never read again, with the %s hash',
  async (_, hash) => {
    const { all, seen } = nodes(hash, true)
    expect((await pushInChunks(all, true)).status).toBe(201)
    expect(seen.reads).toBe(0)
    expect(seen.states).toHaveLength(chunks.length)
    expect(seen.states).not.toContain(null)
  },
)

test('without a Content-Range, the quicker hash is worth reading the bytes once', async () => {
  const { all, seen } = nodes(nodeHash, true)
  expect((await pushInChunks(all, false)).status).toBe(201)
  expect(seen.reads).toBe(1)
  expect(seen.states).toEqual(chunks.map(() => null))
})

test('sessions that stay in one process have the quicker hash', async () => {
  const { all, seen } = nodes(nodeHash, false)
  expect((await pushInChunks(all.slice(0, 1), true)).status).toBe(201)
  expect([seen.reads, seen.states]).toEqual([0, chunks.map(() => null)])
})

test('the answer to a POST says how large chunks should be', async () => {
  expect(await pushInChunks(nodes(nodeHash, true).all, true)).toEqual({
    status: 201,
    minLength: '4',
  })
  expect((await pushInChunks([inHand().registry], true)).minLength).toBeNull()
})
