import { expect, test } from 'vitest'
import { NamedList } from '../../src/metadata/named-list.ts'
import { State } from '../../src/metadata/state.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { repositories } from './samples.ts'

const [repository] = repositories as readonly [(typeof repositories)[0]]

/** Numbers far apart, so that digests are named in no order. */
const spread = (number: number): number => (number * 7919) % 100_003

function digestOf(number: number): Digest {
  return `sha256:${spread(number).toString(16).padStart(64, '0')}` as Digest
}

function link(state: State, number: number): void {
  const blob = { digest: digestOf(number), size: number, key: `key ${number}` }
  state.apply({ kind: 'link', repository, blob, keepUntil: 0 }, null)
}

const atOnce = <T>(read: () => Promise<T>): Promise<T> => read()

async function listed(list: NamedList, limit: number): Promise<string[]> {
  const found: string[] = []
  for (let after: string | undefined; ; ) {
    const page = await list.page(after === undefined ? { limit } : { after, limit }, atOnce)
    found.push(...page.items.map(({ digest }) => digest))
    if (!page.more) return found
    after = found.at(-1) ?? ''
  }
}

test('a list is whole and in order, however small its windows and pages are', async () => {
  const state = new State()
  const numbers = Array.from({ length: 500 }, (_, number) => number)
  for (const number of numbers) link(state, number)
  const all = numbers.map(digestOf).sort()
  for (const most of [1, 2, 7, 499, 500, 501]) {
    const list = new NamedList(state.holdings, most)
    for (const limit of [1, 3, 100, 500, 1000]) expect(await listed(list, limit)).toEqual(all)
    expect(state.holdings.windows.size).toBe(0)
  }
})

test('what is named while a list is read is in it, where its place is still to come', async () => {
  const state = new State()
  for (let number = 0; number < 200; number += 1) link(state, number)
  const list = new NamedList(state.holdings, 50)
  const first = await list.page({ limit: 20 }, atOnce)
  for (let number = 200; number < 400; number += 1) link(state, number)
  const last = first.items.at(-1)?.digest ?? ''
  const rest = await list.page({ after: last, limit: 1000 }, atOnce)
  const all = Array.from({ length: 400 }, (_, number) => digestOf(number)).sort()
  expect(rest.items.map(({ digest }) => digest)).toEqual(all.filter((digest) => digest > last))
})

test('a digest that was gone for a moment only, since its change was taken back, is listed', async () => {
  const state = new State()
  for (let number = 0; number < 100; number += 1) link(state, number)
  const list = new NamedList(state.holdings)
  const steps: Array<() => void> = []
  const ignore = (): void => {}
  const trace = {
    repository: ignore,
    key: ignore,
    tagList: ignore,
    subject: ignore,
    holders: ignore,
    bytesOf: ignore,
    undo: (step: () => void) => steps.push(step),
  }
  const all = Array.from({ length: 100 }, (_, number) => digestOf(number)).sort()
  state.apply({ kind: 'unlink', repository, digest: all[50] as Digest }, trace)
  // The window is made while the change is on its way to disk.
  const first = await list.page({ limit: 10 }, atOnce)
  for (const step of steps.reverse()) step()
  const rest = await list.page({ after: all[9] as string, limit: 1000 }, atOnce)
  const digests = [...first.items, ...rest.items].map(({ digest }) => digest)
  expect(digests).toEqual(all)
})
