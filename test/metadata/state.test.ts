import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Batch } from '../../src/metadata/batch.ts'
import type { Effect } from '../../src/metadata/effects.ts'
import { entryPage } from '../../src/metadata/outbox-pages.ts'
import { State } from '../../src/metadata/state.ts'
import type { Trace } from '../../src/metadata/trace.ts'
import type { BlobRef } from '../../src/ports/blob-store.ts'
import { sampleDigest } from '../../src/testing/samples.ts'
import { runs } from '../sample.ts'
import { dump, leasesOf, linksOf, miscounts } from './dump.ts'
import { effect } from './effects.ts'
import { digests, repositories, tags } from './samples.ts'

const effects = fc.array(effect, { maxLength: 40 })
const [digest] = digests as [(typeof digests)[0]]
const [name] = repositories as [(typeof repositories)[0]]
const blob = { digest, size: 1, key: 'k' }

function stateOf(made: readonly Effect[], trace: Trace | null = null): State {
  const state = new State()
  for (const each of made) state.apply(each, trace)
  return state
}

function batchOn(state: State): Batch {
  return new Batch(state, { time: 0, now: 0 })
}

/** Takes out all that deletions left. */
function finish(state: State): void {
  while (state.leftovers.isPending) state.leftovers.step()
}

test('every effect can be taken back', () => {
  fc.assert(
    fc.property(effects, effects, effects, (before, later, after) => {
      const state = stateOf(before)
      const durable = batchOn(state)
      for (const each of later) state.apply(each, durable)
      const was = dump(state)
      const batch = batchOn(state)
      for (const each of after) {
        state.leftovers.settle(digest, batch)
        state.apply(each, batch)
      }
      batch.rollback()
      expect(dump(state)).toEqual(was)
      durable.rollback()
      expect(dump(state)).toEqual(dump(stateOf(before)))
    }),
    { numRuns: runs(500) },
  )
})

test('an effect that adds nothing to be taken back changed nothing', () => {
  fc.assert(
    fc.property(effects, effect, (before, one) => {
      const state = stateOf(before)
      const was = dump(state)
      const batch = batchOn(state)
      batch.apply(one)
      if (batch.mark().steps === 0) expect(dump(state)).toEqual(was)
      else expect(batch.texts.length).toBe(1)
    }),
    { numRuns: runs(500) },
  )
})

test('a key that was forgotten is not condemned by replaying what came before', () => {
  const later = { ...blob, key: 'later' }
  const [first, second] = repositories as [typeof name, typeof name]
  const record = { digest, size: 1, mediaType: 'a/b', blob: later, references: [], pushedAt: 1 }
  const history: Effect[] = [
    { kind: 'link', repository: first, blob, keepUntil: 0 },
    { kind: 'unlink', repository: first, digest },
    { kind: 'forget', digest, key: blob.key },
    { kind: 'manifest', repository: second, record, keepUntil: 0 },
  ]
  const state = stateOf(history)
  for (const each of history) state.apply(each, null)
  expect([...state.holdings.condemned.keys()]).toEqual([])
  expect(state.holdings.get(digest)?.ref).toEqual(later)
})

/**
 * The effects as a store would make them: it uses each key once, changes the key that counts only when
 * its bytes are missing, and forgets only what nothing names.
 */
function likely(made: readonly Effect[]): Effect[] {
  const state = new State()
  const likely: Effect[] = []
  let keys = 0
  for (const each of made) {
    let one: Effect | null = each
    const fresh = (of: BlobRef): BlobRef => {
      const holding = state.holdings.get(of.digest)
      if (holding?.readable) return holding.readable
      keys += 1
      return { ...of, key: `key ${keys}` }
    }
    if (each.kind === 'link') one = { ...each, blob: fresh(each.blob) }
    if (each.kind === 'manifest') {
      one = { ...each, record: { ...each.record, blob: fresh(each.record.blob) } }
    }
    if (each.kind === 'stored') one = { ...each, blob: { ...each.blob, key: `lost ${++keys}` } }
    if (each.kind === 'missing') {
      const key = state.holdings.get(each.digest)?.readable?.key
      one = key === undefined ? null : { ...each, key }
    }
    if (each.kind === 'keep') {
      const isThere = state.repositories.get(each.repository)?.blobNames.has(each.digest)
      one = isThere === true ? each : null
    }
    if (each.kind === 'forget') {
      const all = [...state.holdings.condemned.values()]
      const key = all.find(({ digest }) => digest === each.digest)?.key
      one = key === undefined ? null : { ...each, key }
    }
    if ('trash' in each && each.trash !== undefined) {
      // An id is given once.
      one = { ...each, trash: { ...each.trash, id: state.trash.numbers.next(0) } }
    }
    const { numbers } = state.outbox
    if (each.kind === 'message') {
      one = { ...each, id: numbers.next(0, each.endpoints.length) }
    }
    const [letter] = entryPage(state.outbox, { limit: 1, state: 'waiting' }).items
    if (each.kind === 'dead') one = letter === undefined ? null : { ...each, id: letter.id }
    if (each.kind === 'unmessage') {
      const there = entryPage(state.outbox, { limit: 9 }).items.slice(0, each.ids.length)
      one = there.length === 0 ? null : { ...each, ids: there.map(({ id }) => id) }
    }
    if (each.kind === 'untrash') one = { ...each, id: state.trash.ids.last ?? each.id }
    if (each.kind === 'restore') {
      const all = [...state.trash.values()]
      const entry = all.find(({ content }) => content.kind === 'repository')
      const isFree = entry !== undefined && !state.repositories.has(entry.name)
      one = isFree ? { ...each, id: entry.id } : null
    }
    if (one === null) continue
    state.apply(one, null)
    likely.push(one)
  }
  return likely
}

test('replaying effects over a state that has had them all makes a lease longer, or nothing', () => {
  fc.assert(
    fc.property(effects, fc.nat(30), (made, from) => {
      const history = likely(made)
      const after = history.slice(from)
      const state = stateOf(history)
      const was = dump(state, false)
      const leases = leasesOf(state)
      for (const each of after) state.apply(each, null)
      expect(dump(state, false)).toEqual(was)
      for (const [link, keepUntil] of leasesOf(state)) {
        expect(keepUntil).toBeGreaterThanOrEqual(leases.get(link) ?? 0)
      }
    }),
    { numRuns: runs(1000) },
  )
})

test('what deletions leave in the maps is taken out in the end', () => {
  fc.assert(
    fc.property(effects, fc.nat(30), (made, stop) => {
      const state = new State()
      const journalled: Effect[] = []
      for (const [index, each] of made.entries()) {
        const batch = batchOn(state)
        batch.apply(each)
        if (batch.texts.length > 0) journalled.push(each)
        if (index === stop) finish(state)
      }
      finish(state)
      expect(miscounts(state)).toEqual([])
      expect(dump(state)).toEqual(dump(stateOf(journalled)))
    }),
    { numRuns: runs(500) },
  )
})

test('what is counted is what is there', () => {
  fc.assert(
    fc.property(effects, (made) => {
      expect(miscounts(stateOf(made))).toEqual([])
    }),
    { numRuns: runs(500) },
  )
})

test('a blob leaves its repositories one by one, in any order', () => {
  const names = ['a', 'b', 'c', 'd'] as unknown as (typeof name)[]
  fc.assert(
    fc.property(fc.shuffledSubarray(names, { minLength: 4 }), (order) => {
      const state = stateOf(
        names.map((repository) => ({ kind: 'link', repository, blob, keepUntil: 1 })),
      )
      for (const [index, repository] of order.entries()) {
        state.apply({ kind: 'unlink', repository, digest }, null)
        const holding = state.holdings.get(digest)
        const left = holding === undefined ? [] : linksOf(holding)
        expect(left.map((link) => link.repository.name).sort()).toEqual(
          order.slice(index + 1).sort(),
        )
      }
    }),
  )
})

test('a tag of a manifest that is not recorded is a problem', () => {
  const tag: Effect = { kind: 'tag', repository: name, digest, tags: tags.slice(0, 1), times: [1] }
  expect(stateOf([]).problem()).toBeNull()
  expect(stateOf([tag]).problem()).toContain(`${name}:${tags[0]}`)
})

test('what readers do with a record does not change what is kept', () => {
  const record = {
    digest,
    size: 1,
    mediaType: 'a/b',
    blob,
    references: [sampleDigest(9)],
    annotations: [['key', 'value']] as [string, string][],
    pushedAt: 1,
  }
  const state = stateOf([{ kind: 'manifest', repository: name, record, keepUntil: 0 }])
  const found = state.repositories.get(name)?.manifest(digest)
  for (const part of [found?.references, found?.annotations]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
  Object.assign(found ?? {}, { size: 2 })
  Object.assign(found?.blob ?? {}, { key: 'other' })
  expect(state.repositories.get(name)?.manifest(digest)).toEqual(record)
  expect(Object.isFrozen(found?.annotations?.[0])).toBe(true)
  expect(Object.isFrozen(record.annotations)).toBe(false)
})
