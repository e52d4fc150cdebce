import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseBlobKey } from '../../adapters/disk/blob-key.ts'
import { parseSegmentKey } from '../../adapters/disk/segments/segment-key.ts'
import type { RegistryStores } from '../../src/index.ts'
import { type BlobRef, type VerifyProblem, verifyStores } from '../../src/kit.ts'
import { repositoryNamed } from '../../src/testing/index.ts'
import { bytesOf, digestOfContent, imageOf, pushBlob, pushManifest, run } from '../copy/content.ts'
import { closeNow, hash, onDiskIn } from '../copy/places.ts'
import { temporaryFolder } from './temporary.ts'

const here = repositoryNamed('here')
const [small, large] = [2, 4]
const image = imageOf([small, large])
const steps = [0, small, large].map((number) => pushBlob(here, number))

/** Flips a bit of the bytes of a blob, `at` bytes behind the beginning of its file or of the head of its record. */
async function flip(folder: string, ref: BlobRef, at: number): Promise<void> {
  const place = parseSegmentKey(ref.key)
  const file = place === null ? ref.key : `segments/${place.segment}`
  const bytes = await readFile(join(folder, file))
  const position = (place?.offset ?? 0) + at
  bytes[position] = (bytes[position] ?? 0) ^ 4
  await writeFile(join(folder, file), bytes)
}

async function filled(): Promise<{ readonly folder: string; readonly stores: RegistryStores }> {
  const folder = await temporaryFolder()
  const stores = await onDiskIn(folder)
  await run(stores, [...steps, pushManifest(here, image)])
  return { folder, stores }
}

async function refOf(stores: RegistryStores, number: number): Promise<BlobRef> {
  const ref = await stores.metadata.findBlob(here, digestOfContent(bytesOf(number)))
  if (ref === null) throw new Error('the blob is there')
  return ref
}

async function verified(stores: RegistryStores): Promise<VerifyProblem[]> {
  const problems: VerifyProblem[] = []
  await verifyStores(stores, { hash, onProblem: (problem) => void problems.push(problem) })
  return problems
}

// A head of sha256 has 117 bytes.
test.each([
  ['a file', large, 70_000],
  ['a record', small, 117 + 300],
  ['the head of a record', small, 10],
])(
  'the bytes of %s that rotted are kept aside, and a push heals the digest',
  async (_, number, at) => {
    const { folder, stores } = await filled()
    const ref = await refOf(stores, number)
    const size = (await readdir(join(folder, 'quarantine'))).length
    expect(size).toBe(0)
    await flip(folder, ref, at)
    const [problem, ...others] = await verified(stores)
    expect(others).toEqual([])
    expect(problem).toMatchObject({ digest: ref.digest, marked: true, repositories: [here] })
    expect(problem?.quarantined).toMatch(/^quarantine\/.*corrupt-/)
    const aside = await readFile(join(folder, problem?.quarantined ?? ''))
    const bytes = parseBlobKey(ref.key) === null ? aside.subarray(117) : aside
    expect(bytes.byteLength).toBe(ref.size)
    expect(await stores.metadata.findBlob(here, ref.digest)).toBeNull()
    expect(await stores.blobs.open(ref)).toBeNull()
    for await (const { key } of stores.blobs.list()) expect(key).not.toBe(ref.key)

    await run(stores, steps)
    const healed = await refOf(stores, number)
    expect(healed.key).not.toBe(ref.key)
    expect(await verified(stores)).toEqual([])
    await closeNow(stores)
    const again = await onDiskIn(folder)
    expect(await verified(again)).toEqual([])
    expect((await stat(join(folder, problem?.quarantined ?? ''))).size).toBe(aside.byteLength)
  },
)

test('bytes that are not there cannot be put aside', async () => {
  const { stores } = await filled()
  for (const number of [small, large]) {
    const ref = await refOf(stores, number)
    await stores.blobs.delete(ref)
    expect(await stores.blobs.quarantine?.(ref)).toBeNull()
  }
  expect(
    await stores.blobs.quarantine?.({ ...(await refOf(stores, large)), key: '../x' }),
  ).toBeNull()
})
