import { describe, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import type { Notice, RegistryEvent } from '../../src/index.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import { type Tag, tagName } from '../../src/oci/tag.ts'
import { inHand, manifestOf, sha256, sourceOf, utf8 } from './registry-in-hand.ts'

const app = repositoryName('team/app')
const other = repositoryName('team/other')
const latest = { kind: 'tag', tag: tagName('latest') } as const
const call = callContext({ principal: { id: 'ci' }, requestId: 'r-1', peer: { address: '::1' } })

/** An event without what all have. */
function facts(event: RegistryEvent): object {
  const { time, principal, requestId, peer, ...rest } = event
  expect(typeof time).toBe('number')
  expect([principal, requestId, peer]).toEqual([{ id: 'ci' }, 'r-1', { address: '::1' }])
  return rest
}

describe('domain events', () => {
  test('tell of every change, in order, and only once it is there', async () => {
    const events: RegistryEvent[] = []
    const seen: Array<Promise<unknown>> = []
    const { registry } = inHand({
      onEvent(event) {
        events.push(event)
        if (event.kind === 'blob-pushed') {
          seen.push(registry.service.statBlob(call, event.repository, event.digest))
        }
      },
    })
    const { service } = registry
    const config = sha256('config')
    await service.pushBlob(call, app, config, { source: sourceOf('config') })
    const { id } = await service.startUpload(call, app)
    await service.finishUpload(call, app, id, sha256('layer'), { source: sourceOf('layer') })
    await service.mountBlob(call, other, config, { from: app })
    const text = manifestOf([config, sha256('layer')])
    const digest = sha256(text)
    const bytes = utf8(text)
    await service.putManifest(call, app, latest, { bytes })
    await service.putManifest(call, app, latest, { bytes })
    const next = manifestOf([config])
    await service.putManifest(call, app, latest, { bytes: utf8(next) })
    await service.deleteManifest(call, app, latest)
    await service.deleteManifest(call, app, { kind: 'digest', digest })
    await service.deleteBlob(call, other, config)
    await service.deleteRepository(call, app)

    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = { digest, size: bytes.byteLength, mediaType, artifactType: 'a/b' }
    const second = { ...manifest, digest: sha256(next), size: utf8(next).byteLength }
    const pushed = { kind: 'manifest-pushed', repository: app, tags: ['latest'] }
    const moved = { kind: 'tag-moved', repository: app, tag: 'latest' }
    expect(events.map(facts)).toEqual([
      { kind: 'blob-pushed', repository: app, digest: config, size: 6 },
      { kind: 'blob-pushed', repository: app, digest: sha256('layer'), size: 5 },
      { kind: 'blob-mounted', repository: other, digest: config, size: 6, from: app },
      { ...pushed, ...manifest, contentSize: 2, created: true },
      { ...moved, digest, previous: null },
      { ...pushed, ...manifest, contentSize: 2, created: false },
      { ...pushed, ...second, contentSize: 1, created: true },
      { ...moved, digest: second.digest, previous: digest },
      { kind: 'tag-deleted', repository: app, tag: 'latest', digest: second.digest },
      { kind: 'manifest-deleted', repository: app, ...manifest, tags: [], tagCount: 0 },
      { kind: 'blob-deleted', repository: other, digest: config },
      { kind: 'repository-deleted', repository: app, manifests: 1, tags: 0 },
    ])
    expect(await Promise.all(seen)).toEqual([
      { digest: config, size: 6 },
      { digest: sha256('layer'), size: 5 },
    ])
  })

  test('pulls are events only where that is asked for', async () => {
    for (const pullEvents of [false, true]) {
      const events: RegistryEvent[] = []
      const hand = inHand({ pullEvents, onEvent: (event) => void events.push(event) })
      const config = await hand.push(app, 'config')
      await hand.pushImage(app, 'latest', [config])
      events.length = 0
      const looking = { ...call, inspects: true }
      await hand.registry.service.getManifest(looking, app, latest)
      await (await hand.registry.service.openBlob(looking, app, config))?.close()
      expect(events).toEqual([])
      await hand.registry.service.getManifest(call, app, latest)
      const open = await hand.registry.service.openBlob(call, app, config)
      await open?.close()
      expect(events.map(({ kind }) => kind)).toEqual(
        pullEvents ? ['manifest-pulled', 'blob-pulled'] : [],
      )
    }
  })

  test('a callback that throws, rejects or never ends harms nothing', async () => {
    const notices: Notice[] = []
    const failure = new Error('the program is broken')
    const callbacks = [
      () => {
        throw failure
      },
      () => Promise.reject(failure),
      () => new Promise<void>(() => {}),
    ]
    for (const onEvent of callbacks) {
      const { registry, push, pushImage } = inHand({
        onEvent,
        onNotice(notice) {
          notices.push(notice)
          throw failure
        },
      })
      await pushImage(app, 'latest', [await push(app, 'config')])
      expect(await registry.service.getManifest(call, app, latest)).not.toBeNull()
    }
    const told = { kind: 'callback-failure', callback: 'onEvent', error: failure }
    expect(notices.length).toBeGreaterThan(2)
    for (const notice of notices) expect(notice).toEqual(told)
  })

  test('a rejection of any callback is handled', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      const reject = (): Promise<never> => Promise.reject(new Error('the program is broken'))
      const { registry, push, pushImage } = inHand({
        onEvent: reject,
        onNotice: reject,
        observe: reject,
      })
      await pushImage(app, 'latest', [await push(app, 'config')])
      await registry.fetch(new Request('http://registry.test/v2/'))
      // Node tells of a rejection once the microtasks are done.
      await new Promise((resolve) => setTimeout(resolve, 0))
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })

  test('a callback that changes its event changes nothing else', async () => {
    const kinds: string[] = []
    const { push, pushImage } = inHand({
      onEvent(event) {
        kinds.push(event.kind)
        if ('tags' in event) (event.tags as Tag[]).length = 0
      },
    })
    await pushImage(app, 'latest', [await push(app, 'config')])
    expect(kinds).toEqual(['blob-pushed', 'manifest-pushed', 'tag-moved'])
  })

  test('a push that is refused is no event', async () => {
    const events: RegistryEvent[] = []
    const { registry } = inHand({ onEvent: (event) => void events.push(event) })
    const bytes = utf8(manifestOf([sha256('missing')]))
    await expect(registry.service.putManifest(call, app, latest, { bytes })).rejects.toThrow()
    const wrong = registry.service.pushBlob(call, app, sha256('x'), { source: sourceOf('y') })
    await expect(wrong).rejects.toMatchObject({ kind: 'digestMismatch' })
    expect(events).toEqual([])
  })
})

test('a repository that a collection drops is an event of nobody', async () => {
  const events: RegistryEvent[] = []
  const { registry } = inHand({ onEvent: (event) => void events.push(event) })
  const { service } = registry
  await service.pushBlob(call, app, sha256('config'), { source: sourceOf('config') })
  await service.deleteBlob(call, app, sha256('config'))
  events.length = 0
  await registry.collectGarbage({ emptyRepositories: true })
  expect(events).toMatchObject([
    { kind: 'repository-deleted', repository: app, principal: null, manifests: 0, tags: 0 },
  ])
})
