import { describe, expect, test } from 'vitest'
import { parsePolicy } from '../../src/access/index.ts'
import type { Digest, RegistryEvent } from '../../src/index.ts'
import { repositoryName } from '../../src/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { type Explanation, immutableTags, retention } from '../../src/retention/index.ts'
import { but } from '../contracts/breaking.ts'
import { app, dayMs, hourMs, type TestRegistry, tagOf, testRegistry } from './registry.ts'

const all = { repositories: '**', tags: '*' } as const
const untagged = { repositories: '**', untagged: true } as const

/** Pushes an image for each tag, a day apart, the last of them a day ago. */
async function pushDaily(test: TestRegistry, tags: readonly string[]): Promise<void> {
  for (const tag of tags) {
    await test.image(tag, { tags: [tag] })
    test.clock.advance(dayMs)
  }
}

async function explained(test: TestRegistry, ...rules: Parameters<TestRegistry['retain']>) {
  const found: Explanation[] = []
  for await (const one of test.retain(...rules).explain(app)) found.push(one)
  return found.map(({ tag, digest, isKept, rule, reason }) => {
    const name = tag ?? digest
    return `${name} ${isKept ? 'stays' : 'goes'}: ${rule ?? 'no rule'}: ${reason}`
  })
}

describe('tags', () => {
  test('the newest stay, and the images of the others go', async () => {
    const it = await testRegistry()
    await pushDaily(it, ['a', 'b', 'c', 'd'])
    const report = await it.retain([{ ...all, keep: { newest: 2 }, delete: 'others' }]).run()
    expect(report).toEqual({ looked: 1, tags: 2, manifests: 2, repositories: 0 })
    expect(await it.tagNames()).toEqual(['c', 'd'])
    expect(await it.digests()).toHaveLength(2)
  })

  test('those that were set at one moment are as new as each other', async () => {
    const it = await testRegistry()
    await it.image('old', { tags: ['old'] })
    it.clock.advance(1)
    await it.image('one', { tags: ['a', 'b', 'c'] })
    await it.retain([{ ...all, keep: { newest: 1 }, delete: 'others' }]).run()
    expect(await it.tagNames()).toEqual(['a', 'b', 'c'])
  })

  test('the highest versions stay, whenever they were pushed', async () => {
    const it = await testRegistry()
    await pushDaily(it, ['v2.0.0', '1.10.0', 'v1.9.0', '2.0.0-rc.1', '2.0.0_x', 'latest'])
    const keep = { newestVersions: 2 }
    await it.retain([{ ...all, exceptTags: 'latest', keep, delete: 'others' }]).run()
    expect(await it.tagNames()).toEqual(['2.0.0-rc.1', '2.0.0_x', 'latest', 'v2.0.0'])
  })

  test('old ones go, and what any rule keeps stays, wherever the rule stands', async () => {
    const it = await testRegistry()
    await pushDaily(it, ['latest', 'pr-1', 'pr-2', 'v1.0.0', 'pr-3'])
    const rules = [
      { ...all, delete: { olderThan: '2d' } },
      { ...all, tags: ['latest', 'semver'], keep: 'all' },
    ] as const
    await it.retain(rules).run()
    expect(await it.tagNames()).toEqual(['latest', 'pr-3', 'v1.0.0'])
    await it.retain([...rules].reverse()).run()
    expect(await it.tagNames()).toEqual(['latest', 'pr-3', 'v1.0.0'])
  })

  test('a digest stays while one of its tags does', async () => {
    const it = await testRegistry()
    const digest = await it.image('one', { tags: ['keep', 'go-1', 'go-2'] })
    const report = await it.retain([{ ...all, tags: 'go-*', delete: 'all' }]).run()
    expect(report).toMatchObject({ tags: 2, manifests: 0 })
    expect(await it.tagNames()).toEqual(['keep'])
    expect(await it.digests()).toEqual([digest])
  })

  test('what was pulled stays, and what was pushed a moment ago is not unused yet', async () => {
    const it = await testRegistry()
    const used = await it.image('used', { tags: ['used'] })
    await it.image('unused', { tags: ['unused'] })
    it.clock.advance(40 * dayMs)
    await it.pull(used)
    await it.image('new', { tags: ['new'] })
    const rule = { ...all, keep: { pulledWithin: '30d' }, delete: 'others' } as const
    expect(await explained(it, [rule])).toEqual([
      'new stays: rules[0]: was pushed within 30 days',
      'unused goes: rules[0]: no rule keeps it',
      'used stays: rules[0]: was pulled within 30 days',
    ])
    await it.retain([rule]).run()
    expect(await it.tagNames()).toEqual(['new', 'used'])
    it.clock.advance(30 * dayMs)
    await it.retain([{ ...all, delete: { notPulledFor: '30d' } }]).run()
    // A pull is known by its hour: this one may have been at the end of it.
    expect(await it.tagNames()).toEqual(['used'])
    it.clock.advance(hourMs)
    await it.retain([{ ...all, delete: { notPulledFor: '30d' } }]).run()
    expect(await it.tagNames()).toEqual([])
  })

  test('what is not known to be unused stays: pulls were not noted before', async () => {
    const it = await testRegistry((stores) => ({
      ...stores,
      metadata: but(stores.metadata, () => ({ pullsSince: async () => Date.UTC(2026, 1, 1) })),
    }))
    await it.image('one', { tags: ['one'] })
    it.clock.advance(45 * dayMs)
    const rules = [{ ...all, delete: { notPulledFor: '30d' } }] as const
    expect((await it.retain(rules).run()).tags).toBe(0)
    it.clock.advance(17 * dayMs)
    expect((await it.retain(rules).run()).tags).toBe(1)
  })

  test('an immutable tag stays, whatever the policy says', async () => {
    const it = await testRegistry()
    await pushDaily(it, ['v1.0.0', 'dev'])
    const { policy } = parsePolicy({
      rules: [],
      immutable: [{ repositories: 'team/*', tags: 'semver', except: 'user:root' }],
    })
    if (policy === null) throw new Error('the policy is right')
    const isImmutable = immutableTags(policy)
    const rules = [{ ...all, delete: 'all' }] as const
    expect(await explained(it, rules, { isImmutable })).toEqual([
      'dev goes: rules[0]: no rule keeps it',
      'v1.0.0 stays: immutable[0] of the access policy: is immutable',
    ])
    await it.retain(rules, { isImmutable }).run()
    expect(await it.tagNames()).toEqual(['v1.0.0'])
  })

  test('a time before every registry, or after now, makes nothing old', async () => {
    const it = await testRegistry()
    const digest = await it.image('one')
    const found = await it.stores.metadata.findManifest(app, digest)
    if (found === null) throw new Error('it is there')
    const { pushedAt: _, ...record } = found
    const times = { pushedAt: 5, updatedAt: [5, Date.UTC(2040, 0)] }
    const tags = ['past', 'future'].map((name) => name as never)
    await it.stores.metadata.putManifest(app, { record, tags, requires: [], immutable: [], times })
    const rules = [{ ...all, delete: { olderThan: '1d' } }] as const
    expect(await explained(it, rules)).toEqual([
      'future stays: rules[0]: is not older than 24 hours yet',
      'past stays: rules[0]: has no time that can be believed',
    ])
    expect((await it.retain(rules).run()).tags).toBe(0)
  })
})

describe('manifests without tags', () => {
  const rules = [{ ...untagged, delete: { olderThan: '7d' } }] as const

  test('go once they lost their last tag long enough ago', async () => {
    const it = await testRegistry()
    const first = await it.image('first', { tags: ['latest'] })
    it.clock.advance(30 * dayMs)
    const second = await it.image('second', { tags: ['latest'] })
    it.clock.advance(6 * dayMs)
    expect((await it.retain(rules).run()).manifests).toBe(0)
    it.clock.advance(dayMs)
    expect(await explained(it, rules)).toEqual([
      'latest stays: no rule: no rule is about it',
      `${first} goes: rules[0]: is older than 7 days`,
    ])
    await it.retain(rules).run()
    expect(await it.digests()).toEqual([second])
  })

  test('stay where they are pulled by digest and a rule keeps that', async () => {
    const it = await testRegistry()
    const digest = await it.image('pinned')
    it.clock.advance(8 * dayMs)
    await it.pull(digest)
    const keep = { pulledWithin: '30d' }
    const rules = [{ ...untagged, keep, delete: { olderThan: '7d' } }] as const
    expect((await it.retain(rules).run()).manifests).toBe(0)
    it.clock.advance(31 * dayMs)
    expect((await it.retain(rules).run()).manifests).toBe(1)
  })

  test('stay while an index names them, and go with it', async () => {
    const it = await testRegistry()
    const children = [await it.image('amd64'), await it.image('arm64')]
    const tagged = await it.image('tagged', { tags: ['v1-arm'] })
    await it.index([...children, tagged], { tags: ['v1'] })
    it.clock.advance(8 * dayMs)
    expect((await it.retain(rules).run()).manifests).toBe(0)
    const report = await it.retain([{ ...all, tags: 'v1', delete: 'all' }]).run()
    expect(report).toMatchObject({ tags: 1, manifests: 3 })
    expect(await it.digests()).toEqual([tagged])
  })

  test('stay while another index names them', async () => {
    const it = await testRegistry()
    const child = await it.image('shared')
    await it.index([child], { tags: ['old'] })
    await it.index([child, await it.image('more')], { tags: ['new'] })
    await it.retain([{ ...all, tags: 'old', delete: 'all' }]).run()
    expect(await it.tagNames()).toEqual(['new'])
    expect(await it.digests()).toContain(child)
    expect(await it.digests()).toHaveLength(3)
  })

  test('a child whose tag goes stays with its index', async () => {
    const it = await testRegistry()
    const child = await it.image('child', { tags: ['child'] })
    const index = await it.index([child], { tags: ['index'] })
    const found = await explained(it, [{ ...all, tags: 'child', delete: 'all' }])
    expect(found).toContain(`${child} stays: no rule: is of ${index}`)
    await it.retain([{ ...all, tags: 'child', delete: 'all' }]).run()
    expect(await it.tagNames()).toEqual(['index'])
    expect(await it.digests()).toHaveLength(2)
  })
})

describe('what refers to a manifest', () => {
  test('stays with it, however old, and goes with it', async () => {
    const it = await testRegistry()
    const image = await it.image('image', { tags: ['v1'] })
    const signature = await it.image('signature', { subject: image })
    await it.image('signature of the signature', { subject: signature })
    it.clock.advance(90 * dayMs)
    const grace = { ...untagged, delete: { olderThan: '7d' } } as const
    expect((await it.retain([grace]).run()).manifests).toBe(0)
    await it.retain([{ ...all, delete: 'all' }]).run()
    expect(await it.digests()).toEqual([])
  })

  test('of a child goes with the index', async () => {
    const it = await testRegistry()
    const child = await it.image('child')
    await it.image('attestation', { subject: child })
    await it.index([child], { tags: ['v1'] })
    expect((await it.retain([{ ...all, delete: 'all' }]).run()).manifests).toBe(3)
    expect(await it.digests()).toEqual([])
  })

  test('that was never there is no reason to stay', async () => {
    const it = await testRegistry()
    const absent = `sha256:${'a'.repeat(64)}` as never
    await it.image('signature', { subject: absent })
    await it.image('cosign', { tags: [tagOf(absent, '.sig')] })
    it.clock.advance(8 * dayMs)
    await it.retain([{ ...all, delete: 'all' }]).run()
    expect(await it.digests()).toHaveLength(2)
    await it.retain([{ ...untagged, delete: { olderThan: '7d' } }]).run()
    expect(await it.digests()).toHaveLength(0)
  })

  test('under a tag of its name follows it too, and is no tag that rules count', async () => {
    const it = await testRegistry()
    const image = await it.image('image', { tags: ['v1'] })
    const signature = await it.image('signature', { subject: image })
    await it.index([signature], { tags: [tagOf(image)] })
    await it.image('cosign', { tags: [tagOf(image, '.sig')] })
    it.clock.advance(dayMs)
    await it.image('newer', { tags: ['v2'] })
    const rules = [{ ...all, keep: { newest: 1 }, delete: 'others' }] as const
    await it.retain([{ ...all, keep: { newest: 2 }, delete: 'others' }]).run()
    expect(await it.digests()).toHaveLength(5)
    expect(await explained(it, rules)).toContain(
      `${tagOf(image)} goes: no rule: goes with ${image}`,
    )
    const report = await it.retain(rules).run()
    expect(report).toMatchObject({ tags: 3, manifests: 4 })
    expect(await it.tagNames()).toEqual(['v2'])
  })

  test('stays where it has a tag that stays', async () => {
    const it = await testRegistry()
    const image = await it.image('image', { tags: ['v1'] })
    await it.image('report', { subject: image, tags: ['report'] })
    await it.retain([{ ...all, tags: 'v1', delete: 'all' }]).run()
    expect(await it.tagNames()).toEqual(['report'])
  })
})

describe('a run', () => {
  test('that is dry deletes nothing, and says what it would free', async () => {
    const it = await testRegistry()
    const other = repositoryName('other/app')
    await it.image('shared', { tags: ['old'] })
    await it.image('alone', { tags: ['old-2'] })
    await it.image('shared', { repository: other, tags: ['v1'] })
    const rules = [{ repositories: 'team/**', tags: 'old*', delete: 'all' }] as const
    const { bytes, ...report } = await it.retain(rules).run({ dryRun: true })
    expect(report).toEqual({ looked: 1, tags: 2, manifests: 2, repositories: 0 })
    expect(await it.tagNames()).toEqual(['old', 'old-2'])
    // The layer and manifest of the one, and nothing of what the other repository has too.
    const before = await bytesOf(it)
    await it.retain(rules).run()
    it.clock.advance(90 * dayMs)
    await it.registry.collectGarbage()
    expect(bytes).toBe(before - (await bytesOf(it)))
    expect(bytes).toBeGreaterThan(0)
  })

  test('counts bytes that several repositories lose together once', async () => {
    const it = await testRegistry()
    for (const name of ['team/a', 'team/b']) {
      await it.image('shared', { repository: repositoryName(name), tags: ['old'] })
    }
    const rules = [{ ...all, delete: 'all' }] as const
    const { bytes } = await it.retain(rules).run({ dryRun: true })
    expect(bytes).toBe(await bytesOf(it))
  })

  test('tells of each deletion in events of its own request id', async () => {
    const events: RegistryEvent[] = []
    const it = await testRegistry(undefined, (event) => void events.push(event))
    await it.image('one', { tags: ['a', 'b'] })
    await it.image('two', { tags: ['a'] })
    events.length = 0
    await it.retain([{ ...all, tags: 'a', delete: 'all' }]).run()
    expect(events.map(({ kind }) => kind)).toEqual(['manifest-deleted'])
    expect(events[0]?.requestId).toMatch(/^retention-/)
  })

  test('looks only at repositories that a rule is about, and ends when it is told to', async () => {
    const it = await testRegistry()
    for (const name of ['ci/a', 'ci/b', 'prod/a']) {
      await it.image('one', { repository: repositoryName(name), tags: ['old'] })
    }
    const rules = [{ ...all, repositories: 'ci/*', delete: 'all' }] as const
    const stop = new AbortController()
    const run = it
      .retain(rules)
      .run({ signal: stop.signal, onProgress: () => stop.abort('enough') })
    await expect(run).rejects.toBe('enough')
    expect(await it.tagNames(repositoryName('ci/a'))).toEqual([])
    expect(await it.tagNames(repositoryName('ci/b'))).toEqual(['old'])
    expect(await it.retain(rules).run()).toMatchObject({ looked: 2, tags: 1 })
    expect(await it.tagNames(repositoryName('prod/a'))).toEqual(['old'])
  })

  test('deletes repositories that hold nothing, where a rule says so', async () => {
    const it = await testRegistry()
    for (const name of ['ci/a', 'ci/b', 'prod/a']) {
      const repository = repositoryName(name)
      const digest = await it.image('one', { repository, tags: ['v1'] })
      if (name === 'ci/b') continue
      const { metadata } = it.stores
      await metadata.deleteManifest(repository, digest, { leaseMs: 0 })
      const blobs = (await metadata.listBlobs(repository, { limit: 10 }))?.items ?? []
      for (const blob of blobs) await metadata.unlinkBlob(repository, blob.digest)
    }
    const rules = [{ repositories: 'ci/*', empty: true, delete: 'all' }] as const
    expect(await it.retain(rules).run({ dryRun: true })).toMatchObject({ repositories: 1 })
    expect(await it.retain(rules).run()).toMatchObject({ repositories: 1 })
    const { items } = await it.stores.metadata.listRepositories({ limit: 9 })
    expect(items).toEqual(['ci/b', 'prod/a'])
  })

  test('is refused by a store that cannot hold a deletion to conditions', () => {
    const stores = memoryStores()
    const metadata = but(stores.metadata, () => ({ checksDeletions: false }))
    const options = { registry: {} as never, stores: { metadata }, policy: { rules: [] } }
    expect(() => retention(options)).toThrow('checksDeletions')
  })

  test('makes way for others while it looks at thousands of manifests', async () => {
    const it = await testRegistry()
    const { metadata } = it.stores
    const first = await it.image('one')
    const found = await metadata.findManifest(app, first)
    if (found === null) throw new Error('it is there')
    const { pushedAt: _, ...record } = found
    for (let at = 0; at < 5000; at += 1) {
      const digest = `sha256:${at.toString(16).padStart(64, '0')}` as Digest
      const blob = { ...record.blob, digest, key: `key ${at}` }
      const change = { tags: [`t-${at}` as never], requires: [], immutable: [] }
      await metadata.putManifest(app, { record: { ...record, digest, blob }, ...change })
    }
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
    }, 0)
    const report = await it.retain([{ ...all, delete: 'all' }]).run()
    clearInterval(timer)
    expect(report).toMatchObject({ tags: 5000, manifests: 5000 })
    expect(turns).toBeGreaterThan(0)
  })

  test('explains no repository that there is not', async () => {
    const it = await testRegistry()
    await expect(explained(it, [{ ...all, delete: 'all' }])).rejects.toMatchObject({
      kind: 'nameUnknown',
    })
  })
})

/** All bytes that the registry's blobs have. */
async function bytesOf({ stores }: TestRegistry): Promise<number> {
  let bytes = 0
  for await (const { size } of stores.blobs.list()) bytes += size
  return bytes
}
