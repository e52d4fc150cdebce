import { describe, expect, test } from 'vitest'
import { memoryMetadata } from '../../src/metadata/store.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { Tag } from '../../src/oci/tag.ts'
import type { MetadataStore } from '../../src/ports/metadata-store.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'

const here: RepositoryName = repositoryNamed('here')
/** Enough that a walk over them takes several steps, on any machine. */
const tagCount = 60_000
const manifestCount = 200

/** A tag of a number: its order by name is that of its number. */
function tag(number: number): Tag {
  return tagNamed(`t-${String(number).padStart(6, '0')}`)
}

async function put(store: MetadataStore, number: number, tags: readonly Tag[]): Promise<void> {
  const digest = sampleDigest(number)
  const blob = { digest, size: 1, key: `key ${number}` }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const record = { ...blob, blob, mediaType, references: [], contentSize: number }
  await store.putManifest(here, { record, tags, requires: [], immutable: [] })
}

async function filled(): Promise<MetadataStore> {
  const store = memoryMetadata()
  const each = tagCount / manifestCount
  for (let number = 0; number < manifestCount; number += 1) {
    await put(
      store,
      number,
      Array.from({ length: each }, (_, at) => tag(number * each + at)),
    )
  }
  return store
}

describe('a search over tens of thousands of tags', () => {
  test('leaves the thread to others in between', async () => {
    const store = await filled()
    const search = store.findTags?.(here, { order: 'version', descending: true, limit: 10 })
    let isOver = false
    const ended = search?.then(() => {
      isOver = true
    })
    let turns = 0
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      turns += 1
    }
    await ended
    expect(turns).toBeGreaterThan(1)
  })

  test('has each tag once, whatever is deleted and set while it walks', async () => {
    const store = await filled()
    const search = { order: 'size', descending: true, limit: 1000 } as const
    const found = store.findTags?.(here, search)
    // The largest: they are met at the end of the walk, or go and come again before that.
    const moved = Array.from({ length: 50 }, (_, at) => tag(tagCount - 1 - at))
    for (const one of moved) await store.deleteTag(here, one)
    await put(store, manifestCount - 1, moved)
    const names = (await found)?.items.map((one) => one.tag) ?? []
    expect(new Set(names).size).toBe(names.length)
    const after = (await store.findTags?.(here, search))?.items.map((one) => one.tag) ?? []
    expect(after).toHaveLength(1000)
    expect(after).toEqual(after.toSorted().toReversed())
  })

  test('begins again where the repository is another by now', async () => {
    const store = await filled()
    const found = store.findTags?.(here, { order: 'size', descending: false, limit: 3 })
    await new Promise((resolve) => setTimeout(resolve, 0))
    await store.deleteRepository(here)
    await put(store, manifestCount, [tagNamed('new')])
    const names = (await found)?.items.map((one) => one.tag) ?? []
    expect([[], ['new'], [0, 1, 2].map(tag)]).toContainEqual(names)
  })

  test('does not find a tag that was deleted', async () => {
    const store = memoryMetadata()
    await put(store, 1, [tagNamed('stays'), tagNamed('goes')])
    await store.deleteTag(here, tagNamed('goes'))
    const found = await store.findTags?.(here, { order: 'updated', descending: true, limit: 3 })
    expect(found?.items.map((one) => one.tag)).toEqual(['stays'])
  })
})
