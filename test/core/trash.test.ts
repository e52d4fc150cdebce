import { describe, expect, test } from 'vitest'
import { holdToQuotas } from '../../src/access/index.ts'
import { callContext } from '../../src/core/call-context.ts'
import type { RegistryEvent } from '../../src/index.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import { tagName } from '../../src/oci/tag.ts'
import { but } from '../contracts/breaking.ts'
import { inHand } from './registry-in-hand.ts'

const app = repositoryName('team/app')
const call = callContext()
const trashMs = 100_000
const limits = { leaseMs: 1000, trashMs }
const latest = tagName('latest')
const page = { limit: 100 }

describe('what is deleted', () => {
  test('can be brought back, which events tell of', async () => {
    const events: RegistryEvent[] = []
    const { registry, push, pushImage } = inHand({
      limits,
      onEvent: (event) => void events.push(event),
    })
    const { service } = registry
    const blobs = [await push(app, 'config'), await push(app, 'layer')]
    const [config] = blobs
    const digest = await pushImage(app, 'latest', blobs)
    await service.deleteManifest(call, app, { kind: 'tag', tag: latest })
    await service.deleteManifest(call, app, { kind: 'digest', digest })
    await service.deleteBlob(call, app, config as typeof digest)
    await service.deleteRepository(call, app)
    events.length = 0
    const { items } = await service.listTrash(call, page, app)
    expect(items.map(({ kind }) => kind)).toEqual(['tag', 'manifest', 'blob', 'repository'])
    for (const { id } of [items[3], items[2], items[1], items[0]].filter(
      (one) => one !== undefined,
    )) {
      expect(await service.restore(call, app, id)).toMatchObject({ kind: 'restored' })
      expect(await service.restore(call, app, id)).toBeNull()
    }
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    expect(events).toMatchObject([
      { kind: 'repository-restored', repository: app, manifests: 0, tags: 0 },
      { kind: 'blob-restored', repository: app, digest: config },
      { kind: 'manifest-restored', repository: app, digest, mediaType, tags: [], tagCount: 0 },
      { kind: 'tag-restored', repository: app, digest, tag: latest },
    ])
    const found = await service.getManifest(call, app, { kind: 'tag', tag: latest })
    expect(found?.digest).toBe(digest)
    for (const blob of blobs) expect(await service.openBlob(call, app, blob)).not.toBeNull()
  })

  test('keeps its bytes for its time, and no longer', async () => {
    const { registry, clock, push, stored } = inHand({ limits })
    const blob = await push(app, 'layer')
    await registry.service.deleteBlob(call, app, blob)
    clock.advance(trashMs - 1)
    await registry.collectGarbage()
    expect(await stored()).toEqual([blob])
    clock.advance(1)
    expect(await registry.collectGarbage()).toMatchObject({ blobs: 1 })
    expect(await stored()).toEqual([])
  })

  test('is gone at once where the time is none, or the store has no trash', async () => {
    for (const keepsTrash of [true, false]) {
      const { registry, push, stored } = inHand(
        { limits: { ...limits, trashMs: keepsTrash ? 0 : trashMs } },
        ({ metadata, ...stores }) => ({
          ...stores,
          metadata: but(metadata, () => ({ keepsTrash })),
        }),
      )
      await registry.service.deleteBlob(call, app, await push(app, 'layer'))
      expect(await registry.service.listTrash(call, page)).toEqual({ items: [], more: false })
      expect(await registry.collectGarbage()).toMatchObject({ blobs: 1 })
      expect(await stored()).toEqual([])
    }
  })

  test('is gone once the trash is emptied', async () => {
    const { registry, push, stored } = inHand({ limits })
    for (const text of Array.from({ length: 150 }, (_, number) => `layer ${number}`)) {
      await registry.service.deleteBlob(call, app, await push(app, text))
    }
    expect(await registry.emptyTrash()).toBe(150)
    expect(await registry.emptyTrash()).toBe(0)
    await registry.collectGarbage()
    expect(await stored()).toEqual([])
  })

  test('is brought back by a registry that takes writes alone', async () => {
    const { registry, stores, push } = inHand({ limits })
    await registry.service.deleteBlob(call, app, await push(app, 'layer'))
    const [entry] = (await registry.service.listTrash(call, page)).items
    const readOnly = inHand({ limits, readOnly: true }, () => stores).registry
    const restoring = readOnly.service.restore(call, app, entry?.id ?? '')
    await expect(restoring).rejects.toMatchObject({ kind: 'readOnly' })
    const withoutDeletes = inHand({ limits, deletes: false }, () => stores).registry
    const outcome = await withoutDeletes.service.restore(call, app, entry?.id ?? '')
    expect(outcome).toMatchObject({ kind: 'restored' })
  })

  test('is held to a quota when it comes back', async () => {
    let quota = 1e6
    const { registry, push, pushImage } = inHand({ limits, wrap: holdToQuotas(() => quota) })
    const { service } = registry
    const digest = await pushImage(app, 'latest', [await push(app, 'config')])
    await service.deleteManifest(call, app, { kind: 'digest', digest })
    const [entry] = (await service.listTrash(call, page)).items
    quota = 10
    const refused = await service.restore(call, app, entry?.id ?? '')
    expect(refused).toMatchObject({ kind: 'over-quota', used: 0 })
    quota = 1e6
    expect(await service.restore(call, app, entry?.id ?? '')).toMatchObject({ kind: 'restored' })
  })

  test('is unrestricted for maintenance, which wrappers do not see', async () => {
    const refuse = () => Promise.reject(new Error('refused'))
    const { registry, push } = inHand({
      limits,
      deletes: false,
      wrap: (service) => ({ ...service, listTrash: refuse }),
    })
    await registry.unrestricted.deleteBlob(call, app, await push(app, 'layer'))
    await expect(registry.service.listTrash(call, page)).rejects.toThrow('refused')
    expect((await registry.unrestricted.listTrash(call, page)).items).toHaveLength(1)
  })
})
