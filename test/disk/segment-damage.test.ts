import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { sampleBytes } from '../../src/testing/index.ts'
import { isFull } from '../services/test-service.ts'
import { blobPath, digestText, Ledger, LedgerClient, manifestOf } from './simulation/ledger.ts'
import { FileNode, type FolderNode } from './simulation/nodes.ts'
import { SimulatedFiles } from './simulation/simulated-files.ts'
import {
  openSimulated,
  type SimulatedOptions,
  type SimulatedRegistry,
} from './simulation/simulated-registry.ts'
import { afterKill } from './simulation/states.ts'

const repository = 'team/app'
const options: SimulatedOptions = {
  clock: fakeClock(Date.now() + 1e9),
  segmentLimit: 64 * 1024,
  boot: 'boot',
  leaseMs: 1000,
}

/** A record of the store, by the path that names it. */
interface NamedRecord {
  readonly path: string
  readonly bytes: Uint8Array
  /** Where it is in the segment, its head included. */
  readonly start: number
  readonly end: number
}

interface SmallStore {
  readonly root: FolderNode
  readonly segment: string
  readonly records: readonly NamedRecord[]
}

/** A closed store of one segment, in which some live and most were deleted. */
async function smallStore(): Promise<SmallStore> {
  const files = new SimulatedFiles()
  const one = await openSimulated(files, options)
  const client = new LedgerClient(one.registry, new Ledger())
  const kept = [sampleBytes(40, 1), sampleBytes(0), sampleBytes(50, 2), sampleBytes(30, 3)]
  const gone = [sampleBytes(600, 4), sampleBytes(900, 5)]
  for (const [number, bytes] of kept.entries()) {
    // A large deleted record between those that live.
    const between = gone[number]
    if (between !== undefined) await client.push(repository, between)
    await client.push(repository, bytes, number === 3 ? 'sha512' : 'sha256')
  }
  await client.tag(repository, 'kept', manifestOf(kept.slice(0, 3)))
  for (const bytes of gone) await client.deleteBlob(repository, bytes)
  await one.registry.collectGarbage()
  const records: NamedRecord[] = []
  for await (const { key, digest, size } of one.blobs.list()) {
    const paths = [...client.ledger.names.keys()]
    const path =
      paths.find((each) => each.endsWith(`${digest}`)) ?? `/v2/${repository}/manifests/kept`
    const bytes = client.ledger.names.get(path)?.now
    if (!bytes) throw new Error(`nothing names ${key}`)
    const start = Number(key.split(':')[1])
    const end = start + (digest?.startsWith('sha512') ? 181 : 117) + size
    records.push({ path, bytes, start, end })
  }
  await one.close()
  const [segment = ''] = [...folderOf(files.root).names.keys()]
  expect(records).toHaveLength(5)
  return { root: files.root, segment, records }
}

function folderOf(root: FolderNode): FolderNode {
  return root.names.get('segments') as FolderNode
}

function bytesOf({ root }: SmallStore, name: string): Uint8Array {
  return (folderOf(root).names.get(name) as FileNode).bytes
}

/** Opens a copy of a store in which one file has other bytes. */
async function openWith(
  { root }: SmallStore,
  name: string,
  bytes: Uint8Array,
): Promise<{ one: SimulatedRegistry; client: LedgerClient; files: SimulatedFiles }> {
  const copy = afterKill(root)
  folderOf(copy).change(name, new FileNode(bytes))
  const files = new SimulatedFiles(copy)
  const one = await openSimulated(files, options)
  return { one, client: new LedgerClient(one.registry, new Ledger()), files }
}

/** Of a long row of cases, every one in CI, and every thirtieth otherwise. */
const isTried = (number: number): boolean => isFull || number % 30 === 0

/** Of the bytes of deleted records, which no one reads, only some are damaged. */
function matters(at: number, { records }: SmallStore): boolean {
  return at % 20 < 2 || records.some(({ start, end }) => at >= start && at <= end)
}

/** Bytes with one bit of each byte flipped in turn, and then cut at every length. */
function* damagesOf(
  bytes: Uint8Array,
): Generator<[what: string, from: number, to: number, Uint8Array]> {
  for (const [at, byte] of bytes.entries()) {
    const flipped = Uint8Array.from(bytes)
    flipped[at] = byte ^ (1 << ((at * 5) % 8))
    yield [`byte ${at} flipped`, at, at + 1, flipped]
  }
  for (let length = 0; length < bytes.byteLength; length += 1) {
    yield [`cut to ${length}`, length, bytes.byteLength, bytes.slice(0, length)]
  }
}

/** The names of a store's segments. */
function segmentsOf(files: SimulatedFiles): string[] {
  return [...folderOf(files.root).names.keys()].filter((name) => !name.endsWith('.dead'))
}

async function tidyUp({ registry }: SimulatedRegistry): Promise<void> {
  await registry.sweepBytes(0)
  await registry.collectGarbage()
  await registry.compactBytes()
}

describe('a segment with damage at any byte, or cut at any length', () => {
  test.each([
    ['at first', 0],
    ['once a sweep and a compaction went over it', 1],
  ])('is read around it: %s', async (_, mode) => {
    const store = await smallStore()
    let cases = 0
    for (const [what, from, to, bytes] of damagesOf(bytesOf(store, store.segment))) {
      // Each mode takes every other case.
      cases += 1
      if (cases % 2 !== mode || !isTried(cases >> 1) || !matters(from, store)) continue
      const isHealed = cases % 8 < 2
      const { one, client } = await openWith(store, store.segment, bytes)
      if (mode === 1) await tidyUp(one)
      for (const { path, bytes, start, end } of store.records) {
        const isHit = start < to && end > from
        const found = await client.read(path)
        expect(found, `${what}: ${path}`).toEqual(isHit ? null : bytes)
        const head = await client.send('HEAD', path)
        expect(head.status, `${what}: ${path}`).toBe(isHit ? 404 : 200)
        if (!isHit || !isHealed) continue
        const pushed = path.includes('/manifests/')
          ? await client.tag(repository, 'kept', bytes)
          : await client.push(repository, bytes, path.includes('sha512') ? 'sha512' : 'sha256')
        // A manifest whose blobs are missing waits for them.
        expect([201, 400], `${what}: ${path}`).toContain(pushed.status)
      }
      if (!isHealed) {
        await one.close()
        continue
      }
      await client.tag(repository, 'kept', store.records[4]?.bytes ?? new Uint8Array())
      await tidyUp(one)
      for (const { path, bytes } of store.records) {
        expect(await client.read(path), `${what}, healed: ${path}`).toEqual(bytes)
      }
      await one.close()
    }
    expect(cases).toBeGreaterThan(2000)
  })
})

test('a damaged record keeps its segment until a push has healed it', async () => {
  const store = await smallStore()
  const bytes = Uint8Array.from(bytesOf(store, store.segment))
  // In the middle of the segment, and in its head.
  const hit = store.records[1] as NamedRecord
  bytes[hit.start + 10] = 0
  const { one, client, files } = await openWith(store, store.segment, bytes)
  await tidyUp(one)
  expect(segmentsOf(files)).toContain(store.segment)
  expect(await client.read(hit.path)).toBeNull()
  expect((await client.push(repository, hit.bytes)).status).toBe(201)
  await tidyUp(one)
  expect(segmentsOf(files)).not.toContain(store.segment)
  for (const { path, bytes } of store.records) expect(await client.read(path)).toEqual(bytes)
  await one.close()
})

test('bytes that look like a record are never taken for one', async () => {
  const files = new SimulatedFiles()
  const one = await openSimulated(files, options)
  const client = new LedgerClient(one.registry, new Ledger())
  await client.push(repository, sampleBytes(3000, 1))
  const [name = ''] = segmentsOf(files)
  const folder = folderOf(files.root)
  // A client that keeps a copy of the store in the store itself.
  const copy = (folder.names.get(name) as FileNode).bytes
  await client.push(repository, copy)
  await client.push(repository, sampleBytes(20, 2))
  const listed = async (after?: string): Promise<string[]> => {
    const keys: string[] = []
    for await (const { key } of one.blobs.list(after)) keys.push(key)
    return keys
  }
  const keys = await listed()
  expect(keys).toHaveLength(3)
  for (const [index, key] of keys.entries()) {
    expect(await listed(key)).toEqual(keys.slice(index + 1))
  }
  const file = folder.names.get(name) as FileNode
  const head = Number(keys[1]?.split(':')[1])
  file.change({ kind: 'write', at: head, bytes: new Uint8Array(10) })
  expect(await listed()).toEqual([keys[0], keys[2]])
  await one.close()
})

test('a file of deleted records with damage at any byte, or cut at any length, kills nothing', async () => {
  const store = await smallStore()
  const name = `${store.segment}.dead`
  const whole = bytesOf(store, name)
  const long = new Uint8Array(65 * 1024 * 1024)
  const others: Array<[string, number, number, Uint8Array]> = [['too long', 0, 0, long]]
  const tried = [...damagesOf(whole)].filter((_, number) => isTried(number))
  for (const [what, , , bytes] of [...tried, ...others]) {
    const { one, client } = await openWith(store, name, bytes)
    for (const { path, bytes } of store.records) {
      expect(await client.read(path), `${what}: ${path}`).toEqual(bytes)
    }
    await tidyUp(one)
    const added = sampleBytes(10, 9)
    await client.push(repository, added)
    for (const { path, bytes } of store.records) {
      expect(await client.read(path), `${what}, tidied up: ${path}`).toEqual(bytes)
    }
    expect(await client.read(blobPath(repository, digestText(added)))).toEqual(added)
    for await (const { key, digest } of one.blobs.list()) {
      expect(await one.metadata.knowsKeys([{ digest, key }]), key).toEqual([true])
    }
    await one.close()
  }
})
