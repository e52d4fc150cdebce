import { relative } from 'node:path'
import { crc32 } from '../../adapters/disk/crc32.ts'
import type { Files } from '../../adapters/disk/files.ts'
import { StoreTooNew, UnfitFolder } from '../../adapters/disk/store-folder.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { sampleBytes } from '../../src/testing/index.ts'
import { isExpected, Ledger, LedgerClient, manifestOf } from '../disk/simulation/ledger.ts'
import { FileNode, type FolderNode, type Node } from '../disk/simulation/nodes.ts'
import { SimulatedFiles, simulatedRoot } from '../disk/simulation/simulated-files.ts'
import {
  openSimulated,
  type SimulatedOptions,
  type SimulatedRegistry,
} from '../disk/simulation/simulated-registry.ts'
import { afterKill } from '../disk/simulation/states.ts'
import { butFile } from './careless-files.ts'
import type { Proof } from './proof.ts'

const repository = 'team/app'
const options: SimulatedOptions = {
  // Ahead of the machine's time, which then decides what a sweep takes.
  clock: fakeClock(Date.now() + 1e9),
  segmentLimit: 64 * 1024,
  boot: 'boot',
  leaseMs: 1000,
}

/** A small store, and what was acknowledged of it. */
interface SmallStore {
  readonly name: string
  readonly root: FolderNode
  readonly ledger: Ledger
  /** What the journal has beyond its seal: the file, where that begins, and the paths that it is about. */
  readonly unsealed: {
    readonly file: string
    readonly from: number
    readonly paths: Set<string>
  } | null
}

/** One file of a store with one damage. */
interface Damage {
  readonly file: string
  readonly what: string
  /** The first byte that is not as it was. */
  readonly at: number
  /** Null: the file is gone. */
  readonly bytes: Uint8Array | null
}

/** Every file of a small store, cut at each length, with a bit of each byte flipped, and gone. */
export const damage: Proof = {
  says: 'a store with damaged files has everything, or says what it misses, or is refused',
  where: 'inside',
  unit: 'damages, evenly chosen; all there are where that is fewer',
  lengths: { short: 1000, full: 1_000_000 },
  breaks: ['no-seal'],
  async run({ seed, length, broken }) {
    const through = (files: Files): Files => (broken === null ? files : withoutSeal(files))
    const stores = [await closedStore(), await killedStore()]
    const all = stores.flatMap((store) =>
      [...damagesOf(store.root, seed)].map((each) => ({ store, each })),
    )
    const step = Math.max(1, all.length / length)
    const outcomes = { whole: 0, said: 0, refused: 0 }
    const violations: string[] = []
    for (let at = 0; at < all.length; at += step) {
      const chosen = all[Math.floor(at)]
      if (chosen === undefined) break
      const { store, each } = chosen
      try {
        outcomes[await outcomeOf(store, each, through)] += 1
      } catch (error) {
        const { message, stack = '' } = error as Error
        const where = error instanceof Error && message === '' ? stack : message
        violations.push(`${store.name}, ${each.file} ${each.what}: ${where}`)
      }
    }
    const { whole, said, refused } = outcomes
    const count = whole + said + refused + violations.length
    const text = `${count} damages of ${stores.length} stores: ${whole} opened with everything, ${said} said what they miss, ${refused} refused`
    return { text, violations }
  },
}

/** What became of a damaged store. @throws Error where something is lost without a word, or fails without words */
async function outcomeOf(
  store: SmallStore,
  damaged: Damage,
  through: (files: Files) => Files,
): Promise<'whole' | 'said' | 'refused'> {
  const files = new SimulatedFiles(damagedCopy(store.root, damaged))
  let one: SimulatedRegistry
  try {
    one = await openSimulated(through(files), options)
  } catch (error) {
    const isRefusal =
      error instanceof StoreDamaged || error instanceof StoreTooNew || error instanceof UnfitFolder
    if (!isRefusal) throw error
    return 'refused'
  }
  const client = new LedgerClient(one.registry, new Ledger())
  let outcome: 'whole' | 'said' = 'whole'
  for (const [path, expected] of store.ledger.names) {
    const found = await client.read(path)
    const head = await client.send('HEAD', path, null, { accept: '*/*' })
    if (isExpected(found, expected) && (head.status === 200) === (found !== null)) continue
    if (found !== null || head.status !== 404) {
      throw new Error(`${path}: ${head.status} and ${found?.byteLength} other bytes`)
    }
    if (!isSaid(store, damaged, one, path)) throw new Error(`${path} is lost without a word`)
    outcome = 'said'
  }
  await one.close()
  return outcome
}

/** Whether someone was told that a path is without its bytes, or lost with the end of the journal. */
function isSaid(
  { unsealed }: SmallStore,
  { file, at, bytes }: Damage,
  { notices }: SimulatedRegistry,
  path: string,
): boolean {
  if (file.startsWith('segments/')) return notices.some(({ kind }) => kind === 'bytes-missing')
  if (unsealed === null || file !== unsealed.file || at < unsealed.from) return false
  // Where the file ends between two frames, it looks as if it had never been longer.
  if (bytes?.byteLength === unsealed.from) return unsealed.paths.has(path)
  const isNamed = notices.some(
    (notice) => notice.kind === 'store-recovered' && notice.file === file,
  )
  return isNamed && unsealed.paths.has(path)
}

async function closedStore(): Promise<SmallStore> {
  const files = new SimulatedFiles()
  const one = await openSimulated(files, options)
  const client = new LedgerClient(one.registry, new Ledger())
  await fill(client, one)
  await one.close()
  return { name: 'a closed store', root: files.root, ledger: client.ledger, unsealed: null }
}

/** A store with an upload under way, and one change after the last seal. */
async function killedStore(): Promise<SmallStore> {
  const files = new SimulatedFiles()
  const first = await openSimulated(files, options)
  const client = new LedgerClient(first.registry, new Ledger())
  await fill(client, first)
  await first.close()
  const one = await openSimulated(files, options)
  const again = new LedgerClient(one.registry, client.ledger)
  await again.push(repository, sampleBytes(90, 7))
  await again.tag(repository, 'sealed', manifestOf([sampleBytes(90, 7)], 'sealed'))
  await again.begin(repository, sampleBytes(300, 8), 200)
  await sealed(files)
  const [file, before] = newestJournal(files.root)
  const last = sampleBytes(120, 9)
  await again.push(repository, last)
  const root = afterKill(files.root)
  await one.close()
  const paths = new Set([...again.ledger.names.keys()].slice(-1))
  const unsealed = { file, from: before, paths }
  return { name: 'a killed store', root, ledger: again.ledger, unsealed }
}

async function fill(client: LedgerClient, one: SimulatedRegistry): Promise<void> {
  const blobs = [sampleBytes(40, 1), sampleBytes(0), sampleBytes(50, 2)]
  for (const blob of blobs) await client.push(repository, blob)
  await client.tag(repository, 'first', manifestOf(blobs, 'first'))
  await one.metadata.compact()
  const more = sampleBytes(70, 3)
  await client.push(repository, more)
  await client.tag(repository, 'second', manifestOf([more], 'second'))
  await one.metadata.compact()
  await client.untag(repository, 'second', manifestOf([more], 'second'))
  await client.tag(repository, 'third', manifestOf([more, ...blobs], 'third'))
}

/** Resolves once all of the newest journal is sealed, as a store does when nothing has come for a second. */
async function sealed(files: SimulatedFiles): Promise<void> {
  const isSealed = (): boolean => {
    const text = `${Buffer.from((files.root.names.get('journal.seal') as FileNode).bytes)}`
    const [name, length] = newestJournal(files.root)
    return text.includes(`seal ${name.slice('journal.'.length)} ${length} `)
  }
  // The store's own timer keeps no process alive.
  const awake = setInterval(() => {}, 1000)
  while (!isSealed()) {
    await new Promise<void>((resolve) => {
      files.judge = ({ operation, path }) => {
        if (operation === 'datasync' && path === 'journal.seal') setImmediate(resolve)
        return null
      }
    })
  }
  clearInterval(awake)
}

/** The name of the newest journal, and its length. */
function newestJournal(root: FolderNode): [string, number] {
  const names = [...root.names.keys()].filter((name) => /^journal\.\d+$/.test(name))
  const newest = names.toSorted((a, b) => Number(a.slice(8)) - Number(b.slice(8))).at(-1) ?? ''
  return [newest, (root.names.get(newest) as FileNode).bytes.byteLength]
}

function* damagesOf(root: FolderNode, seed: number): Generator<Damage> {
  for (const [file, { bytes }] of filesOf(root, '')) {
    // Its bytes mean nothing.
    if (file === 'reserve') continue
    yield { file, what: 'gone', at: 0, bytes: null }
    for (let length = 0; length < bytes.byteLength; length += 1) {
      yield { file, what: `cut to ${length}`, at: length, bytes: bytes.slice(0, length) }
    }
    for (const [at, byte] of bytes.entries()) {
      const flipped = Uint8Array.from(bytes)
      flipped[at] = byte ^ (1 << ((at * 5 + seed) % 8))
      yield { file, what: `byte ${at} flipped`, at, bytes: flipped }
    }
  }
}

function* filesOf(folder: FolderNode, below: string): Generator<[string, FileNode]> {
  for (const [name, node] of folder.names) {
    if (node.kind === 'file') yield [`${below}${name}`, node]
    else yield* filesOf(node, `${below}${name}/`)
  }
}

function damagedCopy(root: FolderNode, { file, bytes }: Damage): FolderNode {
  const copy = afterKill(root)
  const names = file.split('/')
  const last = names.pop() ?? ''
  let folder = copy
  for (const name of names) folder = folder.names.get(name) as FolderNode
  const node: Node | null = bytes === null ? null : new FileNode(bytes)
  folder.change(last, node)
  return copy
}

/** A store that does not look how much of its journal is durable: each seal says nothing is. */
function withoutSeal(files: Files): Files {
  const isSeal = (path: string): boolean => relative(simulatedRoot, path) === 'journal.seal'
  return {
    async open(path, mode) {
      const file = await files.open(path, mode)
      if (!isSeal(path)) return file
      const text = new Uint8Array(file.size)
      await file.read(text, 0, text.byteLength, 0)
      const seals = Buffer.from(
        `${Buffer.from(text)}`.replaceAll(/(seal \d+) \d+ [0-9a-f]{8}( *)/g, (_, seal) => {
          const nothing = `${seal} 0 `
          const sum = crc32(nothing).toString(16).padStart(8, '0')
          return `${nothing}${sum}`.padEnd(63)
        }),
      )
      const read = (into: Uint8Array, offset: number, length: number, position: number): number =>
        seals.subarray(position, position + length).copy(into, offset)
      return butFile(file, { readNow: read, read: async (...words) => read(...words) })
    },
    openDirectory: (path) => files.openDirectory(path),
    stat: (path) => files.stat(path),
    statNow: (path) => files.statNow(path),
    rename: (from, to) => files.rename(from, to),
    link: (from, to) => files.link(from, to),
    unlink: (path) => files.unlink(path),
    makeDirectory: (path) => files.makeDirectory(path),
    list: (path) => files.list(path),
  }
}
