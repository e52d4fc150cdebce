import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Digest, type Registry, RegistryError, type RegistryStores } from '../../src/index.ts'
import type { MetadataStore } from '../../src/kit.ts'
import type { RetentionRuleDocument } from '../../src/retention/index.ts'
import { runs } from '../sample.ts'
import { keptBy, type ModelState } from './model.ts'
import { app, dayMs, type TestRegistry, tagOf, testRegistry } from './registry.ts'

const names = ['a-1', 'a-2', 'b-1', 'b-2', '1.0.0', '2.0.0', '3.0.0', 'latest'] as const
const tagNames = fc.subarray([...names], { maxLength: 3 })
const days = fc.integer({ min: 1, max: 60 }).map((count) => `${count}d`)
const index = fc.nat(30)

/** A push, a pull, a tag that is deleted, or days that pass. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('image' as const),
      content: fc.nat(4),
      tags: tagNames,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('index' as const),
      children: fc.array(index, { minLength: 1, maxLength: 3 }),
      tags: tagNames,
      named: fc.option(index),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('referrer' as const),
      subject: fc.option(index),
      tags: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, tagNames),
      named: fc.option(index),
    }),
  },
  fc.record({ kind: fc.constant('pull' as const), of: index }),
  fc.record({ kind: fc.constant('untag' as const), tag: fc.constantFrom(...names) }),
  fc.record({ kind: fc.constant('pass' as const), days: fc.integer({ min: 1, max: 30 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const patterns = fc.constantFrom('*', 'a-*', 'b-*', 'semver', 'latest', '*-1')
const keepTags = fc.oneof(
  fc.constant('all' as const),
  fc.integer({ min: 1, max: 3 }).map((newest) => ({ newest })),
  fc.integer({ min: 1, max: 2 }).map((newestVersions) => ({ newestVersions })),
  days.map((pushedWithin) => ({ pushedWithin })),
  days.map((pulledWithin) => ({ pulledWithin })),
)
const deleteTags = fc.oneof(
  days.map((olderThan) => ({ olderThan })),
  days.map((notPulledFor) => ({ notPulledFor })),
  fc.record({ olderThan: days, notPulledFor: days }),
)
const about = { repositories: fc.constant('**'), tags: patterns }
const rule: fc.Arbitrary<RetentionRuleDocument> = fc.oneof(
  fc.record({ ...about, keep: keepTags }),
  fc.record({ ...about, delete: fc.oneof(fc.constant('all' as const), deleteTags) }),
  fc
    .record({ ...about, keep: keepTags.filter((keep) => keep !== 'all') })
    .map((rule) => ({ ...rule, delete: 'others' as const })),
  fc
    .record({
      olderThan: days,
      keep: fc.option(
        days.map((pulledWithin) => ({ pulledWithin })),
        { nil: undefined },
      ),
    })
    .map(({ olderThan, keep }) => ({
      repositories: '**',
      untagged: true as const,
      ...(keep === undefined ? {} : { keep }),
      delete: { olderThan },
    })),
)
const rules = fc.array(rule, { minLength: 1, maxLength: 4 })
const steps = fc.array(step, { minLength: 1, maxLength: 14 })

/** Does a step; the digest of what it pushed, or null. A push that names what is not there is refused. */
async function take(it: TestRegistry, each: Step, known: Digest[]): Promise<Digest | null> {
  const pick = (at: number | null | undefined): Digest | null =>
    at === null || at === undefined ? null : (known[at % Math.max(known.length, 1)] ?? null)
  const named = 'named' in each ? pick(each.named) : null
  const tagsFor = (tags: readonly string[]): readonly string[] =>
    named === null ? tags : [...tags, tagOf(named)]
  switch (each.kind) {
    case 'image':
      return it.image(`layer ${each.content}`, { tags: each.tags })
    case 'index': {
      const children = [...new Set(each.children.flatMap((at) => pick(at) ?? []))]
      return it.index(children, { tags: tagsFor(each.tags) })
    }
    case 'referrer': {
      const subject = pick(each.subject)
      const content = `about ${subject}`
      const tags = tagsFor(each.tags)
      return it.image(content, subject === null ? { tags } : { subject, tags })
    }
    case 'pull': {
      const digest = pick(each.of)
      if (digest !== null) await it.pull(digest)
      return null
    }
    case 'untag':
      await it.stores.metadata.deleteTag(app, each.tag as never)
      return null
    case 'pass':
      it.clock.advance(each.days * dayMs)
      return null
  }
}

async function build(it: TestRegistry, history: readonly Step[]): Promise<Digest[]> {
  const known: Digest[] = []
  for (const each of history) {
    it.clock.advance(1)
    const pushed = await take(it, each, known)
    if (pushed !== null) known.push(pushed)
  }
  return known
}

async function stateOf({ stores }: TestRegistry): Promise<ModelState> {
  const { metadata } = stores
  const page = { limit: 1000 }
  const manifests = (await metadata.listManifests(app, page))?.items ?? []
  return {
    manifests: manifests.map(({ record }) => ({
      digest: record.digest,
      children: record.mediaType.includes('index') ? record.references : [],
      subject: (record.subject ?? null) as Digest | null,
      since: Math.max(record.pushedAt, record.untaggedAt ?? 0),
      pulledAt: record.pulledAt ?? null,
    })),
    tags: (await metadata.listTagRecords(app, page))?.items ?? [],
    pullsSince: (await metadata.pullsSince?.()) ?? 0,
  }
}

test('a run deletes what the policy does not keep, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(steps, rules, async (history, policy) => {
      const it = await testRegistry()
      await build(it, history)
      const keeper = it.retain(policy)
      const before = await stateOf(it)
      const kept = keptBy(policy, before, it.clock.now())
      const said = { kept: new Set<string>(), gone: new Set<string>() }
      if (before.manifests.length > 0) {
        for await (const { tag, isKept } of keeper.explain(app)) {
          if (tag !== undefined) said[isKept ? 'kept' : 'gone'].add(tag)
        }
      }
      const { bytes: _, ...dry } = await keeper.run({ dryRun: true })
      expect(await stateOf(it)).toEqual(before)
      const report = await keeper.run()
      const after = await stateOf(it)
      expect(new Set(after.tags.map(({ tag }) => tag))).toEqual(kept.tags)
      expect(new Set(after.manifests.map(({ digest }) => digest))).toEqual(kept.digests)
      expect(dry).toEqual(report)
      expect(said.kept).toEqual(kept.tags)
      expect(said.gone.size).toBe(before.tags.length - kept.tags.size)
    }),
    { numRuns: runs(120) },
  )
})

/** A store whose every call takes some turns of the event loop, as chance has it, so that callers overtake each other. */
function unevenly(stores: RegistryStores, turns: readonly number[]): RegistryStores {
  let calls = 0
  const metadata = new Proxy(stores.metadata, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return async (...given: unknown[]) => {
        calls += 1
        for (let at = turns[calls % turns.length] ?? 0; at > 0; at -= 1) await null
        return value.apply(target, given)
      }
    },
  }) as MetadataStore
  return { ...stores, metadata }
}

/** Changes how deletions are made. */
type Breaking = (deletes: Registry['deletes']) => Registry['deletes']

/** Runs beside pushes, many times over. */
async function runBesidePushes(
  parameters: { readonly numRuns: number; readonly seed?: number; readonly endOnFailure?: boolean },
  breaking: Breaking = (same) => same,
): Promise<void> {
  // Tags of their own: a tag that moves, or one that is newer, may well end what kept others.
  const push = step
    .filter(({ kind }) => kind !== 'pass' && kind !== 'untag')
    .map((each): Step => {
      if (!('tags' in each)) return each
      const tags = (each.tags as readonly string[]).map((tag) => `new-${tag}` as never)
      return 'named' in each ? { ...each, tags, named: null } : { ...each, tags }
    })
  const pushes = fc.array(push, { minLength: 1, maxLength: 6 })
  const timed = rules.filter((all) => !JSON.stringify(all).includes('"newest'))
  const turns = fc.array(fc.nat(12), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(steps, timed, pushes, turns, async (history, policy, meanwhile, waits) => {
      const it = await testRegistry((stores) => unevenly(stores, waits))
      const known = await build(it, history)
      const { registry } = it
      const deletes = breaking(registry.deletes)
      const flushPulls = (): Promise<void> => registry.flushPulls()
      const keeper = it.retain(policy, { registry: { deletes, flushPulls } })
      const before = await stateOf(it)
      const kept = keptBy(policy, before, it.clock.now())
      const pushed: Digest[] = []
      const moved: Set<string> = new Set()
      const running = keeper.run()
      for (const each of meanwhile) {
        const result = await take(it, each, known).catch((error: unknown) => {
          // What it names went a moment ago: nothing was acknowledged.
          if (error instanceof RegistryError && error.kind === 'manifestBlobUnknown') return null
          throw error
        })
        if (result === null) continue
        pushed.push(result)
        if ('tags' in each) for (const tag of each.tags) moved.add(tag)
      }
      await running
      const { metadata } = it.stores
      for (const digest of [...kept.digests, ...pushed]) {
        const found = await metadata.findManifest(app, digest)
        expect(found, `${digest} is there`).not.toBeNull()
        for (const name of found?.references ?? []) {
          const there =
            (await metadata.findBlob(app, name)) ?? (await metadata.findManifest(app, name))
          expect(there, `${digest} has all that it names`).not.toBeNull()
        }
      }
      for (const tag of [...kept.tags, ...moved]) {
        const digest = (await metadata.resolveTag(app, tag as never))?.digest
        expect(digest, `${tag} stands`).toBeDefined()
        const was = before.tags.find((one) => one.tag === tag)?.digest
        expect([was, ...pushed]).toContain(digest)
      }
    }),
    parameters,
  )
}

test('nothing that the policy keeps, and nothing that is pushed meanwhile, is deleted', async () => {
  await runBesidePushes({ numRuns: runs(150) })
})

const broken: Readonly<Record<string, Breaking>> = {
  'deletes what was pushed since': (deletes) => ({
    ...deletes,
    deleteManifest: (call, repository, digest, { isImmutable }) =>
      deletes.deleteManifest(call, repository, digest, { isImmutable }),
  }),
  'deletes manifests with whatever tags': (deletes) => ({
    ...deletes,
    deleteManifest: (call, repository, digest, { notSince = 0 }) =>
      deletes.deleteManifest(call, repository, digest, { notSince }),
  }),
}

test.each(Object.entries(broken))('a run that %s would be noticed', async (_, breaking) => {
  const runs = { numRuns: 3000, seed: 11, endOnFailure: true }
  await expect(runBesidePushes(runs, breaking)).rejects.toThrow('Property failed')
})
