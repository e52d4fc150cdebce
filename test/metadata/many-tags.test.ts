import { expect, test } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import type { Tag } from '../../src/oci/tag.ts'
import type { MetadataStore } from '../../src/ports/metadata-store.ts'
import { repositoryNamed, tagNamed } from '../../src/testing/samples.ts'
import { copyOf, emptyDisk, MemoryLog } from './memory-log.ts'
import { digests, recordOf } from './samples.ts'

/** Tags that a start reads are sorted afterwards, beside requests. */

const [d1, d2] = digests as [(typeof digests)[0], (typeof digests)[0]]
const here = repositoryNamed('a/b')
const there = repositoryNamed('a/c')
const count = 30_000

/** In an order that is not theirs. */
const tagOf = (number: number): Tag => tagNamed(`v${(number * 7919) % count}`)
const allTags = Array.from({ length: count }, (_, number) => tagOf(number))

async function listed(store: MetadataStore): Promise<readonly Tag[]> {
  const tags: Tag[] = []
  let more = true
  while (more) {
    const after = tags.at(-1)
    const page = await store.listTags(here, {
      limit: 10_000,
      ...(after === undefined ? {} : { after }),
    })
    tags.push(...(page?.items ?? []))
    more = page?.more ?? false
  }
  return tags
}

test.each(['snapshot', 'journal'])(
  'tags that are read from a %s are listed in order',
  async (from) => {
    const disk = emptyDisk()
    const open = () =>
      openMetadata({ log: new MemoryLog(disk), compactBytes: 1e12, sealAfterMs: 1e9 })
    const first = await open()
    for (let at = 0; at < count; at += 1000) {
      const tags = allTags.slice(at, at + 1000)
      const digest = (at / 1000) % 2 === 0 ? d1 : d2
      await first.putManifest(here, { record: recordOf(digest), tags, requires: [], immutable: [] })
    }
    await first.putManifest(there, {
      record: recordOf(d1),
      tags: allTags.slice(0, 9),
      requires: [],
      immutable: [],
    })
    if (from === 'snapshot') await first.compact()
    await first.deleteTag(here, tagOf(1))
    await first.deleteTag(here, tagOf(2))
    await first.putManifest(here, {
      record: recordOf(d2),
      tags: [tagOf(2)],
      requires: [],
      immutable: [],
    })
    const crashed = copyOf(disk)

    const store = await openMetadata({ log: new MemoryLog(crashed), sealAfterMs: 1e9 })
    // All of these come before they are sorted.
    const deleted = store.deleteTag(here, tagOf(3))
    const again = [tagOf(1), tagOf(3), tagNamed('new')]
    const set = store.putManifest(here, {
      record: recordOf(d1),
      tags: again,
      requires: [],
      immutable: [],
    })
    const elsewhere = store.listTags(there, { limit: 100 })
    const expected = [...allTags, tagNamed('new')].sort()
    expect(await listed(store)).toEqual(expected)
    expect(await deleted).not.toBeNull()
    expect(await set).toMatchObject({ previous: [null, null, null] })
    expect(await store.countRepository(here)).toMatchObject({ tags: count + 1 })
    expect((await elsewhere)?.items).toEqual(allTags.slice(0, 9).sort())

    await store.deleteTag(here, tagOf(4))
    const page = await store.listTagRecords(here, { limit: 1000 })
    const left = expected.filter((tag) => tag !== tagOf(4))
    expect(page?.items.map(({ tag }) => tag)).toEqual(left.slice(0, 1000))
    await store.close()
  },
)

test('a manifest whose tags are not sorted yet is deleted with all of them', async () => {
  const disk = emptyDisk()
  const first = await openMetadata({ log: new MemoryLog(disk), compactBytes: 1e12 })
  for (let at = 0; at < count; at += 1000) {
    const tags = allTags.slice(at, at + 1000)
    await first.putManifest(here, { record: recordOf(d1), tags, requires: [], immutable: [] })
  }
  await first.putManifest(here, {
    record: recordOf(d2),
    tags: [tagNamed('kept')],
    requires: [],
    immutable: [],
  })
  const store = await openMetadata({ log: new MemoryLog(copyOf(disk)), sealAfterMs: 1e9 })
  const deleted = store.deleteManifest(here, d1, { leaseMs: 1 })
  const emptied = store.listTags(here, { limit: 10 })
  expect(await deleted).toMatchObject({ tagCount: count })
  expect((await emptied)?.items).toEqual(['kept'])
  await store.close()
  await first.close()
})
