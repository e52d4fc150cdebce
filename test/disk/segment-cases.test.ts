import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { faultyStore, put } from './faulty-store.ts'
import { blobPath, digestText, Ledger, LedgerClient, manifestOf } from './simulation/ledger.ts'
import type { FileNode, FolderNode } from './simulation/nodes.ts'
import { SimulatedFiles } from './simulation/simulated-files.ts'
import {
  openSimulated,
  type SimulatedOptions,
  type SimulatedRegistry,
} from './simulation/simulated-registry.ts'
import { openStore } from './temporary.ts'

const repository = 'team/app'
const limit = 64 * 1024
const options: SimulatedOptions = {
  clock: fakeClock(Date.now() + 1e9),
  segmentLimit: limit,
  boot: 'boot',
  leaseMs: 1000,
}

interface Case {
  readonly files: SimulatedFiles
  readonly one: SimulatedRegistry
  readonly client: LedgerClient
}

async function open(
  files: SimulatedFiles = new SimulatedFiles(),
  ledger = new Ledger(),
): Promise<Case> {
  const one = await openSimulated(files, options)
  return { files, one, client: new LedgerClient(one.registry, ledger) }
}

function segmentsOf({ files }: Pick<Case, 'files'>): Map<string, FileNode> {
  return (files.root.names.get('segments') as FolderNode).names as Map<string, FileNode>
}

/** Fills the newest segment with what is deleted at once, so that a compaction has work. */
async function pushAndDelete({ one, client }: Case, count = 10): Promise<void> {
  const blobs = Array.from({ length: count }, (_, number) => sampleBytes(5000, 1000 + number))
  for (const bytes of blobs) await client.push(repository, bytes)
  for (const bytes of blobs) await client.deleteBlob(repository, bytes)
  await one.registry.collectGarbage()
}

test.each([
  ['that its session keeps', /^journal/],
  ['that could not even be kept with its session', /^(journal|uploads)/],
])('a compaction and a sweep leave a blob without a name alone, %s', async (_, full) => {
  const one = await open()
  const { client, files } = one
  const bytes = sampleBytes(700)
  await client.begin(repository, bytes, 300)
  const upload = client.ledger.upload as NonNullable<Ledger['upload']>
  const finish = (): Promise<Response> =>
    client.send('PUT', `${upload.location}?digest=${digestText(bytes)}`, bytes.subarray(300))
  files.judge = ({ operation, path }) =>
    /write|create|ensure/.test(operation) && full.test(path) ? 'ENOSPC' : null
  expect((await finish()).status).toBe(507)
  files.judge = () => null
  await pushAndDelete(one)
  const before = segmentsOf(one).size
  await one.one.registry.compactBytes()
  await one.one.registry.sweepBytes()
  expect(segmentsOf(one).size).toBeGreaterThanOrEqual(before)
  const again = await client.send('PUT', `${upload.location}?digest=${digestText(bytes)}`)
  expect(again.status).toBe(201)
  expect(await client.read(blobPath(repository, digestText(bytes)))).toEqual(bytes)
  // It has a name now, and goes with the others.
  await one.one.registry.compactBytes()
  expect(await client.read(blobPath(repository, digestText(bytes)))).toEqual(bytes)
  await one.one.close()
})

test('a compaction moves records of no bytes and of as many as fit, and of both algorithms', async () => {
  const one = await open()
  const { client } = one
  const kept = [sampleBytes(0), sampleBytes(limit, 1), sampleBytes(limit - 1, 2), sampleBytes(1, 3)]
  for (const bytes of kept) {
    expect((await client.push(repository, bytes)).status).toBe(201)
    expect((await client.push(repository, bytes, 'sha512')).status).toBe(201)
  }
  const large = sampleBytes(limit + 1)
  await client.push(repository, large)
  await pushAndDelete(one, 80)
  const [first = ''] = segmentsOf(one).keys()
  expect(await one.one.registry.compactBytes()).toBeGreaterThan(400_000)
  expect([...segmentsOf(one).keys()]).not.toContain(first)
  for (const bytes of kept) {
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const path = blobPath(repository, digestText(bytes, algorithm))
      expect(await client.read(path)).toEqual(bytes)
    }
  }
  expect(await client.read(blobPath(repository, digestText(large)))).toEqual(large)
  await one.one.close()
  expect(one.files.descriptors).toBe(0)
})

test('what a crash cut off at the end of a segment does not keep it', async () => {
  const one = await open()
  const { client, files } = one
  const kept = sampleBytes(100)
  await client.push(repository, kept)
  await client.tag(repository, 'kept', manifestOf([kept]))
  await pushAndDelete(one)
  await one.one.close()
  const [name = ''] = segmentsOf(one).keys()
  const file = segmentsOf(one).get(name) as FileNode
  const torn = file.bytes.slice(0, 150)
  file.change({ kind: 'write', at: file.bytes.byteLength, bytes: torn })
  const next = await open(files, client.ledger)
  await next.client.push(repository, sampleBytes(10))
  expect(await next.one.registry.compactBytes()).toBe(file.bytes.byteLength)
  expect([...segmentsOf(next).keys()].some((each) => each.startsWith(name))).toBe(false)
  expect(await next.client.read(blobPath(repository, digestText(kept)))).toEqual(kept)
  await next.one.close()
})

test('more segments than are kept open are read, with few descriptors', async () => {
  const files = new SimulatedFiles()
  const ledger = new Ledger()
  const blobs: Uint8Array[] = []
  for (let life = 0; life < 80; life += 1) {
    const { one, client } = await open(files, ledger)
    const bytes = sampleBytes(200, life)
    blobs.push(bytes)
    await client.push(repository, bytes)
    await one.close()
  }
  expect(segmentsOf({ files }).size).toBe(80)
  const last = await open(files, ledger)
  const before = files.descriptors
  files.mostDescriptors = 0
  const readEach = async (): Promise<void> => {
    for (const bytes of blobs) {
      expect(await last.client.read(blobPath(repository, digestText(bytes)))).toEqual(bytes)
    }
  }
  await readEach()
  await Promise.all(
    [...blobs, ...blobs].map(async (bytes) => {
      expect(await last.client.read(blobPath(repository, digestText(bytes)))).toEqual(bytes)
    }),
  )
  await readEach()
  // At no time more than there are readers beside them.
  expect(files.descriptors).toBeLessThanOrEqual(before + 33)
  expect(files.mostDescriptors).toBeLessThanOrEqual(before + 33 + 2 * blobs.length)
  await last.one.registry.compactBytes()
  expect(segmentsOf(last).size).toBeLessThan(5)
  await readEach()
  await last.one.close()
  expect(files.descriptors).toBe(0)
})

test('a store opened to be read reads and lists small content, and changes nothing', async () => {
  const one = await faultyStore(limit)
  const kept = await put(one.store, sampleBytes(1000), sampleDigest(1))
  const gone = await put(one.store, sampleBytes(5000), sampleDigest(2))
  await one.store.blobs.delete(gone)
  await one.store.close()
  const folder = join(one.directory, 'segments')
  const before = await readdir(folder)
  const reader = await openStore({ directory: one.directory, readOnly: true })
  const open = await reader.blobs.open(kept)
  expect(await readAll(open?.stream() ?? new ReadableStream())).toEqual(sampleBytes(1000))
  expect(await reader.blobs.open(gone)).toBeNull()
  const keys: string[] = []
  for await (const { key } of reader.blobs.list()) keys.push(key)
  expect(keys).toEqual([kept.key])
  const readOnly = { kind: 'storageReadOnly' }
  await expect(reader.blobs.compact?.(async () => {})).rejects.toMatchObject(readOnly)
  await expect(reader.blobs.delete(kept)).rejects.toMatchObject(readOnly)
  await expect(put(reader, sampleBytes(10))).rejects.toMatchObject(readOnly)
  await reader.close()
  expect(await readdir(folder)).toEqual(before)
})
