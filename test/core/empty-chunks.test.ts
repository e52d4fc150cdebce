import { expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { BodyInterrupted } from '../../src/oci/body-interrupted.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import type { ByteSource } from '../../src/ports/byte-source.ts'
import type { UploadBody } from '../../src/ports/registry-service.ts'
import { inHand, sha256, sourceOf } from './registry-in-hand.ts'

const app = repositoryName('app')
const call = callContext()
const long = 86_400_000

/** A registry that says for which uploads its blob store still keeps something. */
function watched() {
  const kept: Set<string> = new Set()
  const hand = inHand({ limits: { uploadSessions: 1 } }, (stores) => ({
    ...stores,
    blobs: {
      ...stores.blobs,
      async stage(id, hint, from) {
        const staged = await stores.blobs.stage(id, hint, from)
        kept.add(id)
        return new Proxy(staged, {
          get(target, key) {
            const value: unknown = Reflect.get(target, key)
            if (key === 'discard' || key === 'commit') kept.delete(id)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      },
    },
  }))
  return { kept, service: hand.registry.service, uploads: hand.stores.uploads }
}

const cutOff: ByteSource = {
  pipe: () => Promise.reject(new BodyInterrupted('the connection is gone')),
  abort() {},
}

const bodies: ReadonlyArray<[string, UploadBody, string | null]> = [
  ['an empty chunk', { source: sourceOf(), length: 0 }, null],
  ['an empty chunk of unknown length', { source: sourceOf() }, null],
  ['a chunk of empty pieces', { source: sourceOf('', '') }, null],
  ['a chunk that was cut off at its first byte', { source: cutOff, length: 9 }, 'uploadBroken'],
  ['a chunk that is shorter than it said', { source: sourceOf(), length: 9 }, 'sizeInvalid'],
]

test.each(bodies)('%s leaves a session as it was opened, and nothing staged', async (...given) => {
  const [, body, error] = given
  const { kept, service, uploads } = watched()
  const { id } = await service.startUpload(call, app)
  const before = await uploads.find(id, long)
  for (let count = 0; count < 2; count += 1) {
    const append = service.appendUpload(call, app, id, body)
    if (error === null) expect(await append).toEqual({ id, offset: 0 })
    else await expect(append).rejects.toMatchObject({ kind: error })
    expect(await uploads.find(id, long)).toEqual(before)
    expect(kept.size).toBe(0)
  }
  await service.appendUpload(call, app, id, { source: sourceOf('hello') })
  expect(await service.finishUpload(call, app, id, sha256('hello'), null)).toMatchObject({
    size: 5,
  })
})

test('a PUT that was cut off at its first byte leaves a session as it was opened', async () => {
  const { kept, service, uploads } = watched()
  const { id } = await service.startUpload(call, app)
  const before = await uploads.find(id, long)
  const finish = service.finishUpload(call, app, id, sha256(''), { source: cutOff, length: 9 })
  await expect(finish).rejects.toMatchObject({ kind: 'uploadBroken' })
  expect(await uploads.find(id, long)).toEqual(before)
  expect(kept.size).toBe(0)
  expect(await service.finishUpload(call, app, id, sha256(''), null)).toMatchObject({ size: 0 })
})

test('an empty chunk after others keeps what they brought', async () => {
  const { service } = watched()
  const { id } = await service.startUpload(call, app)
  await service.appendUpload(call, app, id, { source: sourceOf('hello') })
  const empty = { source: sourceOf(), length: 0 }
  expect(await service.appendUpload(call, app, id, empty)).toEqual({ id, offset: 5 })
  expect(await service.finishUpload(call, app, id, sha256('hello'), null)).toMatchObject({
    size: 5,
  })
})
