import { expect } from 'vitest'
import { app, dayMs, type TestRegistry, tagOf } from './registry.ts'

const all = { repositories: '**', tags: '*' } as const

/** A policy that has something to do with everything, carried out on whatever stores; what it leaves. */
export async function retainEverything(it: TestRegistry): Promise<void> {
  const children = [await it.image('amd64'), await it.image('arm64')]
  const old = await it.index(children, { tags: ['build-1'] })
  const signature = await it.image('signature', { subject: old })
  await it.image('cosign', { tags: [tagOf(old, '.sig')] })
  const used = await it.image('used', { tags: ['build-2'] })
  await it.image('first', { tags: ['latest'] })
  await it.image('unused', { tags: ['build-3', 'build-4'] })
  it.clock.advance(40 * dayMs)
  const latest = await it.image('second', { tags: ['latest'] })
  await it.image('new', { tags: ['build-5'] })
  await it.pull(used)

  const rules = [
    { ...all, tags: 'latest', keep: 'all' },
    { ...all, keep: { pulledWithin: '30d' }, delete: { olderThan: '30d' } },
    { repositories: '**', untagged: true, delete: { olderThan: '30d' } },
  ] as const
  const keeper = it.retain(rules)
  const { bytes = 0, ...dry } = await keeper.run({ dryRun: true })
  expect(bytes).toBeGreaterThan(0)
  expect(await keeper.run()).toEqual(dry)
  expect(dry).toEqual({ looked: 1, tags: 4, manifests: 6, repositories: 0 })
  expect(await it.tagNames()).toEqual(['build-2', 'build-5', 'latest'])
  const left = await it.digests()
  // The image that lost its only tag a moment ago waits for its time.
  expect(left).toHaveLength(4)
  for (const digest of [used, latest]) expect(left).toContain(digest)
  for (const digest of [old, signature, ...children]) expect(left).not.toContain(digest)
  it.clock.advance(31 * dayMs)
  await it.pull(used)
  expect((await it.retain(rules).run()).manifests).toBe(2)
  expect(await it.tagNames()).toEqual(['build-2', 'latest'])
  expect(await it.stores.metadata.resolveTag(app, 'latest' as never)).not.toBeNull()
}

/** Explanation, dry run and run say the same of what came a moment ago. @param agoMs how long ago that was */
export async function agreeOnNew(it: TestRegistry, agoMs: number): Promise<void> {
  const old = await it.image('old', { tags: ['old', 'other'] })
  const used = await it.image('used', { tags: ['used'] })
  await it.image('signature', { subject: old })
  it.clock.advance(40 * dayMs)
  const keeper = it.retain([
    { ...all, delete: 'all' },
    { repositories: '**', untagged: true, delete: { olderThan: '1h' } },
  ])
  const fresh = await it.image('fresh', { tags: ['fresh'] })
  const sbom = await it.image('sbom', { subject: old })
  const cosign = await it.image('cosign', { tags: [tagOf(old, '.sig')] })
  // Its old tag goes, and the manifest stays.
  expect(await it.image('used')).toBe(used)
  it.clock.advance(agoMs)
  const tags: string[] = []
  const manifests: Set<string> = new Set()
  for await (const { tag, digest, isKept } of keeper.explain(app)) {
    if (!isKept) continue
    manifests.add(digest)
    if (tag !== undefined) tags.push(tag)
  }
  expect(tags).toEqual(['fresh', tagOf(old, '.sig')])
  const { bytes = 0, ...dry } = await keeper.run({ dryRun: true })
  expect(bytes).toBeGreaterThan(0)
  expect(await keeper.run()).toEqual(dry)
  expect(await it.tagNames()).toEqual(tags)
  expect(new Set(await it.digests())).toEqual(manifests)
  expect(manifests).toEqual(new Set([fresh, sbom, cosign, used]))
}
