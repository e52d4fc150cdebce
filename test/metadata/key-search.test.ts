import { expect, test } from 'vitest'
import { KeySearch, knownKeys } from '../../src/metadata/key-search.ts'
import { State } from '../../src/metadata/state.ts'
import type { Trace } from '../../src/metadata/trace.ts'
import { blobOf, digests, repositories } from './samples.ts'

const [digest] = digests as readonly [(typeof digests)[0]]
const [repository] = repositories as readonly [(typeof repositories)[0]]

/** A state with enough names for a search to rest before it ends. */
function manyNames(): State {
  const state = new State()
  for (let number = 0; number < 60_000; number += 1) {
    const other = `sha256:${number.toString(16).padStart(64, '0')}` as typeof digest
    const blob = { digest: other, size: 1, key: `key ${number}` }
    state.apply({ kind: 'link', repository, blob, keepUntil: 0 }, null)
  }
  return state
}

/** A trace that takes its changes back when it is told. */
function traced(): { readonly trace: Trace; takeBack(): void } {
  const steps: Array<() => void> = []
  const ignore = (): void => {}
  const told = { repository: ignore, key: ignore, tagList: ignore, subject: ignore }
  const trace = {
    ...told,
    holders: ignore,
    bytesOf: ignore,
    undo: (step: () => void) => steps.push(step),
  }
  const takeBack = (): void => {
    for (const step of steps.reverse()) step()
  }
  return { trace, takeBack }
}

const asked = [0, 1, 2].map((copy) => ({ key: blobOf(digest, copy).key, digest: null }))

test('a search finds what is named, what is condemned, and nothing else', async () => {
  const state = manyNames()
  state.apply({ kind: 'link', repository, blob: blobOf(digest, 0), keepUntil: 0 }, null)
  state.apply({ kind: 'stored', blob: blobOf(digest, 1) }, null)
  expect(await knownKeys(state.holdings, asked)).toEqual([true, true, false])
  expect(state.holdings.searches.size).toBe(0)
})

test('a search is told of every key that comes to be known while it looks', () => {
  const state = new State()
  const link = (copy: number, trace: Trace | null): void =>
    state.apply({ kind: 'link', repository, blob: blobOf(digest, copy), keepUntil: 0 }, trace)
  const unlink = (trace: Trace): void => state.apply({ kind: 'unlink', repository, digest }, trace)
  /** Which of the keys a search hears of while `act` changes the state. */
  const heard = (act: () => void): readonly boolean[] => {
    const search = new KeySearch(asked)
    state.holdings.searches.add(search)
    act()
    state.holdings.searches.delete(search)
    return asked.map(({ key }) => search.isFound(key))
  }
  expect(heard(() => link(0, null))).toEqual([true, false, false])
  const first = traced()
  // Into the trash, and back where the change is taken back.
  expect(heard(() => unlink(first.trace))).toEqual([true, false, false])
  expect(heard(() => first.takeBack())).toEqual([true, false, false])
  state.apply({ kind: 'missing', digest, key: blobOf(digest, 0).key }, null)
  const second = traced()
  expect(heard(() => link(1, second.trace))).toEqual([true, true, false])
  expect(heard(() => second.takeBack())).toEqual([true, false, false])
  const third = traced()
  expect(
    heard(() => state.apply({ kind: 'stored', blob: blobOf(digest, 2) }, third.trace)),
  ).toEqual([false, false, true])
  const fourth = traced()
  const forget = { kind: 'forget', digest, key: blobOf(digest, 2).key } as const
  expect(heard(() => state.apply(forget, fourth.trace))).toEqual([false, false, false])
  expect(heard(() => fourth.takeBack())).toEqual([false, false, true])
})
