import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { browseLists } from '../../src/core/browse-lists.ts'
import { callContext } from '../../src/core/call-context.ts'
import type { FoundTag, Notice, RegistryEvent, TagOrder, TagSearch } from '../../src/index.ts'
import type { MetadataStore } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import { tagName } from '../../src/oci/tag.ts'
import { sampleDigest } from '../../src/testing/index.ts'
import { runs } from '../sample.ts'
import { inHand, manifestOf, sha256, utf8 } from './registry-in-hand.ts'

const app = repositoryName('team/app')
const call = callContext()

type Finds = Pick<MetadataStore, 'findTags'>

async function allTags(
  store: Finds,
  search: { order: TagOrder; descending: boolean; limit: number; filter?: string },
): Promise<FoundTag[]> {
  const all: FoundTag[] = []
  for (let after: string | null = null; ; ) {
    const request: TagSearch = { ...search, ...(after === null ? {} : { after }) }
    const page: Awaited<ReturnType<NonNullable<Finds['findTags']>>> | undefined =
      await store.findTags?.(app, request)
    all.push(...(page?.items ?? []))
    after = page?.next ?? null
    if (after === null) return all
  }
}

const tags = fc.uniqueArray(
  fc.record({
    tag: fc.stringMatching(/^[a-b0-3v_][a-b0-3v._-]{0,5}$/).map(tagName),
    updatedAt: fc.integer({ min: 1, max: 5 }),
    contentSize: fc.integer({ min: 0, max: 5 }),
  }),
  { selector: ({ tag }) => tag, maxLength: 40 },
)

describe('what a page asks', () => {
  test('is the same over the lists of a store as by the methods it has', async () => {
    const orders = ['name', 'updated', 'version', 'size'] as const
    await fc.assert(
      fc.asyncProperty(
        tags,
        fc.constantFrom(...orders),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.constantFrom('A', '1.', '_'), { nil: undefined }),
        async (set, order, descending, limit, filter) => {
          const store = memoryMetadata()
          for (const [at, { tag, updatedAt, contentSize }] of set.entries()) {
            const digest = sampleDigest(at)
            const blob = { digest, size: 1, key: `key ${at}` }
            const record = { ...blob, blob, mediaType: 'a/b', references: [], contentSize }
            const times = { pushedAt: 1, updatedAt: [updatedAt] }
            const change = { tags: [tag], requires: [], immutable: [], times }
            await store.putManifest(app, { record, ...change })
          }
          const search = { order, descending, limit, ...(filter === undefined ? {} : { filter }) }
          const found = await allTags(store, search)
          expect(await allTags(browseLists(store), search)).toEqual(found)
          const names = set.map(({ tag }) => tag as string)
          const matching = names.filter((tag) => tag.includes(filter?.toLowerCase() ?? ''))
          expect(found.map(({ tag }) => tag).sort()).toEqual(matching.sort())
        },
      ),
      { numRuns: runs(150) },
    )
  })

  test('counts and summaries are the same, too', async () => {
    const store = memoryMetadata()
    const lists = browseLists(store)
    const subject = sampleDigest(1)
    for (let number = 10; number < 300; number += 1) {
      const digest = sampleDigest(number)
      const blob = { digest, size: 1, key: `key ${number}` }
      const artifactType = `type/${number % 120}`
      const record = { ...blob, blob, mediaType: 'a/b', references: [], subject, artifactType }
      await store.putManifest(app, { record, tags: [], requires: [], immutable: [] })
    }
    const asked = [app, [subject, 'none']] as const
    expect(await lists.countReferrers(...asked)).toEqual(await store.countReferrers?.(...asked))
    const names = [repositoryName('nowhere'), app]
    const summaries = await store.summarizeRepositories?.(names)
    expect(await lists.summarizeRepositories(names)).toEqual(summaries)
  })

  test('has no more tags on a page than the registry gives', async () => {
    const hand = inHand({ limits: { pageSize: 2 } })
    const layer = await hand.push(app, 'layer')
    for (const tag of ['a', 'b', 'c']) await hand.pushImage(app, tag, [layer])
    const { service } = hand.registry
    const search = { order: 'name', descending: true } as const
    for (const [limit, items] of [
      [100, ['c', 'b']],
      [0, ['c']],
    ] as const) {
      const page = await service.findTags(call, app, { ...search, limit })
      expect(page?.items.map(({ tag }) => tag)).toEqual(items)
    }
  })
})

describe('a push through the service', () => {
  test('notes who made it, and how large the image is', async () => {
    const hand = inHand()
    const { service } = hand.registry
    const layer = await hand.push(app, 'layer')
    const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
    const layers = [
      { mediaType: 'a/b', digest: layer, size: 5 },
      { mediaType: 'a/b', digest: layer, size: 5 },
      { mediaType: foreign, digest: sha256('elsewhere'), size: 100, urls: ['https://a.test/'] },
    ]
    const text = manifestOf([layer], { layers, config: { ...layers[0], mediaType: 'c/d' } })
    const reference = { kind: 'digest', digest: sha256(text) } as const
    const push = async (id: string | null, tags: readonly string[] = []) => {
      const by = callContext(id === null ? {} : { principal: { id } })
      const names = tags.map(tagName)
      await service.putManifest(by, app, reference, { bytes: utf8(text), tags: names })
      return (await service.listManifests(call, app, { limit: 1 })).items[0]?.record
    }
    expect(await push('ann')).toMatchObject({ pushedBy: 'ann', contentSize: 5 })
    expect(await push('bob', ['latest'])).toMatchObject({ pushedBy: 'bob', contentSize: 5 })
    expect((await push('x'.repeat(300)))?.pushedBy).toBe('x'.repeat(256))
    expect((await push(`${'x'.repeat(255)}\u{1f4a5}`))?.pushedBy).toBe(`${'x'.repeat(255)}\ufffd`)
    expect((await push('a\0b\ud800'))?.pushedBy).toBe('a\ufffdb\ufffd')
    expect(await push(null)).not.toHaveProperty('pushedBy')
  })
})

describe('who subscribes to events', () => {
  test('is told of them beside onEvent, until it ends that', async () => {
    const told: string[] = []
    const note = (who: string) => (event: RegistryEvent) => {
      told.push(`${who}: ${event.kind}`)
    }
    const hand = inHand({ onEvent: note('onEvent') })
    await hand.push(app, 'before')
    const end = hand.registry.subscribe(note('first'))
    const endSame = hand.registry.subscribe(note('second'))
    await hand.push(app, 'between')
    end()
    end()
    await hand.push(app, 'after')
    endSame()
    await hand.push(app, 'last')
    const pushed = (...who: string[]): string[] => who.map((one) => `${one}: blob-pushed`)
    expect(told).toEqual([
      ...pushed('onEvent'),
      ...pushed('onEvent', 'first', 'second'),
      ...pushed('onEvent', 'second'),
      ...pushed('onEvent'),
    ])
  })

  test('is told where there is no onEvent, and harms no one by what it throws or changes', async () => {
    const notices: Notice[] = []
    const hand = inHand({ onNotice: (notice) => notices.push(notice) })
    const { subscribe } = hand.registry
    const failure = new Error('no')
    const seen: unknown[] = []
    const end = subscribe((event) => {
      if (event.kind === 'manifest-pushed') (event.tags as unknown[]).push('changed')
      end()
      throw failure
    })
    subscribe((event) => void seen.push('tags' in event ? event.tags : event.kind))
    const layer = await hand.push(app, 'layer')
    await hand.pushImage(app, 'latest', [layer])
    expect(seen).toEqual(['blob-pushed', ['latest'], 'tag-moved'])
    const told = notices.filter(({ kind }) => kind === 'callback-failure')
    expect(told).toEqual([{ kind: 'callback-failure', callback: 'subscribe', error: failure }])
  })
})
