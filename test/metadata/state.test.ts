import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Effect, Undo } from '../../src/metadata/effects.ts'
import { State } from '../../src/metadata/state.ts'
import { effect } from './effects.ts'
import { digests } from './samples.ts'

const effects = fc.array(effect, { maxLength: 30 })

/** Everything in a state, in an order of its own. */
function dump(state: State): unknown {
  const sorted = <T>(items: Iterable<T>, key: (item: T) => string): T[] =>
    [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  return {
    names: state.repositoryNames.page(undefined, 100).items,
    repositories: sorted(state.repositories.values(), ({ name }) => name).map((repository) => ({
      name: repository.name,
      links: sorted(repository.links.values(), ({ digest }) => digest).map((link) => ({
        digest: link.digest,
        ref: link.holding?.ref,
        references: link.references,
        keepUntil: link.holding === null ? null : link.keepUntil,
        waits: link.place !== -1,
      })),
      manifests: sorted(repository.manifests.values(), ({ digest }) => digest),
      tags: repository.tagNames
        .page(undefined, 100)
        .items.map((tag) => [tag, repository.tags.get(tag)]),
      tagsOf: digests.map((digest) => [...(repository.tagsOf.get(digest) ?? [])].sort()),
      referrers: sorted(repository.referrers.keys(), (subject) => subject).map((subject) => [
        subject,
        repository.referrers.get(subject)?.page({ maxBytes: 1e9 }, repository.find).items,
      ]),
    })),
    holdings: sorted(state.holdings.values(), ({ digest }) => digest).map((holding) => ({
      digest: holding.digest,
      ref: holding.ref,
      links: holding.links.map((link) => link.repository.name).sort(),
      records: holding.records,
    })),
    orphans: [...state.orphans].map(({ digest }) => digest).sort(),
    leases: state.leases.size,
  }
}

function stateOf(made: readonly Effect[]): State {
  const state = new State(1000)
  for (const each of made) state.apply(each, null)
  return state
}

/** Whether a store would make the effect: bytes that are held neither move nor go. */
function isLikely(state: State, one: Effect): boolean {
  if (one.kind === 'forget') return [...state.orphans].some(({ digest }) => digest === one.digest)
  const blob = one.kind === 'manifest' ? one.record.blob : 'blob' in one ? one.blob : null
  const holding = blob === null ? undefined : state.holdings.get(blob.digest)
  return holding === undefined || state.orphans.has(holding) || holding.ref?.key === blob?.key
}

test('every effect can be taken back', () => {
  fc.assert(
    fc.property(effects, effects, (before, after) => {
      const state = new State(1000)
      for (const each of before) if (isLikely(state, each)) state.apply(each, null)
      const was = dump(state)
      const undo: Undo[] = []
      for (const each of after) if (isLikely(state, each)) state.apply(each, undo)
      while (undo.length > 0) state.apply(undo.pop() as Undo, null)
      expect(dump(state)).toEqual(was)
    }),
    { numRuns: 500 },
  )
})

test('an effect that adds nothing to be taken back changed nothing', () => {
  fc.assert(
    fc.property(effects, effect, (before, one) => {
      const state = new State(1000)
      for (const each of before) if (isLikely(state, each)) state.apply(each, null)
      const was = dump(state)
      const undo: Undo[] = []
      if (isLikely(state, one)) state.apply(one, undo)
      if (undo.length === 0) expect(dump(state)).toEqual(was)
      else expect(dump(state)).not.toEqual(one.kind === 'manifest' ? null : was)
    }),
    { numRuns: 500 },
  )
})

test('replaying effects over a state that has had them all changes nothing', () => {
  fc.assert(
    fc.property(effects, effects, (before, after) => {
      const state = stateOf([...before, ...after])
      const was = dump(state)
      for (const each of after) state.apply(each, null)
      expect(dump(state)).toEqual(was)
    }),
    { numRuns: 500 },
  )
})

test('what is counted is what is there', () => {
  fc.assert(
    fc.property(effects, (made) => {
      const state = stateOf(made)
      for (const repository of state.repositories.values()) {
        const named = [...repository.manifests.values()].flatMap((record) => record.references)
        for (const digest of digests) {
          const link = repository.links.get(digest)
          const references = named.filter((each) => each === digest).length
          expect(link?.references ?? 0).toBe(references)
          expect(link !== undefined && link.place !== -1).toBe(
            link !== undefined && link.holding !== null && references === 0,
          )
        }
      }
      for (const digest of digests) {
        const all = [...state.repositories.values()]
        const links = all.filter((repository) => repository.links.get(digest)?.holding != null)
        const records = all.filter((repository) => repository.manifests.has(digest))
        const holding = state.holdings.get(digest)
        expect(holding?.links.length ?? 0).toBe(links.length)
        expect(holding?.records ?? 0).toBe(records.length)
        const isOrphan = holding !== undefined && links.length + records.length === 0
        expect([...state.orphans].some((orphan) => orphan.digest === digest)).toBe(isOrphan)
      }
    }),
    { numRuns: 500 },
  )
})

test('a blob leaves its repositories one by one, in any order', () => {
  const [digest] = digests as [(typeof digests)[0]]
  const blob = { digest, size: 1, key: 'k' }
  const names = ['a', 'b', 'c', 'd'] as Array<Parameters<State['repositories']['get']>[0]>
  fc.assert(
    fc.property(fc.shuffledSubarray(names, { minLength: 4 }), (order) => {
      const state = stateOf(names.map((repository) => ({ kind: 'link', repository, blob })))
      for (const [index, repository] of order.entries()) {
        state.apply({ kind: 'unlink', repository, digest }, null)
        const left = state.holdings.get(digest)?.links.map((link) => link.repository.name)
        expect(left?.sort()).toEqual(order.slice(index + 1).sort())
      }
    }),
  )
})

test('names that do not fit together are found', () => {
  const [digest] = digests as [(typeof digests)[0]]
  const name = 'a' as Parameters<State['repositories']['get']>[0]
  const tags = ['v1'] as unknown as (Effect & { kind: 'tag' })['tags']
  expect(stateOf([]).problem()).toBeNull()
  expect(stateOf([{ kind: 'tag', repository: name, digest, tags }]).problem()).toContain('a:v1')
  const blob = { digest, size: 1, key: 'k' }
  const lost = stateOf([
    { kind: 'link', repository: name, blob },
    { kind: 'forget', digest },
  ])
  expect(lost.problem()).toContain(digest)
})
