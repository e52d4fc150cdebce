import { describe, expect, test } from 'vitest'
import type { RegistryStores } from '../../src/index.ts'
import {
  type CopyProblem,
  CopyRefused,
  compareStores,
  copyStores,
  memoryStores,
  type StoreDifference,
} from '../../src/kit.ts'
import { repositoryNamed, tagNamed } from '../../src/testing/index.ts'
import { digestOfContent, imageOf, pushBlob, pushManifest, run, viewOf } from './content.ts'
import { hash } from './places.ts'

const [a, b, c] = [repositoryNamed('a'), repositoryNamed('b'), repositoryNamed('c')]
const [latest, old] = [tagNamed('latest'), tagNamed('old')]
const [one, two] = [imageOf([1]), imageOf([2])]

/** Two registries that share a repository and differ in it. */
async function conflicting(): Promise<{ from: RegistryStores; to: RegistryStores }> {
  const from = memoryStores()
  await run(from, [pushBlob(a, 0), pushBlob(a, 1), pushManifest(a, one, [latest])])
  await run(from, [pushBlob(c, 3)])
  const to = memoryStores()
  await run(to, [pushBlob(a, 0), pushBlob(a, 2), pushManifest(a, two, [latest, old])])
  await run(to, [pushBlob(b, 4)])
  return { from, to }
}

describe('a target that has something else', () => {
  test('keeps it, and a tag that differs is told', async () => {
    const { from, to } = await conflicting()
    const before = await to.metadata.listTagRecords(a, { limit: 9 })
    const problems: CopyProblem[] = []
    const report = await copyStores(from, to, {
      hash,
      onProblem: (problem) => problems.push(problem),
    })
    expect(problems).toEqual([
      {
        kind: 'conflict',
        what: 'tag',
        repository: a,
        name: 'latest',
        detail: `it stands for ${digestOfContent(two)} there, and for ${digestOfContent(one)} here`,
      },
    ])
    expect(report).toMatchObject({
      complete: false,
      comparison: { tag: { same: 0, other: 1, extra: 1 }, repository: { extra: 1, missing: 0 } },
    })
    expect(await to.metadata.listTagRecords(a, { limit: 9 })).toEqual(before)
    expect(await to.metadata.findManifest(a, digestOfContent(one))).not.toBeNull()
    expect(await to.metadata.hasRepository(b)).toBe(true)
  })

  test('loses it where it is to be a mirror', async () => {
    const { from, to } = await conflicting()
    const differences: StoreDifference[] = []
    await compareStores(from, to, { onDifference: (difference) => differences.push(difference) })
    const told = differences.map(({ kind, what, repository, name }) =>
      what === 'tag' || what === 'repository' ? `${kind} ${what} ${repository} ${name}` : kind,
    )
    expect(told).toContain('other tag a latest')
    expect(told).toContain('extra tag a old')
    expect(told).toContain('extra repository b b')
    expect(told).toContain('missing repository c c')
    const report = await copyStores(from, to, { hash, mirror: true })
    expect(report).toMatchObject({
      complete: true,
      problems: 0,
      removed: { repository: 1, blob: 2, manifest: 1, tag: 1 },
    })
    expect(await viewOf(to)).toEqual(await viewOf(from))
  })

  test('is not emptied where it shares nothing with the source', async () => {
    const { to } = await conflicting()
    const before = await viewOf(to)
    const other = memoryStores()
    await run(other, [pushBlob(c, 1)])
    for (const from of [memoryStores(), other]) {
      const copy = copyStores(from, to, { hash, mirror: true })
      await expect(copy).rejects.toBeInstanceOf(CopyRefused)
      expect(await viewOf(to)).toEqual(before)
    }
    // Without a mirror, the two come together.
    expect(await copyStores(other, to, { hash })).toMatchObject({ complete: true, problems: 0 })
  })
})

test('a manifest that is there as another media type is told, or made the same', async () => {
  const text = JSON.stringify({ schemaVersion: 2, manifests: [] })
  const digest = digestOfContent(text)
  const from = memoryStores()
  const to = memoryStores()
  await run(from, [pushManifest(a, text, [latest])])
  await run(to, [pushManifest(a, text)])
  const there = await to.metadata.findManifest(a, digest)
  if (there !== null) {
    const { pushedAt: _, ...record } = there
    const list = 'application/vnd.docker.distribution.manifest.list.v2+json'
    const change = { record: { ...record, mediaType: list }, tags: [], immutable: [], requires: [] }
    await to.metadata.putManifest(a, change)
  }
  const report = await copyStores(from, to, { hash })
  expect(report).toMatchObject({
    problems: 1,
    complete: false,
    comparison: { manifest: { other: 1 } },
  })
  expect(await copyStores(from, to, { hash, mirror: true })).toMatchObject({ complete: true })
  expect(await viewOf(to)).toEqual(await viewOf(from))
})

test('stores are not copied to themselves', async () => {
  const { from } = await conflicting()
  await expect(copyStores(from, from, { hash })).rejects.toBeInstanceOf(CopyRefused)
})

test('callbacks that throw harm nothing', async () => {
  const { from, to } = await conflicting()
  const fails = (): never => {
    throw new Error('callback')
  }
  const report = await copyStores(from, to, {
    onProgress: fails,
    onProblem: fails,
    onNotice: fails,
  })
  expect(report.problems).toBe(1)
})
