import { describe, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import type { Notice, OutboxMessage, RegistryEvent } from '../../src/index.ts'
import type { MetadataStore, Outbox } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import { tagName } from '../../src/oci/tag.ts'
import type { RegistryStores } from '../../src/options.ts'
import { but } from '../contracts/breaking.ts'
import { type InHand, inHand, manifestOf, sha256, sourceOf, utf8 } from './registry-in-hand.ts'

const app = repositoryName('team/app')
const other = repositoryName('team/other')
const latest = { kind: 'tag', tag: tagName('latest') } as const
const call = callContext({ principal: { id: 'ci' }, requestId: 'r-1', peer: { address: '::1' } })

/** Sends every event to one endpoint, as JSON. */
const asJson = (event: RegistryEvent): readonly OutboxMessage[] => [
  { endpoints: ['all'], text: JSON.stringify(event) },
]

/** The events of all messages that wait. */
async function waiting({ stores }: InHand): Promise<readonly unknown[]> {
  const { items } = await outboxOf(stores).list({ limit: 1000 })
  for (const { repository, text } of items) {
    expect(JSON.parse(text)).toMatchObject({ repository })
  }
  return items.map(({ text }) => JSON.parse(text))
}

function outboxOf({ metadata }: RegistryStores): Outbox {
  if (metadata.outbox === undefined) throw new Error('metadata in memory has an outbox')
  return metadata.outbox
}

describe('the outbox of a registry', () => {
  test('has each event of a change, as those who listen get it', async () => {
    const events: RegistryEvent[] = []
    const hand = inHand({
      outbox: asJson,
      pullEvents: true,
      onEvent: (event) => void events.push(event),
    })
    const { service } = hand.registry
    const config = sha256('config')
    await service.pushBlob(call, app, config, { source: sourceOf('config') })
    const { id } = await service.startUpload(call, app)
    hand.clock.advance(10)
    await service.finishUpload(call, app, id, sha256('layer'), { source: sourceOf('layer') })
    await service.mountBlob(call, other, config, { from: app })
    const text = manifestOf([config, sha256('layer')])
    const reference = { kind: 'digest', digest: sha256(text) } as const
    await service.putManifest(call, app, latest, { bytes: utf8(text), tags: [tagName('v1')] })
    hand.clock.advance(10)
    await service.putManifest(call, app, latest, { bytes: utf8(manifestOf([config])) })
    await service.deleteManifest(call, app, latest)
    await service.deleteManifest(call, app, reference)
    await service.deleteBlob(call, other, config)
    const restoreAll = async (): Promise<void> => {
      for (const { id, repository } of (await service.listTrash(call, { limit: 10 })).items) {
        await service.restore(call, repository, id)
      }
    }
    await restoreAll()
    await service.deleteRepository(call, app)
    await restoreAll()
    await service.deleteBlob(call, other, config)
    await hand.registry.deletes.deleteEmpty(call, [other])
    expect(new Set(events.map(({ kind }) => kind)).size).toBe(12)
    expect(await waiting(hand)).toEqual(events.map((event) => JSON.parse(JSON.stringify(event))))
    await service.putManifest(call, app, latest, { bytes: utf8(text), allowSparse: true })
    const before = await waiting(hand)
    await service.getManifest(call, app, latest)
    expect(events.at(-1)?.kind).toBe('manifest-pulled')
    expect(await waiting(hand)).toEqual(before)
  })

  test('has what a collection drops', async () => {
    const hand = inHand({ outbox: asJson })
    const config = await hand.push(app, 'config')
    await hand.registry.service.deleteBlob(call, app, config)
    await hand.registry.collectGarbage({ emptyRepositories: true })
    expect((await waiting(hand)).at(-1)).toMatchObject({
      kind: 'repository-deleted',
      principal: null,
    })
  })

  test('has nothing of what is refused', async () => {
    const hand = inHand({ outbox: asJson })
    const { service } = hand.registry
    const bytes = utf8(manifestOf([sha256('missing')]))
    await expect(service.putManifest(call, app, latest, { bytes })).rejects.toThrow()
    const wrong = service.pushBlob(call, app, sha256('x'), { source: sourceOf('y') })
    await expect(wrong).rejects.toMatchObject({ kind: 'digestMismatch' })
    await expect(service.deleteManifest(call, app, latest)).rejects.toThrow()
    await expect(service.deleteRepository(call, app)).rejects.toThrow()
    expect(await waiting(hand)).toEqual([])
  })

  test('has one message of a push that replaces missing bytes', async () => {
    const lost = memoryBlobs()
    const events: RegistryEvent[] = []
    let isLost = false
    const blobs = but(lost, (inner) => ({
      open: async (blob, how) => (isLost && blob.key === key ? null : inner.open(blob, how)),
    }))
    const options = { outbox: asJson, onEvent: (event: RegistryEvent) => void events.push(event) }
    const hand = inHand(options, (stores) => ({ ...stores, blobs }))
    const bytes = utf8(manifestOf([await hand.push(app, 'config')]))
    await hand.registry.service.putManifest(call, app, latest, { bytes })
    const found = await hand.stores.metadata.resolveTag(app, latest.tag)
    const key = found?.blob.key
    isLost = true
    const v2 = { kind: 'tag', tag: tagName('v2') } as const
    await hand.registry.service.putManifest(call, app, v2, { bytes })
    const now = await hand.stores.metadata.resolveTag(app, latest.tag)
    expect(now?.blob.key).not.toBe(key)
    expect(events.map(({ kind }) => kind)).toEqual([
      'blob-pushed',
      'manifest-pushed',
      'tag-moved',
      'manifest-pushed',
      'tag-moved',
    ])
    expect(await waiting(hand)).toEqual(events.map((event) => JSON.parse(JSON.stringify(event))))
  })

  test('a function that throws stops no change', async () => {
    const notices: Notice[] = []
    const failure = new Error('the program is broken')
    const hand = inHand({
      outbox() {
        throw failure
      },
      onNotice: (notice) => void notices.push(notice),
    })
    const config = await hand.push(app, 'config')
    expect(await hand.stores.metadata.findBlob(app, config)).not.toBeNull()
    expect(notices).toEqual([{ kind: 'callback-failure', callback: 'outbox', error: failure }])
    expect(await waiting(hand)).toEqual([])
  })

  test('a store without one is refused', () => {
    const without = (stores: RegistryStores): RegistryStores => {
      const metadata = but<MetadataStore>(stores.metadata, () => ({ outbox: undefined }) as object)
      return { ...stores, metadata }
    }
    expect(() => inHand({ outbox: asJson }, without)).toThrow(/outbox/)
    expect(() => inHand({}, without)).not.toThrow()
  })
})
