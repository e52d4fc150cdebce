import { expect, test } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import type { Tag } from '../../src/oci/tag.ts'
import { repositoryNamed, tagNamed } from '../../src/testing/samples.ts'
import { emptyDisk, type LogHooks, MemoryLog } from './memory-log.ts'
import { blobOf, digests, recordOf } from './samples.ts'

type Store = Awaited<ReturnType<typeof openMetadata>>

const [d1, d2] = digests as [(typeof digests)[0], (typeof digests)[0]]
const here = repositoryNamed('a/b')
const count = 3000
const version = tagNamed('a-version')

const put = (store: Store, digest: typeof d1, tags: readonly Tag[]) =>
  store.putManifest(here, { record: recordOf(digest), tags, requires: [], immutable: [] })

/** A store with a manifest that has many tags. */
async function withManyTags(hooks: LogHooks = {}): Promise<Store> {
  const log = new MemoryLog(emptyDisk(), hooks)
  const store = await openMetadata({ log, compactBytes: 1e12, sealAfterMs: 1e9 })
  const names = Array.from({ length: count }, (_, number) => tagNamed(`t${number}`))
  for (let at = 0; at < count; at += 1000) await put(store, d1, names.slice(at, at + 1000))
  return store
}

/** Does something while the tags of the manifest are looked through; nothing is immutable but `version`. */
function during(act: () => void): (tag: Tag) => boolean {
  let asked = 0
  return (tag) => {
    asked += 1
    if (asked === count - 1) act()
    return tag === version
  }
}

test('others have their turn while thousands of tags are looked through', async () => {
  const store = await withManyTags()
  let turns = 0
  let isDone = false
  const isImmutable = (): boolean => {
    // As long as a policy of many rules takes.
    for (const end = performance.now() + 0.02; performance.now() < end; );
    return false
  }
  const deleting = store.deleteManifest(here, d1, { leaseMs: 0, isImmutable }).then((outcome) => {
    isDone = true
    return outcome
  })
  while (!isDone) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    turns += 1
  }
  expect(await deleting).toMatchObject({ kind: 'removed', tagCount: count })
  expect(turns).toBeGreaterThan(5)
})

test('a tag that is set while the others are looked through keeps the manifest', async () => {
  const store = await withManyTags()
  const setting: Array<Promise<unknown>> = []
  const isImmutable = during(() => setting.push(put(store, d1, [version])))
  const kept = { kind: 'kept', tag: version }
  expect(await store.deleteManifest(here, d1, { leaseMs: 0, isImmutable })).toEqual(kept)
  await Promise.all(setting)
  expect((await store.resolveTag(here, version))?.digest).toBe(d1)
  // The watch ends with its deletion.
  await put(store, d2, [version])
  expect(await store.deleteManifest(here, d1, { leaseMs: 0, isImmutable })).toMatchObject({
    kind: 'removed',
  })
})

test('a tag that moves away once it was found does not keep the manifest', async () => {
  const store = await withManyTags()
  await put(store, d1, [version])
  let moving: Promise<unknown> = Promise.resolve()
  const isImmutable = (tag: Tag): boolean => {
    if (tag !== version) return false
    moving = put(store, d2, [version])
    return true
  }
  const outcome = await store.deleteManifest(here, d1, { leaseMs: 0, isImmutable })
  await moving
  expect(outcome).toMatchObject({ kind: 'removed', tagCount: count })
  expect((await store.resolveTag(here, version))?.digest).toBe(d2)
})

test('a manifest that is pushed again while the tags of the old one are looked through is checked', async () => {
  const store = await withManyTags()
  const setting: Array<Promise<unknown>> = []
  const isImmutable = during(() => {
    const again = recordOf(d1, { blob: blobOf(d1, 1) })
    const change = { record: again, tags: [version], requires: [], immutable: [] }
    setting.push(store.deleteManifest(here, d1, { leaseMs: 0 }), store.putManifest(here, change))
  })
  expect(await store.deleteManifest(here, d1, { leaseMs: 0, isImmutable })).toEqual({
    kind: 'kept',
    tag: version,
  })
  await Promise.all(setting)
})

test('a tag whose own deletion fails meanwhile keeps the manifest', async () => {
  const hooks: LogHooks = {}
  const store = await withManyTags(hooks)
  await put(store, d1, [version])
  let fail = (): void => {}
  const begun = new Promise<void>((begin) => {
    hooks.append = () => {
      delete hooks.append
      begin()
      return new Promise<void>((_, reject) => {
        fail = () => reject(new RegistryError('storageFull'))
      })
    }
  })
  const untagging = store.deleteTag(here, version)
  await begun
  const deleting = store.deleteManifest(here, d1, {
    leaseMs: 0,
    isImmutable: (tag) => tag === version,
  })
  // Long enough for all tags to be looked through.
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0))
  fail()
  await expect(untagging).rejects.toMatchObject({ kind: 'storageFull' })
  expect(await deleting).toEqual({ kind: 'kept', tag: version })
})

test('deletions that look through many tags at once take turns', async () => {
  const store = await withManyTags()
  const last = tagNamed('z-version')
  await put(store, d1, [last])
  let turn = 0
  let isDone = false
  const asked: Map<number, number> = new Map()
  const isImmutable = (tag: Tag): boolean => {
    asked.set(turn, (asked.get(turn) ?? 0) + 1)
    // As long as a policy of many rules takes: a step has just a few tags then.
    for (const end = performance.now() + 0.02; performance.now() < end; );
    return tag === last
  }
  const deletions = Promise.all(
    Array.from({ length: 10 }, () => store.deleteManifest(here, d1, { leaseMs: 0, isImmutable })),
  ).finally(() => {
    isDone = true
  })
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve))
    turn += 1
  }
  for (const outcome of await deletions) expect(outcome).toEqual({ kind: 'kept', tag: last })
  expect(Math.max(...asked.values())).toBeLessThan(600)
})
