import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { newUploadId } from '../../src/oci/upload-id.ts'
import { createRegistry } from '../../src/registry.ts'
import { repositoryNamed } from '../../src/testing/index.ts'
import { runs } from '../sample.ts'
import { inHand, manifestOf, sha256, sourceOf, utf8 } from './registry-in-hand.ts'

const call = callContext()

const app = repositoryNamed('app')
const other = repositoryNamed('other')
const leaseMs = 1000
const limits = { leaseMs, trashMs: 0 }
const nothing = { blobs: 0, bytes: 0, repositories: 0 }

describe('the collection of garbage', () => {
  test('keeps what was pushed for as long as its lease', async () => {
    const { registry, clock, push, stored } = inHand({ limits })
    const digest = await push(app, 'hello')
    clock.advance(leaseMs - 1)
    expect(await registry.collectGarbage()).toEqual(nothing)
    expect(await registry.service.statBlob(call, app, digest)).toEqual({ digest, size: 5 })
    clock.advance(3 * leaseMs)
    expect(await registry.collectGarbage()).toEqual({ blobs: 1, bytes: 5, repositories: 0 })
    expect(await registry.service.statBlob(call, app, digest)).toBeNull()
    expect(await registry.service.openBlob(call, app, digest)).toBeNull()
    expect(await stored()).toEqual([])
    expect(await registry.collectGarbage()).toEqual(nothing)
    expect(await push(app, 'hello')).toBe(digest)
    expect(await registry.service.statBlob(call, app, digest)).not.toBeNull()
  })

  test('a HEAD renews the lease, a mount gives the target one', async () => {
    const { registry, clock, push } = inHand({ limits })
    const { service, collectGarbage } = registry
    const [seen, mounted] = [await push(app, 'seen'), await push(app, 'mounted')]
    clock.advance(leaseMs - 1)
    await service.statBlob(call, app, seen)
    await service.mountBlob(call, other, mounted, { from: app })
    clock.advance(leaseMs - 1)
    expect(await collectGarbage()).toEqual(nothing)
    expect(await service.statBlob(call, app, seen)).not.toBeNull()
    expect(await service.statBlob(call, other, mounted)).not.toBeNull()
  })

  test('a mount from anywhere gives a lease too', async () => {
    const { registry, clock, push } = inHand({ limits })
    const digest = await push(app, 'shared')
    clock.advance(leaseMs - 1)
    await registry.service.mountBlob(call, other, digest, { readable: async (all) => all })
    clock.advance(leaseMs - 1)
    await registry.collectGarbage()
    expect(await registry.service.statBlob(call, other, digest)).not.toBeNull()
  })

  test('never takes what a manifest names, or the manifest', async () => {
    const { registry, clock, push, pushImage } = inHand({ limits })
    const { service } = registry
    const blobs = [await push(app, 'config'), await push(app, 'layer')]
    const digest = await pushImage(app, 'latest', blobs)
    clock.advance(100 * leaseMs)
    expect(await registry.collectGarbage()).toEqual(nothing)
    for (const blob of blobs) expect(await service.statBlob(call, app, blob)).not.toBeNull()
    clock.advance(100 * leaseMs)
    await service.deleteManifest(call, app, { kind: 'digest', digest })
    const report = await registry.collectGarbage()
    expect(report.blobs).toBeGreaterThan(0)
    // What lost its last manifest lives one more lease.
    for (const blob of blobs) expect(await service.openBlob(call, app, blob)).not.toBeNull()
    clock.advance(100 * leaseMs)
    await registry.collectGarbage()
    for (const blob of blobs) expect(await service.statBlob(call, app, blob)).toBeNull()
  })

  test('an untagged manifest is no garbage', async () => {
    const { registry, clock, push, pushImage } = inHand({ limits })
    const digest = await pushImage(app, 'latest', [await push(app, 'config')])
    await registry.service.deleteManifest(call, app, { kind: 'tag', tag: 'latest' as never })
    clock.advance(100 * leaseMs)
    expect(await registry.collectGarbage()).toEqual(nothing)
    const found = await registry.service.getManifest(call, app, { kind: 'digest', digest })
    expect(found?.digest).toBe(digest)
  })

  test('bytes stay while one repository holds them', async () => {
    const { registry, clock, push, pushImage, stored } = inHand({ limits })
    const config = await push(app, 'config')
    await push(other, 'config')
    const image = await pushImage(app, 'latest', [config])
    clock.advance(2 * leaseMs)
    await registry.collectGarbage()
    expect(await stored()).toEqual([config, image].sort())
    expect(await registry.service.statBlob(call, app, config)).not.toBeNull()
  })

  test('is one notice of what was freed, also where that is nothing', async () => {
    const notices: unknown[] = []
    const { registry, clock, push } = inHand({ limits, onNotice: (notice) => notices.push(notice) })
    await push(app, 'hello')
    await registry.collectGarbage()
    clock.advance(2 * leaseMs)
    await registry.collectGarbage({ emptyRepositories: true })
    const kind = 'garbage-collected'
    expect(notices).toEqual([
      { kind, ...nothing, ms: 0, isComplete: true },
      { kind, blobs: 1, bytes: 5, repositories: 1, ms: 0, isComplete: true },
    ])
  })

  test('ends after the step in which it is told to, and says what it freed', async () => {
    const notices: unknown[] = []
    const { registry, clock, push, stored } = inHand({
      limits,
      onNotice: (notice) => notices.push(notice),
    })
    for (let number = 0; number < 250; number += 1) await push(app, `blob ${number}`)
    clock.advance(2 * leaseMs)
    const controller = new AbortController()
    const stopped = new Error('stopped')
    const onProgress = ({ blobs }: { readonly blobs: number }): void => {
      if (blobs >= 100) controller.abort(stopped)
    }
    const { signal } = controller
    await expect(registry.collectGarbage({ signal, onProgress })).rejects.toBe(stopped)
    expect(notices).toMatchObject([{ blobs: 100, isComplete: false }])
    expect((await registry.collectGarbage()).blobs).toBe(150)
    expect(await stored()).toEqual([])
  })

  test('goes on past one batch', async () => {
    const { registry, clock, push, stored } = inHand({ limits })
    for (let number = 0; number < 250; number += 1) await push(app, `blob ${number}`)
    clock.advance(2 * leaseMs)
    expect((await registry.collectGarbage()).blobs).toBe(250)
    expect(await stored()).toEqual([])
  })

  test('bytes of a refused manifest go at once, and others of the same digest stay', async () => {
    const { registry, push, stored } = inHand({ limits })
    const text = manifestOf([sha256('missing')])
    const put = (): Promise<unknown> =>
      registry.service.putManifest(
        call,
        app,
        { kind: 'digest', digest: sha256(text) },
        { bytes: utf8(text) },
      )
    await expect(put()).rejects.toMatchObject({ kind: 'manifestBlobUnknown' })
    expect(await stored()).toEqual([])
    await push(other, text)
    await expect(put()).rejects.toMatchObject({ kind: 'manifestBlobUnknown' })
    expect(await stored()).toEqual([sha256(text)])
    expect(await registry.service.openBlob(call, other, sha256(text))).not.toBeNull()
  })

  test('a collection by another registry leaves bytes that wait for their name', async () => {
    let reached = (): void => {}
    let goOn = (): void => {}
    const committed = new Promise<void>((resolve) => {
      reached = resolve
    })
    const gate = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const hand = inHand({ limits })
    const { metadata } = hand.stores
    const slow = new Proxy(metadata, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        if (key !== 'linkBlob') return value.bind(target)
        return async (...inputs: unknown[]) => {
          reached()
          await gate
          return value.apply(target, inputs)
        }
      },
    })
    const digest = await hand.push(app, 'again')
    hand.clock.advance(2 * leaseMs)
    const stores = { ...hand.stores, metadata: slow }
    const pusher = createRegistry({ stores, clock: hand.clock.now, limits })
    const pushing = pusher.service.pushBlob(call, app, digest, { source: sourceOf('again') })
    await committed
    expect((await hand.registry.collectGarbage()).blobs).toBe(1)
    goOn()
    await pushing
    expect(await hand.registry.collectGarbage()).toEqual(nothing)
    const open = await hand.registry.service.openBlob(call, app, digest)
    expect(await new Response(open?.stream()).text()).toBe('again')
  })

  test('content that is pushed again and again leaves nothing to be collected', async () => {
    const { registry, stores, push, pushImage, stored } = inHand({ limits })
    const config = await push(app, 'config')
    let image = ''
    for (let round = 0; round < 3; round += 1) {
      await push(app, 'config')
      image = await pushImage(app, 'latest', [config])
    }
    expect(await stored()).toEqual([config, image].sort())
    expect(await stores.metadata.condemn(10)).toEqual([])
    expect(await registry.collectGarbage()).toEqual(nothing)
  })

  test('a sweep deletes bytes without a name, and no others', async () => {
    const { registry, stores, push, pushImage, stored } = inHand({ limits })
    const config = await push(app, 'config')
    const image = await pushImage(app, 'latest', [config])
    const staged = await stores.blobs.stage(newUploadId(), {})
    await staged.write(utf8('nameless'))
    const lost = await staged.commit(sha256('nameless'))
    expect((await registry.sweepBytes(60_000)).swept).toBe(0)
    expect(await registry.sweepBytes(-1)).toEqual({ looked: 3, swept: 1, bytes: 8 })
    expect(await stores.blobs.open(lost)).toBeNull()
    expect(await stored()).toEqual([config, image].sort())
  })

  test('a sweep finds bytes whose store lists no digest, and those whose name came meanwhile', async () => {
    const { registry, stores, push } = inHand({ limits }, (given) => ({
      ...given,
      blobs: new Proxy(given.blobs, {
        get(target, key) {
          if (key !== 'list') return (Reflect.get(target, key) as () => void).bind(target)
          return async function* () {
            for await (const found of target.list()) yield { ...found, digest: null }
          }
        },
      }),
    }))
    for (let number = 0; number < 40; number += 1) await push(app, `named ${number}`)
    const staged = await stores.blobs.stage(newUploadId(), {})
    await staged.write(utf8('nameless'))
    const lost = await staged.commit(sha256('nameless'))
    expect((await registry.sweepBytes(60_000)).swept).toBe(0)
    expect(await registry.sweepBytes(-1)).toEqual({ looked: 41, swept: 1, bytes: 8 })
    expect(await stores.blobs.open(lost)).toBeNull()
    expect((await registry.sweepBytes(-1)).swept).toBe(0)
  })

  test('however pushes, mounts, HEADs and collections cross: what was confirmed is there', async () => {
    const texts = ['one', 'two', 'three']
    const step = fc.record({
      kind: fc.constantFrom('push', 'head', 'mount', 'image', 'delete', 'collect', 'wait' as const),
      text: fc.constantFrom(...texts),
      repository: fc.constantFrom(app, other),
    })
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 14 }),
      fc.scheduler(),
      async (steps, scheduler) => {
        const hand = inHand({ limits }, ({ blobs, uploads, metadata }) => ({
          blobs: scheduled(blobs, scheduler),
          uploads,
          metadata: scheduled(metadata, scheduler),
        }))
        const { clock, stores } = hand
        const { service } = hand.registry
        // Two registries over one store: what one acknowledges, the other must not collect.
        const collector = createRegistry({ stores, clock: clock.now, limits })
        const use = async (repository: typeof app, text: string): Promise<void> => {
          const digest = sha256(text)
          const bytes = utf8(manifestOf([digest], { annotations: { at: String(clock.now()) } }))
          await service.putManifest(
            call,
            repository,
            { kind: 'tag', tag: text as never },
            { bytes },
          )
          const open = await service.openBlob(call, repository, digest)
          expect(open).not.toBeNull()
          expect(await new Response(open?.stream()).text()).toBe(text)
        }
        const run = async ({ kind, text, repository }: (typeof steps)[number]): Promise<void> => {
          const digest = sha256(text)
          if (kind === 'wait') clock.advance(leaseMs / 2)
          else if (kind === 'collect') await collector.collectGarbage()
          else if (kind === 'push') {
            await service.pushBlob(call, repository, digest, { source: sourceOf(text) })
          } else if (kind === 'head') await service.statBlob(call, repository, digest)
          else if (kind === 'mount') {
            const from = repository === app ? other : app
            await service.mountBlob(call, repository, digest, { from })
          } else if (kind === 'delete') {
            await service
              .deleteManifest(call, repository, { kind: 'tag', tag: text as never })
              .catch(() => {})
          } else {
            const pushedAt = clock.now()
            await service.pushBlob(call, repository, digest, { source: sourceOf(text) })
            await use(repository, text).catch((error: unknown) => {
              // What was pushed a whole lease ago may be gone.
              if (clock.now() - pushedAt < leaseMs) throw error
            })
          }
        }
        // Each text has a client that goes step by step; they and the collections cross.
        const lanes = [...texts, 'collect'].map(async (lane) => {
          for (const one of steps) {
            const own = one.kind === 'collect' || one.kind === 'wait' ? 'collect' : one.text
            if (own === lane) await run(one)
          }
        })
        await scheduler.waitFor(Promise.all(lanes))
      },
    )
    await fc.assert(property, { numRuns: runs(150) })
  })
})

/** The same store, its answers in an order the scheduler chooses. */
function scheduled<T extends object>(store: T, scheduler: fc.Scheduler): T {
  return new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function' || key === 'list') return value
      return async (...inputs: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), String(key))
        return value.apply(target, inputs)
      }
    },
  })
}
