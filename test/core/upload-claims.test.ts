import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import type { RegistryStores } from '../../src/options.ts'
import { type InHand, inHand, utf8 } from './registry-in-hand.ts'

// A claim lasts ten seconds. No timer fires in these tests: real time stands still, as in a runtime that
// is too busy for timers.

const call = callContext()
const name = repositoryName('busy')
const second = 1000
let hand: InHand

/** Moves the clock of the registry and that of its store on. */
function pass(ms: number): void {
  hand.clock.advance(ms)
}

/** Each time staged bytes are read, the chunks take a second each. */
function slowlyRead(stores: RegistryStores): RegistryStores {
  const { blobs } = stores
  const stage: typeof blobs.stage = async (id, hint, from) => {
    const staged = await blobs.stage(id, hint, from)
    const read = staged.read.bind(staged)
    staged.read = () => {
      const slow = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          pass(second)
          controller.enqueue(chunk)
        },
      })
      return read().pipeThrough(slow)
    }
    return staged
  }
  return { ...stores, blobs: { ...blobs, stage } }
}

beforeEach(() => {
  hand = inHand({}, slowlyRead)
  vi.spyOn(performance, 'now').mockImplementation(() => hand.clock.now())
})

afterEach(() => {
  vi.restoreAllMocks()
})

const chunks = Array.from({ length: 30 }, (_, index) => `chunk ${index} `)

/** A body that takes a second for each chunk. */
const slowBody = {
  async pipe(sink: (chunk: Uint8Array) => void | Promise<void>) {
    for (const chunk of chunks) {
      pass(second)
      await sink(utf8(chunk))
    }
  },
  abort() {},
}

test('a body that comes for longer than a claim lasts keeps the claim', async () => {
  const { service } = hand.registry
  const { id } = await service.startUpload(call, name)
  const { offset } = await service.appendUpload(call, name, id, { source: slowBody })
  expect(offset).toBe(chunks.join('').length)
})

test('so does the hashing of staged bytes', async () => {
  const { service } = hand.registry
  const { id } = await service.startUpload(call, name)
  await service.appendUpload(call, name, id, { source: slowBody })
  const hex = createHash('sha512').update(chunks.join('')).digest('hex')
  const digest = digestOf('sha512', hex)
  expect(await service.finishUpload(call, name, id, digest, null)).toMatchObject({ digest })
})

test('a claim that lapsed while nothing came is lost', async () => {
  const { service } = hand.registry
  const { id } = await service.startUpload(call, name)
  const source = {
    async pipe(sink: (chunk: Uint8Array) => void | Promise<void>) {
      await sink(utf8('one'))
      pass(11 * second)
      await sink(utf8('two'))
    },
    abort() {},
  }
  const append = service.appendUpload(call, name, id, { source })
  await expect(append).rejects.toMatchObject({ kind: 'uploadUnknown' })
})
