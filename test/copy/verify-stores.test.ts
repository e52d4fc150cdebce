import { expect, test } from 'vitest'
import {
  type BlobStore,
  type CopyProblem,
  copyStores,
  memoryStores,
  type VerifyReport,
  verifyStores,
} from '../../src/kit.ts'
import { repositoryNamed } from '../../src/testing/index.ts'
import {
  bytesOf,
  digestOfContent,
  imageOf,
  pushBlob,
  pushManifest,
  run,
  viewOf,
} from './content.ts'
import { hash } from './places.ts'

const [a, b] = [repositoryNamed('a'), repositoryNamed('b')]
const manifest = imageOf([3])

async function filled() {
  const stores = memoryStores()
  for (const name of [a, b]) {
    await run(stores, [pushBlob(name, 0), pushBlob(name, 3), pushManifest(name, manifest)])
  }
  return stores
}

/** Blobs of which those of some digests are read with a flipped bit, or not at all. */
function rotten(blobs: BlobStore, digests: ReadonlyMap<string, 'flipped' | 'gone'>): BlobStore {
  const open: BlobStore['open'] = async (ref, how) => {
    const found = await blobs.open(ref, how)
    const kind = digests.get(ref.digest)
    if (kind === undefined || found === null) return found
    if (kind === 'gone') return null
    const bytes = new Uint8Array(await new Response(found.stream()).arrayBuffer())
    bytes[0] = (bytes[0] ?? 0) ^ 1
    return { ...found, size: found.size, stream: () => new Blob([bytes]).stream() }
  }
  return Object.assign(Object.create(blobs), { open })
}

test('whole stores are read once for each digest', async () => {
  const stores = await filled()
  let told = 0
  const onProgress = ({ bytes }: VerifyReport): void => {
    told = bytes
  }
  const report = await verifyStores(stores, { hash, onProgress })
  const bytes = bytesOf(0).byteLength + bytesOf(3).byteLength + manifest.length
  expect(report).toEqual({ digests: 3, bytes, problems: 0 })
  expect(told).toBe(bytes)
})

test('damaged and missing bytes are told, and a copy brings them anew', async () => {
  const from = await filled()
  const to = memoryStores()
  await copyStores(from, to, { hash })
  const bad = new Map([
    [digestOfContent(bytesOf(3)), 'flipped' as const],
    [digestOfContent(manifest), 'gone' as const],
  ])
  const problems: CopyProblem[] = []
  const onProblem = (problem: CopyProblem): void => void problems.push(problem)
  const damaged = { ...to, blobs: rotten(to.blobs, bad) }
  expect(await verifyStores(damaged, { hash, onProblem })).toMatchObject({ problems: 2 })
  expect(problems.map(({ kind, what }) => `${kind} ${what}`).sort()).toEqual([
    'damaged blob',
    'missing manifest',
  ])
  expect(await to.metadata.findBlob(b, digestOfContent(bytesOf(3)))).toBeNull()
  expect(await to.metadata.findManifest(b, digestOfContent(manifest))).toBeNull()
  expect(await copyStores(from, to, { hash })).toMatchObject({ complete: true, problems: 0 })
  expect(await viewOf(to)).toEqual(await viewOf(from))
  expect(await verifyStores(to, { hash })).toMatchObject({ digests: 3, problems: 0 })
})

test('a signal ends it', async () => {
  const signal = AbortSignal.abort(new Error('stopped'))
  await expect(verifyStores(await filled(), { hash, signal })).rejects.toThrow('stopped')
})
