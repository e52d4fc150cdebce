import { StoreDamaged } from '../../../src/kit.ts'
import { fakeClock, sampleBytes } from '../../../src/testing/index.ts'
import { Copier, cloneOf } from './copier.ts'
import { digestText, type Expectation, Ledger, LedgerClient, manifestOf } from './ledger.ts'
import type { FolderNode } from './nodes.ts'
import { Random } from './random.ts'
import { SimulatedFiles } from './simulated-files.ts'
import {
  openSimulated,
  type SimulatedOptions,
  type SimulatedRegistry,
} from './simulated-registry.ts'

/** What became of copies that were made while a registry was at work. */
export interface CopiedOrders {
  /** Opened, with all that was acknowledged before the copy began and with nothing that lacks its bytes. */
  readonly whole: number
  /** Refused, with words. */
  readonly refused: number
  /** Opened and not whole: what is wrong with each. */
  readonly torn: readonly string[]
}

const repositories = ['team/app', 'team/other'] as const
const leaseMs = 100_000

function optionsOf(trustsCopies: boolean): SimulatedOptions {
  // Blobs beyond this are files of their own.
  return { clock: fakeClock(), segmentLimit: 600, boot: 'boot', leaseMs, trustsCopies }
}

/** A ledger that remembers all that a name stood for, or was to stand for. */
class History extends Ledger {
  override readonly names: HistoryMap = new HistoryMap()
}

class HistoryMap extends Map<string, Expectation> {
  readonly seen: Map<string, Array<Uint8Array | null>> = new Map()

  override set(path: string, expectation: Expectation): this {
    // A field of the class is not there yet while the map is made.
    const all = this.seen?.get(path) ?? []
    all.push(expectation.now)
    if (expectation.next !== undefined) all.push(expectation.next)
    this.seen?.set(path, all)
    return super.set(path, expectation)
  }
}

/** A store that was at work for a while, and what it acknowledged. */
export interface Beginning {
  readonly root: FolderNode
  readonly ledger: Ledger
}

/** Makes the store that all orders begin with. */
export async function beginning(): Promise<Beginning> {
  const files = new SimulatedFiles()
  const options = optionsOf(true)
  const one = await openSimulated(files, options)
  const ledger = new History()
  const worker = new Worker(one, options, new LedgerClient(one.registry, ledger), new Random(0))
  for (let step = 0; step < 40; step += 1) await worker.step()
  await one.metadata.compact()
  for (let step = 0; step < 10; step += 1) await worker.step()
  await one.close()
  return { root: files.root, ledger }
}

/** Copies the store in one order after another while it is at work, and opens each copy. */
export async function copyInOrders(
  { root, ledger }: Beginning,
  seeds: Iterable<number>,
  { trustsCopies = false }: { readonly trustsCopies?: boolean } = {},
): Promise<CopiedOrders> {
  let whole = 0
  let refused = 0
  const torn: string[] = []
  for (const seed of seeds) {
    const problem = await oneOrder(cloneOf(root), ledger, seed, trustsCopies)
    if (problem === 'refused') refused += 1
    else if (problem === null) whole += 1
    else torn.push(`order ${seed}: ${problem}`)
  }
  return { whole, refused, torn }
}

async function oneOrder(
  root: FolderNode,
  before: Ledger,
  seed: number,
  trustsCopies: boolean,
): Promise<string | null> {
  const random = new Random(seed)
  const files = new SimulatedFiles(root)
  const options = optionsOf(false)
  const one = await openSimulated(files, options)
  const ledger = new History()
  for (const [path, expectation] of before.names) ledger.names.set(path, expectation)
  const client = new LedgerClient(one.registry, ledger)
  const worker = new Worker(one, options, client, random)
  // What is acknowledged shortly before is the hardest to have.
  for (let step = random.below(4); step > 0; step -= 1) await worker.step()
  const calls: Array<() => void> = []
  files.pause = () => new Promise<void>((resolve) => calls.push(resolve))
  const copier = new Copier(root, random)
  const known = new Map(ledger.names)
  ledger.names.seen.clear()
  for (const [path, expectation] of known) ledger.names.set(path, expectation)
  let isOver = false
  const work = (async (): Promise<void> => {
    while (!isOver) await worker.step()
  })()
  // Some copies are long beside what the server does, some are short.
  const share = 0.3 + random.below(65) / 100
  while (!copier.isDone) {
    const call = random.chance(share) ? calls.splice(random.below(calls.length), 1)[0] : undefined
    if (call === undefined) copier.step()
    else call()
    await new Promise((resolve) => setImmediate(resolve))
  }
  isOver = true
  files.pause = async () => {}
  for (const call of calls) call()
  await work
  await one.close()
  return await problemOf(copier.copy, known, ledger.names.seen, { ...options, trustsCopies })
}

/** What is wrong with a copy that opens; `refused` where it does not; null where it is whole. */
async function problemOf(
  copy: FolderNode,
  known: ReadonlyMap<string, Expectation>,
  values: ReadonlyMap<string, ReadonlyArray<Uint8Array | null>>,
  options: SimulatedOptions,
): Promise<string | null> {
  let one: SimulatedRegistry
  try {
    one = await openSimulated(new SimulatedFiles(copy), options)
  } catch (error) {
    if (error instanceof StoreDamaged) return 'refused'
    throw error
  }
  const client = new LedgerClient(one.registry, new Ledger())
  try {
    for (const path of known.keys()) {
      const found = await client.read(path)
      const allowed = values.get(path) ?? []
      if (!allowed.some((value) => isSame(value, found))) {
        return `${path}: ${found === null ? 'nothing' : `${found.byteLength} bytes`}`
      }
    }
    return await lacking(client)
  } finally {
    await one.close()
  }
}

/** Something that has a name and no bytes, or other bytes. */
async function lacking(client: LedgerClient): Promise<string | null> {
  for (const repository of repositories) {
    const { tags = [] } = await json(client, `/v2/${repository}/tags/list`)
    for (const tag of tags) {
      const path = `/v2/${repository}/manifests/${tag}`
      const manifest = await client.read(path)
      if (manifest === null) return `${path}: is listed, and not there`
      const { config, layers } = JSON.parse(new TextDecoder().decode(manifest))
      for (const { digest } of [config, ...layers]) {
        const blob = await client.read(`/v2/${repository}/blobs/${digest}`)
        if (blob === null || digestText(blob) !== digest) return `${path}: lacks ${digest}`
      }
    }
  }
  return null
}

async function json(client: LedgerClient, path: string): Promise<{ tags?: string[] }> {
  const bytes = await client.read(path)
  return bytes === null ? {} : JSON.parse(new TextDecoder().decode(bytes))
}

/** Clients and maintenance of a registry, one step after the other. */
class Worker {
  readonly #one: SimulatedRegistry
  readonly #options: SimulatedOptions
  readonly #client: LedgerClient
  readonly #random: Random

  constructor(
    one: SimulatedRegistry,
    options: SimulatedOptions,
    client: LedgerClient,
    random: Random,
  ) {
    this.#one = one
    this.#options = options
    this.#client = client
    this.#random = random
  }

  async step(): Promise<void> {
    const { registry, metadata } = this.#one
    const kind = this.#random.below(12)
    if (kind < 5) return await this.#push()
    if (kind < 7) return await this.#remove()
    if (kind === 7) return await metadata.compact()
    if (kind === 8) {
      this.#options.clock.advance(leaseMs * 2)
      this.#client.ledger.endLeases()
    }
    if (kind === 9) await registry.compactBytes()
    if (kind === 10) await registry.sweepBytes(0)
    if (kind === 8 || kind === 11) await registry.collectGarbage()
  }

  /** An image of layers small and large, under a new tag or one that moves. */
  async #push(): Promise<void> {
    const repository = this.#random.pick(repositories)
    const layers = Array.from({ length: 1 + this.#random.below(3) }, () =>
      sampleBytes(1 + this.#random.below(900), this.#random.below(1_000_000)),
    )
    await Promise.all(layers.map((layer) => this.#client.push(repository, layer)))
    const tag = `tag-${this.#random.below(12)}`
    const note = `${this.#random.below(1_000_000)}`
    await this.#client.tag(repository, tag, manifestOf(layers, note))
  }

  async #remove(): Promise<void> {
    const { names } = this.#client.ledger
    const tags = [...names].filter(
      ([path, { now }]) => now !== null && path.includes('/manifests/'),
    )
    if (tags.length === 0) return
    const [path, { now }] = this.#random.pick(tags)
    const [, repository = '', tag = ''] = /^\/v2\/(.*)\/manifests\/(.*)$/.exec(path) ?? []
    await this.#client.untag(repository, tag, now as Uint8Array)
  }
}

function isSame(one: Uint8Array | null, other: Uint8Array | null): boolean {
  if (one === null || other === null) return one === other
  return Buffer.compare(one, other) === 0
}
