import { expect, test } from 'vitest'
import { knownKeys } from '../../src/metadata/key-search.ts'
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

test('a key that moves while it is looked for is found', async () => {
  const state = manyNames()
  const link = (copy: number, trace: Trace | null): void =>
    state.apply({ kind: 'link', repository, blob: blobOf(digest, copy), keepUntil: 0 }, trace)
  const unlink = (trace: Trace): void => state.apply({ kind: 'unlink', repository, digest }, trace)
  link(0, null)
  const first = traced()
  unlink(first.trace)
  // The first key is in the trash when the search begins, and held again before that is looked at.
  const search = knownKeys(state.holdings, asked)
  first.takeBack()
  const { trace } = traced()
  unlink(trace)
  link(1, trace)
  expect(await search).toEqual([true, true, false])
  expect(state.holdings.searches.size).toBe(0)
})
