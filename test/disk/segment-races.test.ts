import { expect, test } from 'vitest'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { sampleBytes } from '../../src/testing/index.ts'
import { timesOf } from '../sample.ts'
import { blobPath, digestText, Ledger, LedgerClient, manifestOf } from './simulation/ledger.ts'
import { violations } from './simulation/lives.ts'
import { Random } from './simulation/random.ts'
import { SimulatedFiles } from './simulation/simulated-files.ts'
import { openSimulated, type SimulatedRegistry } from './simulation/simulated-registry.ts'
import { afterKill } from './simulation/states.ts'

/** Operations of a history: `TEST_OPERATIONS=20000 npx vitest run <this file>` for long. */
const operations = Number(process.env.TEST_OPERATIONS ?? timesOf('operations', 500, 120))
const seed = Number(process.env.TEST_SEED ?? 1)
const leaseMs = 1000
/** Only a bound for what never ends, in milliseconds. */
const longest = 3_600_000

/** Contents that all callers push, so that they meet at the same digests. */
const contents = Array.from({ length: 24 }, (_, number) => sampleBytes(number * 150, number + 1))

interface Race {
  readonly one: SimulatedRegistry
  readonly files: SimulatedFiles
  readonly clock: FakeClock
  readonly client: LedgerClient
}

/** A registry whose every call of the file system takes a while, by chance. */
async function race(random: Random): Promise<Race> {
  const files = new SimulatedFiles()
  files.pause = async () => {
    for (let turns = random.below(4); turns > 0; turns -= 1) await nextTurn()
  }
  const clock = fakeClock(Date.now() + 1e9)
  const one = await openSimulated(files, { clock, segmentLimit: 64 * 1024, boot: 'boot', leaseMs })
  return { one, files, clock, client: new LedgerClient(one.registry, new Ledger()) }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What a tag stands for, and all it stood for before. */
class WatchedTag {
  readonly repository: string
  readonly name: string
  /** Null: the tag does not exist. */
  blobs: readonly Uint8Array[] | null = null
  /** Changes that were begun or have ended. */
  changes = 0

  constructor(repository: string, name: string) {
    this.repository = repository
    this.name = name
  }

  get path(): string {
    return `/v2/${this.repository}/manifests/${this.name}`
  }
}

/** Pushes blobs and names them. A blob that no manifest names may be collected: it is pushed again. */
async function pushImage(
  client: LedgerClient,
  tag: WatchedTag,
  blobs: readonly Uint8Array[],
): Promise<void> {
  tag.changes += 1
  const manifest = manifestOf(blobs, `${tag.name} ${tag.changes}`)
  for (;;) {
    for (const bytes of blobs) {
      const { status } = await client.push(tag.repository, bytes)
      if (status !== 201) throw new Error(`a push was answered with ${status}`)
    }
    const answer = await client.tag(tag.repository, tag.name, manifest)
    if (answer.status === 201) break
    const text = await answer.text()
    if (!text.includes('MANIFEST_BLOB_UNKNOWN')) throw new Error(`a manifest got ${text}`)
  }
  tag.blobs = blobs
  tag.changes += 1
}

async function untag(client: LedgerClient, tag: WatchedTag): Promise<void> {
  const manifest = client.ledger.names.get(tag.path)?.now
  if (!manifest) return
  tag.changes += 1
  const { status } = await client.untag(tag.repository, tag.name, manifest)
  if (status !== 202) throw new Error(`a deletion was answered with ${status}`)
  tag.blobs = null
  tag.changes += 1
}

/** Reads an image, which has to be whole unless it was changed meanwhile. */
async function pullImage(client: LedgerClient, tag: WatchedTag): Promise<boolean> {
  const { changes, blobs } = tag
  const expected = client.ledger.names.get(tag.path)?.now ?? null
  const found = await client.read(tag.path)
  if (changes % 2 === 1) return false
  const problems: string[] = []
  if (!isSame(found, expected)) problems.push(tag.path)
  for (const bytes of blobs ?? []) {
    const path = blobPath(tag.repository, digestText(bytes))
    if (!isSame(await client.read(path), bytes)) problems.push(path)
  }
  if (tag.changes !== changes) return false
  expect(problems).toEqual([])
  return true
}

function isSame(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : Buffer.compare(one, other) === 0
}

test(
  'reads never fail beside pushes, deletions, collections, sweeps and compactions',
  async () => {
    const random = new Random(seed)
    const { one, files, clock, client } = await race(random)
    const tags = Array.from(
      { length: 24 },
      (_, number) => new WatchedTag(`team/r${number % 3}`, `t${number}`),
    )
    let left = operations
    let pulls = 0
    let isOver = false
    // Each writer has tags of its own, so what a tag stands for is known between two of its changes.
    const writer = async (own: readonly WatchedTag[]): Promise<void> => {
      while (left > 0) {
        left -= 1
        const tag = random.pick(own)
        if (random.chance(0.35)) await untag(client, tag)
        else {
          const blobs = Array.from({ length: 1 + random.below(3) }, () => random.pick(contents))
          await pushImage(client, tag, [...new Set(blobs)])
        }
      }
    }
    const reader = async (): Promise<void> => {
      while (!isOver) {
        if (await pullImage(client, random.pick(tags))) pulls += 1
        await nextTurn()
      }
    }
    const repeat = async (work: () => Promise<unknown>): Promise<void> => {
      while (!isOver) {
        await work()
        await nextTurn()
      }
    }
    let freed = 0
    const others = [
      ...Array.from({ length: 4 }, reader),
      repeat(async () => {
        if (random.chance(0.2)) clock.advance(leaseMs * 2)
        await one.registry.collectGarbage()
      }),
      repeat(async () => {
        freed += await one.registry.compactBytes()
      }),
      repeat(() => one.registry.sweepBytes(60_000)),
    ]
    const writers = Array.from({ length: 8 }, (_, at) =>
      writer(tags.filter((__, number) => number % 8 === at)),
    )
    await Promise.all(writers).finally(() => {
      isOver = true
    })
    await Promise.all(others)
    for (const tag of tags) expect(await pullImage(client, tag)).toBe(true)
    expect(one.notices.filter(({ kind }) => kind !== 'garbage-collected')).toEqual([])
    expect(freed).toBeGreaterThan(0)
    expect(pulls).toBeGreaterThan(operations / 20)
    if (operations > 500) process.stdout.write(`${operations} changes, ${pulls} pulls\n`)

    // Nothing is left over, and the next process finds the same.
    clock.advance(leaseMs * 2)
    client.ledger.endLeases()
    await one.registry.collectGarbage()
    await one.registry.sweepBytes(0)
    await one.registry.compactBytes()
    for await (const { key, digest } of one.blobs.list()) {
      expect(await one.metadata.knowsKeys([{ digest, key }]), key).toEqual([true])
    }
    const next = await openSimulated(new SimulatedFiles(afterKill(files.root)), {
      clock,
      segmentLimit: 64 * 1024,
      boot: 'boot',
      leaseMs,
    })
    expect(await violations(new LedgerClient(next.registry, client.ledger), client.ledger)).toEqual(
      [],
    )
    await next.close()
    await one.close()
  },
  longest,
)

test('64 pushes of the same content at once leave one record', async () => {
  const { one, client } = await race(new Random(seed))
  const bytes = sampleBytes(5000)
  const answers = await Promise.all(Array.from({ length: 64 }, () => client.push('a/b', bytes)))
  expect(answers.map(({ status }) => status)).toEqual(Array(64).fill(201))
  const keys: string[] = []
  for await (const { key } of one.blobs.list()) keys.push(key)
  expect(keys).toHaveLength(1)
  expect(await client.read(blobPath('a/b', digestText(bytes)))).toEqual(bytes)
  await one.registry.compactBytes()
  expect(await client.read(blobPath('a/b', digestText(bytes)))).toEqual(bytes)
  await one.close()
})
