import { describe, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { BodyInterrupted } from '../../src/oci/body-interrupted.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import type { RegistryStores } from '../../src/options.ts'
import type { ByteSource } from '../../src/ports/byte-source.ts'
import type { Notice } from '../../src/ports/notices.ts'
import { createRegistry } from '../../src/registry.ts'
import { repositoryNamed, tagNamed } from '../../src/testing/index.ts'
import { inHand, manifestOf, sha256, sourceOf, utf8 } from './registry-in-hand.ts'

const call = callContext()

const app = repositoryNamed('app')
/** Takes bytes away behind the registry's back. */
async function lose(stores: RegistryStores, ...lost: readonly Digest[]): Promise<void> {
  for await (const { digest, size, key } of stores.blobs.list()) {
    if (digest !== null && lost.includes(digest)) await stores.blobs.delete({ digest, size, key })
  }
}

const latest = { kind: 'tag', tag: tagNamed('latest') } as const

describe('the registry without HTTP', () => {
  test('a program can push, pull, list and delete', async () => {
    const { registry, push } = inHand()
    const { service } = registry
    const config = await push(app, 'config')
    const bytes = utf8(manifestOf([config]))
    const pushed = await service.putManifest(call, app, latest, { bytes })
    expect(pushed).toEqual({ digest: sha256(manifestOf([config])) })
    const info = { digest: pushed.digest, size: bytes.byteLength }
    expect(await service.statManifest(call, app, latest)).toMatchObject(info)
    expect(await service.getManifest(call, app, latest)).toEqual({
      ...info,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      bytes,
    })
    expect(await service.listTags(call, app, { limit: 10 })).toEqual({
      items: ['latest'],
      more: false,
    })
    expect(await service.listRepositories(call, { limit: 10 })).toEqual({
      items: ['app'],
      more: false,
    })
    const referring = manifestOf([config], {
      subject: { mediaType: 'a/b', digest: pushed.digest, size: 1 },
    })
    const digest = sha256(referring)
    const second = await service.putManifest(
      call,
      app,
      { kind: 'digest', digest },
      { bytes: utf8(referring) },
    )
    expect(second).toEqual({ digest, subject: pushed.digest })
    const { items } = await service.listReferrers(call, app, pushed.digest, {})
    expect(items.map((item) => item.digest)).toEqual([digest])
    await service.deleteManifest(call, app, latest)
    expect(await service.getManifest(call, app, latest)).toBeNull()
    await service.deleteBlob(call, app, config)
    await expect(service.deleteBlob(call, app, config)).rejects.toMatchObject({
      kind: 'blobUnknown',
    })
    await registry.close()
  })

  test('a tag that has moved since it was looked at is not deleted', async () => {
    const { registry, push, pushImage } = inHand()
    const { service } = registry
    const first = await pushImage(app, 'latest', [await push(app, 'config')])
    const second = await pushImage(app, 'latest', [await push(app, 'layer')])
    const late = service.deleteManifest(call, app, latest, { expect: first })
    await expect(late).rejects.toMatchObject({ kind: 'preconditionFailed' })
    await service.deleteManifest(call, app, latest, { expect: second })
    const again = service.deleteManifest(call, app, latest, { expect: second })
    await expect(again).rejects.toMatchObject({ kind: 'manifestUnknown' })
  })

  test('an upload goes on where it stands', async () => {
    const { registry } = inHand()
    const { service } = registry
    const { id, offset } = await service.startUpload(call, app, { algorithm: 'sha512' })
    expect(offset).toBe(0)
    const first = { source: sourceOf('hello', ' '), length: 6 }
    expect(await service.appendUpload(call, app, id, first)).toEqual({ id, offset: 6 })
    expect(await service.uploadStatus(call, app, id)).toEqual({ id, offset: 6 })
    const again = service.appendUpload(call, app, id, { ...first, range: { first: 0, last: 5 } })
    await expect(again).rejects.toMatchObject({ kind: 'chunkOutOfOrder', details: [{ offset: 6 }] })
    const digest = sha256('hello world')
    const body = { source: sourceOf('world'), range: { first: 6, last: 10 } }
    expect(await service.finishUpload(call, app, id, digest, body)).toEqual({ digest, size: 11 })
    await expect(service.uploadStatus(call, app, id)).rejects.toMatchObject({
      kind: 'uploadUnknown',
    })
  })

  test('two registries over the same stores share a session and its hash', async () => {
    const { registry, stores, clock } = inHand()
    const elsewhere = createRegistry({ stores, clock: clock.now })
    const { id } = await registry.service.startUpload(call, app)
    const pieces = ['one ', 'two ', 'three ', 'four ', 'five']
    for (const [at, piece] of pieces.entries()) {
      const { service } = at % 2 === 0 ? registry : elsewhere
      await service.appendUpload(call, app, id, { source: sourceOf(piece) })
    }
    const text = pieces.join('')
    const finished = await elsewhere.service.finishUpload(call, app, id, sha256(text), null)
    expect(finished).toEqual({ digest: sha256(text), size: text.length })
  })

  test('a hash of one algorithm is never taken for another', async () => {
    const { registry, stores, clock } = inHand()
    const elsewhere = createRegistry({ stores, clock: clock.now })
    const { id } = await registry.service.startUpload(call, app, { algorithm: 'sha256' })
    const source: ByteSource = {
      async pipe(sink) {
        await sink(utf8('hello'))
        throw new BodyInterrupted('gone')
      },
      abort() {},
    }
    const wide = digestOf('sha512', '0'.repeat(128))
    const cut = registry.service.finishUpload(call, app, id, wide, { source })
    await expect(cut).rejects.toMatchObject({ kind: 'uploadBroken', details: [{ offset: 5 }] })
    const digest = sha256('hello')
    const finished = await elsewhere.service.finishUpload(call, app, id, digest, null)
    expect(finished).toEqual({ digest, size: 5 })
  })

  test('a source that fails for a reason of its own leaves the session as it was', async () => {
    const { registry } = inHand()
    const { service } = registry
    const { id } = await service.startUpload(call, app)
    await service.appendUpload(call, app, id, { source: sourceOf('hello') })
    const failing = {
      source: {
        async pipe(sink: (chunk: Uint8Array) => unknown): Promise<void> {
          sink(utf8('half'))
          throw new Error('disk on fire')
        },
        abort() {},
      },
    }
    await expect(service.appendUpload(call, app, id, failing)).rejects.toThrow('disk on fire')
    expect((await service.uploadStatus(call, app, id)).offset).toBe(5)
    const digest = sha256('hello world')
    await service.finishUpload(call, app, id, digest, { source: sourceOf(' world') })
    const open = await registry.service.openBlob(call, app, digest)
    expect(await new Response(open?.stream()).text()).toBe('hello world')
  })

  test('bytes that are gone are said to be missing, and an operator is told', async () => {
    const notices: Notice[] = []
    const { registry, stores, push } = inHand({
      onNotice: (notice) => notices.push(notice),
      limits: { manifestCacheBytes: 0 },
    })
    const config = await push(app, 'config')
    const { digest } = await registry.service.putManifest(call, app, latest, {
      bytes: utf8(manifestOf([config])),
    })
    await lose(stores, config, digest)
    expect(await registry.service.openBlob(call, app, config)).toBeNull()
    expect(await registry.service.getManifest(call, app, latest)).toBeNull()
    expect(notices.map((notice) => notice.kind)).toEqual(['bytes-missing', 'bytes-missing'])
  })

  test('a push brings lost bytes back', async () => {
    const { registry, stores, push } = inHand()
    const digest = await push(app, 'content')
    await lose(stores, digest)
    await push(app, 'content')
    const open = await registry.service.openBlob(call, app, digest)
    expect(await new Response(open?.stream()).text()).toBe('content')
  })
})

describe('idle sessions', () => {
  const uploadIdleMs = 1000

  test('expire with their bytes, and an operator is told', async () => {
    const notices: Notice[] = []
    const hand = inHand({ limits: { uploadIdleMs }, onNotice: (notice) => notices.push(notice) })
    const { registry, clock, stores } = hand
    const { service } = registry
    const { id } = await service.startUpload(call, app)
    await service.appendUpload(call, app, id, { source: sourceOf('hello') })
    clock.advance(uploadIdleMs - 1)
    await registry.expireUploads()
    expect((await service.uploadStatus(call, app, id)).offset).toBe(5)
    clock.advance(1)
    const unknown = { kind: 'uploadUnknown' }
    await expect(service.uploadStatus(call, app, id)).rejects.toMatchObject(unknown)
    const late = service.appendUpload(call, app, id, { source: sourceOf('x') })
    await expect(late).rejects.toMatchObject(unknown)
    await expect(service.finishUpload(call, app, id, sha256('hello'), null)).rejects.toMatchObject(
      unknown,
    )
    await expect(service.cancelUpload(call, app, id)).rejects.toMatchObject(unknown)
    clock.advance(1)
    await registry.expireUploads()
    expect(notices).toEqual([{ kind: 'upload-expired', id, repository: app }])
    expect(await stores.uploads.find(id, uploadIdleMs)).toBeNull()
    expect((await stores.uploads.stagedBytes(null)).total).toBe(0)
    await registry.expireUploads()
    expect(notices.length).toBe(1)
  })

  test('a chunk keeps a session, a look at it does not', async () => {
    const { registry, clock } = inHand({ limits: { uploadIdleMs } })
    const { service } = registry
    const [busy, idle] = [
      await service.startUpload(call, app),
      await service.startUpload(call, app),
    ]
    for (let turn = 0; turn < 3; turn += 1) {
      clock.advance(uploadIdleMs - 1)
      await service.appendUpload(call, app, busy.id, { source: sourceOf('x') })
      if (turn === 0) await service.uploadStatus(call, app, idle.id)
    }
    await registry.expireUploads()
    expect((await service.uploadStatus(call, app, busy.id)).offset).toBe(3)
    await expect(service.uploadStatus(call, app, idle.id)).rejects.toMatchObject({
      kind: 'uploadUnknown',
    })
  })

  test('give their place to a new one that would not fit', async () => {
    const { registry, clock } = inHand({ limits: { uploadIdleMs, uploadSessions: 2 } })
    const { service } = registry
    for (let count = 0; count < 2; count += 1) {
      const { id } = await service.startUpload(call, app)
      await service.appendUpload(call, app, id, { source: sourceOf('x') })
    }
    await expect(service.startUpload(call, app)).rejects.toMatchObject({ kind: 'tooManyUploads' })
    clock.advance(uploadIdleMs + 1)
    await service.startUpload(call, app)
  })

  test('more than one batch of them', async () => {
    const { registry, clock, stores } = inHand({ limits: { uploadIdleMs } })
    const ids = []
    for (let number = 0; number < 250; number += 1) {
      ids.push((await registry.service.startUpload(call, app)).id)
    }
    clock.advance(uploadIdleMs + 1)
    await registry.expireUploads()
    for (const id of ids) expect(await stores.uploads.find(id, uploadIdleMs)).toBeNull()
  })

  test('one that is being written to stays, however long it takes', async () => {
    const { registry, clock } = inHand({ limits: { uploadIdleMs } })
    const { service } = registry
    const { id } = await service.startUpload(call, app)
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    let started = (): void => {}
    const begun = new Promise<void>((resolve) => {
      started = resolve
    })
    const appending = service.appendUpload(call, app, id, {
      source: {
        async pipe(sink) {
          await sink(utf8('hello'))
          started()
          await ended
          await sink(utf8(' world'))
        },
        abort() {},
      },
    })
    await begun
    clock.advance(uploadIdleMs + 1)
    await registry.expireUploads()
    end()
    expect(await appending).toEqual({ id, offset: 11 })
    expect((await service.uploadStatus(call, app, id)).offset).toBe(11)
  })
})
