import { describe, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { RunningHashes } from '../../src/core/running-hashes.ts'
import type { Notice, RegistryEvent } from '../../src/index.ts'
import type { ErrorName } from '../../src/oci/error-codes.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import { newUploadId } from '../../src/oci/upload-id.ts'
import type { RegistryStores } from '../../src/options.ts'
import { inHand, sha256, sourceOf } from './registry-in-hand.ts'

const call = callContext()
const app = repositoryName('app')
const text = 'hello world'
const digest = sha256(text)

/** Makes a store's method throw while `fails` says so. */
function failing<T extends object>(store: T, method: keyof T, fails: () => unknown): T {
  return new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      if (key !== method) return value.bind(target)
      return async (...inputs: unknown[]) => {
        const error = fails()
        if (error !== null) throw error
        return value.apply(target, inputs)
      }
    },
  })
}

/** Stores whose staged bytes cannot be committed while `fails` says so. */
function failingCommit(stores: RegistryStores, fails: () => unknown): RegistryStores {
  const { blobs } = stores
  return {
    ...stores,
    blobs: {
      ...blobs,
      async stage(id, hint, from) {
        const staged = await blobs.stage(id, hint, from)
        return failing(staged, 'commit', fails)
      },
    },
  }
}

const away: readonly ErrorName[] = ['unavailable', 'storageFull']

describe.each(away)('while the store says %s', (kind) => {
  const error = new RegistryError(kind)

  test.each([
    ['a PUT that brings everything', '', text],
    ['a PUT after a PATCH', text, null],
    ['a PUT with the last chunk', 'hello', ' world'],
  ])('%s can be made again', async (_, before, last) => {
    let broken = true
    const hand = inHand({}, (stores) => failingCommit(stores, () => (broken ? error : null)))
    const { service } = hand.registry
    const { id } = await service.startUpload(call, app)
    if (before !== '') await service.appendUpload(call, app, id, { source: sourceOf(before) })
    const finish = () =>
      service.finishUpload(call, app, id, digest, last === null ? null : { source: sourceOf(last) })
    await expect(finish()).rejects.toMatchObject({ kind })
    expect((await service.uploadStatus(call, app, id)).offset).toBe(before.length)
    await expect(finish()).rejects.toMatchObject({ kind })
    broken = false
    expect(await finish()).toEqual({ digest, size: text.length })
    const open = await service.openBlob(call, app, digest)
    expect(await new Response(open?.stream()).text()).toBe(text)
    await expect(service.uploadStatus(call, app, id)).rejects.toMatchObject({
      kind: 'uploadUnknown',
    })
  })

  test.each([
    ['with an empty body', null],
    ['with the last chunk again', ' world'],
  ])('a blob that could not be named is named by the next PUT, %s', async (_, last) => {
    let broken = true
    const hand = inHand({}, (stores) => ({
      ...stores,
      metadata: failing(stores.metadata, 'linkBlob', () => (broken ? error : null)),
    }))
    const { service } = hand.registry
    const { id } = await service.startUpload(call, app)
    await service.appendUpload(call, app, id, { source: sourceOf('hello') })
    const first = service.finishUpload(call, app, id, digest, { source: sourceOf(' world') })
    await expect(first).rejects.toMatchObject({ kind })
    expect(await hand.stored()).toEqual([digest])
    broken = false
    const body = last === null ? null : { source: sourceOf(last) }
    expect(await service.finishUpload(call, app, id, digest, body)).toEqual({ digest, size: 11 })
    expect(await hand.stored()).toEqual([digest])
    expect(await service.statBlob(call, app, digest)).not.toBeNull()
  })
})

describe('bytes that are committed and have no name', () => {
  test('get it by the next PUT, although the session could not be saved either', async () => {
    let broken = true
    const error = new RegistryError('storageFull')
    const fails = () => (broken ? error : null)
    const hand = inHand({}, (stores) => ({
      ...stores,
      metadata: failing(stores.metadata, 'linkBlob', fails),
      uploads: failing(stores.uploads, 'save', () => (broken && armed ? error : null)),
    }))
    let armed = false
    const { service } = hand.registry
    const { id } = await service.startUpload(call, app)
    await service.appendUpload(call, app, id, { source: sourceOf(text) })
    armed = true
    const finish = () => service.finishUpload(call, app, id, digest, null)
    await expect(finish()).rejects.toMatchObject({ kind: 'storageFull' })
    await expect(finish()).rejects.toMatchObject({ kind: 'storageFull' })
    broken = false
    expect((await service.uploadStatus(call, app, id)).offset).toBe(text.length)
    expect(await finish()).toEqual({ digest, size: text.length })
    expect(await hand.stored()).toEqual([digest])
  })

  test('are not acknowledged once they are gone', async () => {
    let broken = true
    const error = new RegistryError('unavailable')
    const hand = inHand({}, (stores) => ({
      ...stores,
      metadata: failing(stores.metadata, 'linkBlob', () => (broken ? error : null)),
    }))
    const { service } = hand.registry
    const { id } = await service.startUpload(call, app)
    const finish = () =>
      service.finishUpload(call, app, id, digest, { source: sourceOf(text), length: text.length })
    await expect(finish()).rejects.toMatchObject({ kind: 'unavailable' })
    broken = false
    hand.clock.advance(1)
    await hand.registry.sweepBytes(0)
    expect(await hand.stored()).toEqual([])
    await expect(finish()).rejects.toMatchObject({ kind: 'uploadUnknown' })
    expect(await service.statBlob(call, app, digest)).toBeNull()
  })

  test('are not swept while their session may still name them', async () => {
    let broken = true
    const error = new RegistryError('unavailable')
    const hand = inHand({ limits: { leaseMs: 1000, uploadIdleMs: 10_000 } }, (stores) => ({
      ...stores,
      metadata: failing(stores.metadata, 'linkBlob', () => (broken ? error : null)),
    }))
    const { service } = hand.registry
    const { id } = await service.startUpload(call, app)
    await service.appendUpload(call, app, id, { source: sourceOf(text) })
    const finish = () => service.finishUpload(call, app, id, digest, null)
    await expect(finish()).rejects.toMatchObject({ kind: 'unavailable' })
    broken = false
    hand.clock.advance(5000)
    await hand.registry.sweepBytes()
    expect(await hand.stored()).toEqual([digest])
    expect(await finish()).toEqual({ digest, size: text.length })
  })
})

test('a claim that cannot be given back is no failure of what was done', async () => {
  const notices: Notice[] = []
  const events: RegistryEvent[] = []
  const error = new RegistryError('unavailable')
  const hand = inHand(
    {
      onNotice: (notice) => notices.push(notice),
      onEvent: (event) => void events.push(event),
    },
    (stores) => ({ ...stores, uploads: failing(stores.uploads, 'release', () => error) }),
  )
  const { service } = hand.registry
  const { id } = await service.startUpload(call, app)
  const body = { source: sourceOf(text) }
  expect(await service.finishUpload(call, app, id, digest, body)).toEqual({ digest, size: 11 })
  expect(events).toMatchObject([{ kind: 'blob-pushed', digest }])
  expect(notices).toMatchObject([{ kind: 'background-failure', error }])
})

test('a wrong digest ends the session, and nothing of it is left', async () => {
  const { registry, stored, stores } = inHand()
  const { service } = registry
  const { id } = await service.startUpload(call, app)
  await service.appendUpload(call, app, id, { source: sourceOf('hello') })
  const wrong = service.finishUpload(call, app, id, digest, null)
  await expect(wrong).rejects.toMatchObject({ kind: 'digestMismatch' })
  await expect(service.uploadStatus(call, app, id)).rejects.toMatchObject({
    kind: 'uploadUnknown',
  })
  expect(await stored()).toEqual([])
  expect((await stores.uploads.stagedBytes(null)).total).toBe(0)
})

test('one session that cannot be ended stands in no other way', async () => {
  const notices: Notice[] = []
  const uploadIdleMs = 1000
  let first: string | null = null
  const hand = inHand(
    { limits: { uploadIdleMs }, onNotice: (notice) => notices.push(notice) },
    (stores) => ({
      ...stores,
      blobs: {
        ...stores.blobs,
        async stage(id, hint, from) {
          const staged = await stores.blobs.stage(id, hint, from)
          const fails = () => (id === first ? new Error('the disk is on fire') : null)
          return hand.clock.now() > 0 ? failing(staged, 'discard', fails) : staged
        },
      },
    }),
  )
  const { service } = hand.registry
  const ids = []
  for (let count = 0; count < 3; count += 1) {
    const { id } = await service.startUpload(call, app)
    await service.appendUpload(call, app, id, { source: sourceOf('x') })
    ids.push(id)
  }
  first = ids[0] ?? null
  hand.clock.advance(uploadIdleMs + 1)
  await hand.registry.expireUploads()
  const kinds = notices.map((notice) => notice.kind)
  expect(kinds.filter((kind) => kind === 'upload-expired').length).toBe(2)
  expect(kinds).toContain('background-failure')
})

test('sessions that cannot be ended keep none of the others open, however many', async () => {
  const stuck: Set<unknown> = new Set()
  const uploadIdleMs = 1000
  const hand = inHand({ limits: { uploadIdleMs } }, (stores) => ({
    ...stores,
    uploads: {
      ...stores.uploads,
      async remove(id, holder) {
        if (stuck.has(id)) throw new Error('the disk is on fire')
        return stores.uploads.remove(id, holder)
      },
    },
  }))
  const { service } = hand.registry
  for (let count = 0; count < 250; count += 1) stuck.add((await service.startUpload(call, app)).id)
  hand.clock.advance(1)
  const { id } = await service.startUpload(call, app)
  hand.clock.advance(uploadIdleMs)
  await hand.registry.expireUploads()
  const left = await hand.stores.uploads.find(id, Number.POSITIVE_INFINITY)
  expect(left).toBeNull()
})

test('a holder whose claim is lost to another node stops, and stores nothing', async () => {
  let lose = (): void => {}
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })
  const hand = inHand()
  const { service } = hand.registry
  const { id } = await service.startUpload(call, app)
  let sent = (): void => {}
  const sending = new Promise<void>((resolve) => {
    sent = resolve
  })
  const slow = {
    async pipe(sink: (chunk: Uint8Array) => void | Promise<void>): Promise<void> {
      await sink(new TextEncoder().encode('hello'))
      sent()
      await lost
      await sink(new TextEncoder().encode(' world'))
    },
    abort(): void {},
  }
  const appending = service.appendUpload(call, app, id, { source: slow })
  await sending
  hand.clock.advance(60_000)
  const other = await hand.stores.uploads.claim(id, 'another node', 60_000, 86_400_000)
  expect(other).toMatchObject({ id })
  lose()
  await expect(appending).rejects.toMatchObject({ kind: 'uploadUnknown' })
  expect((await hand.stores.uploads.find(id, 86_400_000))?.offset).toBe(0)
})

test('hashes of sessions that ended elsewhere are not kept for ever', () => {
  const hashes = new RunningHashes(1_000)
  const hash = { update: () => {}, digest: () => '' }
  for (let count = 0; count < 10_050; count += 1) {
    hashes.put(newUploadId(), { algorithm: 'sha256', hash, fed: 1 })
  }
  expect(hashes.size).toBeLessThanOrEqual(10_000)
  const none = new RunningHashes(-1)
  none.put(newUploadId(), { algorithm: 'sha256', hash, fed: 1 })
  expect(none.size).toBe(0)
})

test('bytes that land while a quota is counted are not counted twice', async () => {
  const hand = inHand({ limits: { uploadBytes: 100 } })
  const { service } = hand.registry
  const push = async (size: number): Promise<void> => {
    const { id } = await service.startUpload(call, app)
    for (let part = 0; part < 4; part += 1) {
      await service.appendUpload(call, app, id, { source: sourceOf('x'.repeat(size)) })
    }
    await service.cancelUpload(call, app, id)
  }
  // Four sessions of 24 bytes stay within 100 however they cross.
  for (let round = 0; round < 20; round += 1) {
    await Promise.all([push(6), push(6), push(6), push(6)])
  }
})

test('a store that says that it looks who claims a session, and does not, gives none away', async () => {
  const hand = inHand({}, (stores) => ({
    ...stores,
    uploads: Object.assign(Object.create(stores.uploads), { checksUser: true }),
  }))
  const { service } = hand.registry
  const { id } = await service.startUpload(call, app, {})
  const other = callContext({ principal: { id: 'other' } })
  const body = { source: sourceOf(text), length: text.length }
  await expect(service.appendUpload(other, app, id, body)).rejects.toMatchObject({
    kind: 'uploadUnknown',
  })
  expect(await service.appendUpload(call, app, id, body)).toMatchObject({ offset: text.length })
})
