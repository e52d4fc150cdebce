import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFront } from '../../adapters/cli/front.ts'
import { planesLooker } from '../../adapters/cli/health.ts'
import { BufferBudget } from '../../adapters/disk/buffers.ts'
import type { Files } from '../../adapters/disk/files.ts'
import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { type DiskStore, openDiskStore } from '../../adapters/disk/store.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import { type JournalledMetadata, openMetadata } from '../../src/kit.ts'
import { sampleBytes } from '../../src/testing/index.ts'
import { type Call, FaultFiles, type Verdict } from '../disk/fault-files.ts'
import { Ledger, LedgerClient, manifestOf } from '../disk/simulation/ledger.ts'
import { violations as violationsIn } from '../disk/simulation/lives.ts'
import { carelessFiles } from './careless-files.ts'
import type { Proof } from './proof.ts'

/** What can go wrong with which calls, and the answers that say so. A short write is written on. */
const faults: readonly {
  readonly code: string | number
  readonly calls: RegExp
  readonly answers: readonly number[]
}[] = [
  {
    code: 'ENOSPC',
    calls: /^(?:create|ensure|write|rename|make-directory|link)$/,
    answers: [507],
  },
  // What a sync lost is not there to be sent again.
  { code: 'ENOSPC', calls: /sync/, answers: [500, 503, 507] },
  { code: 'EIO', calls: /^(?!close|stat)/, answers: [500, 503] },
  {
    code: 'EROFS',
    calls: /^(?:create|ensure|write|rename|make-directory|link|unlink|truncate)$/,
    answers: [503],
  },
  { code: 'EMFILE', calls: /^(?:read|write|create|ensure|open-directory|list)$/, answers: [503] },
  { code: 100, calls: /^write$/, answers: [] },
]

const repository = 'team/app'
const [small, large, later] = [
  sampleBytes(700, 1),
  sampleBytes(200_000, 2),
  sampleBytes(150_000, 3),
]
const image = manifestOf([small, large], 'image')
const gone = manifestOf([small], 'gone')

/** A registry over files that can fail. */
interface Opened {
  readonly store: DiskStore
  readonly metadata: JournalledMetadata
  readonly registry: Registry
  readonly client: LedgerClient
  /** The status and the text of a health page. */
  page(path: string): Promise<readonly [number, string]>
  close(): Promise<void>
}

/** Each call of the file system fails in each way that it can: once, and from then on. */
export const diskErrors: Proof = {
  says: 'a disk that fails at any call is answered for, shows on the health page, and nothing acknowledged is lost',
  where: 'inside',
  unit: 'faults, evenly chosen; all there are where that is fewer',
  lengths: { short: 200, full: 1_000_000 },
  breaks: ['blind-writes'],
  async run({ length, broken }) {
    const careless = broken === null ? {} : { blindWrites: /^(?:journal\.|segments|uploads)/ }
    const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
    const found: string[] = []
    const rejected = (error: unknown): void => void found.push(`nobody caught ${error}`)
    process.on('unhandledRejection', rejected)
    const counts = {
      faults: 0,
      latched: 0,
      itself: 0,
      sites: new Set<string>(),
      answers: new Map<number, number>(),
    }
    const trial = async (
      judge: (call: Call, number: number) => Verdict,
      isLasting: boolean,
      answers: readonly number[],
    ): Promise<Call | null> => {
      const folder = await mkdtemp(join(place, 'layerdock-prove-'))
      try {
        return await oneFault(folder, { careless, judge, isLasting, answers, counts })
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
    const calls: Call[] = []
    await trial(
      (call) => {
        calls.push(call)
        return null
      },
      false,
      [],
    )
    const all = calls.flatMap(({ operation }, index) =>
      faults.flatMap((fault) =>
        fault.calls.test(operation)
          ? [false, true].map((isLasting) => ({ fault, index, isLasting }))
          : [],
      ),
    )
    const step = Math.max(1, all.length / length)
    for (let at = 0; at < all.length; at += step) {
      const chosen = all[Math.floor(at)]
      if (chosen === undefined) break
      const { fault, index, isLasting } = chosen
      const due = (number: number): boolean => (isLasting ? number >= index : number === index)
      let struck: Call | null = null
      try {
        await trial(
          (call, number) => {
            if (!due(number) || !fault.calls.test(call.operation)) return null
            struck ??= call
            counts.sites.add(`${call.operation} ${call.path.replaceAll(/[0-9a-f-]{8,}|\d+/g, 'N')}`)
            return fault.code
          },
          isLasting,
          fault.answers,
        )
        if (struck !== null) counts.faults += 1
      } catch (error) {
        const call = struck as Call | null
        const where = `${fault.code} ${isLasting ? 'from' : 'at'} call ${index}, ${call?.operation} ${call?.path}`
        found.push(`${where}: ${error instanceof Error ? error.message : error}`)
        if (broken !== null) break
      }
    }
    process.off('unhandledRejection', rejected)
    const answers = [...counts.answers]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${count} × ${status}`)
    const text = `${counts.faults} faults at ${counts.sites.size} kinds of calls, answered with ${answers.join(', ')}, ${counts.itself} went on by themselves and ${counts.latched} with a restart`
    return { text, violations: found }
  },
}

interface Trial {
  readonly careless: Parameters<typeof carelessFiles>[2]
  readonly judge: (call: Call, number: number) => Verdict
  readonly isLasting: boolean
  readonly answers: readonly number[]
  readonly counts: { latched: number; itself: number; readonly answers: Map<number, number> }
}

/** A life with one fault, and what comes after it. @throws Error that says what is wrong */
async function oneFault(folder: string, trial: Trial): Promise<Call | null> {
  const { careless, judge, isLasting, answers, counts } = trial
  const files = new FaultFiles(folder)
  const through = carelessFiles(files, folder, careless)
  const ledger = new Ledger()
  let number = -1
  let isOver = false
  let failed = 0
  files.judge = (call) => {
    if (isOver) return null
    number += 1
    const verdict = judge(call, number)
    if (typeof verdict === 'string') failed += 1
    return verdict
  }
  let refused = 0
  const tell = ({ status }: Response): void => {
    if (status < 400) return
    // What follows from a failure may be refused for it.
    if (status < 500 && refused > 0) return
    counts.answers.set(status, (counts.answers.get(status) ?? 0) + 1)
    refused += 1
    const allowed = [...answers, ...(refused > 1 || answers.length > 0 ? [503] : [])]
    if (failed === 0 || !allowed.includes(status)) throw new Error(`it answered ${status}`)
  }
  let one: Opened | null = null
  try {
    one = await open(folder, through, ledger)
  } catch (error) {
    if (failed === 0) throw error
  }
  if (one !== null) {
    await live(one, tell)
    if (refused > 0 && isLasting) await expectTold(one)
    isOver = true
    await goOn(one, files, counts)
    await one.close().catch((error) => {
      if (failed === 0) throw error
    })
  }
  isOver = true
  // A process that could not open it, or went wrong, ends.
  await files.bury()
  const again = await open(folder, new FaultFiles(folder), ledger)
  try {
    const lost = await violationsIn(again.client, ledger)
    if (lost.length > 0) throw new Error(`after a restart: ${lost.join('; ')}`)
    const { status } = await again.client.push(repository, sampleBytes(300, 9))
    if (status !== 201) throw new Error(`after a restart a push is ${status}`)
  } finally {
    await again.close()
  }
  return null
}

/** Pushes of all kinds, a restart's worth of maintenance, reads. */
async function live(
  { client, registry, metadata }: Opened,
  tell: (answer: Response) => void,
): Promise<void> {
  tell(await client.push(repository, small))
  tell(await client.push(repository, large))
  tell(await client.tag(repository, 'image', image))
  const tagged = await client.tag(repository, 'gone', gone)
  tell(tagged)
  await client.begin(repository, later, 100_000)
  // What became of a push that failed is not known, and so is what a deletion would find.
  if (tagged.ok) tell(await client.untag(repository, 'gone', gone))
  for (const task of [
    () => registry.collectGarbage(),
    () => metadata.compact(),
    () => registry.compactBytes(),
    () => registry.sweepBytes(0),
  ]) {
    // It is a notice where maintenance does it.
    await task().catch(() => {})
  }
  const finished = await client.finish(repository)
  if (finished !== null) tell(finished)
  for (const path of client.ledger.names.keys()) {
    const answer = await client.send('GET', path, null, { accept: '*/*' })
    await answer.arrayBuffer().catch(() => {})
    if (answer.status !== 404) tell(answer)
  }
}

/** While nothing can be written, the health page says so, and tells no path of the host. */
async function expectTold({ page, store }: Opened): Promise<void> {
  const [status, text] = await page('/healthz')
  const parts = Object.values(store.status().health)
  const isWell = parts.every(({ state }) => state === 'ok')
  if ((status === 200) !== isWell) throw new Error(`/healthz is ${status}: ${text}`)
  if (text.includes(store.status().directory)) throw new Error(`/healthz tells a path: ${text}`)
}

/** Once the disk is well again: all goes on, or the store says that it takes a restart. */
async function goOn(
  { client, store, page }: Opened,
  files: FaultFiles,
  counts: Trial['counts'],
): Promise<void> {
  await store.check()
  const [, before] = await page('/healthz')
  const answer = await client.push(repository, sampleBytes(400, 8))
  const bytes = sampleBytes(120_000, 7)
  await client.begin(repository, bytes, 80_000)
  const other = (await client.finish(repository)) ?? (await client.push(repository, bytes))
  await store.check()
  const [status, text] = await page('/healthz')
  if (answer.status === 201 && other.status === 201) {
    counts.itself += 1
    if (status !== 200 && !text.includes('read-only')) {
      throw new Error(`it goes on, and /healthz is ${status}: ${before}, then ${text}`)
    }
    return
  }
  counts.latched += 1
  const said = `${answer.status} and ${other.status}, /healthz ${status}: ${text}`
  if (status === 200 || !text.includes('read-only')) {
    throw new Error(`it does not go on: ${said}, ${files.lines.at(-1)}`)
  }
}

async function open(folder: string, files: Files, ledger: Ledger): Promise<Opened> {
  // A fault is not to be hidden by what is still in memory.
  const store = await openDiskStore({ directory: folder, files, cacheBytes: 0 })
  let metadata: JournalledMetadata
  try {
    metadata = await openMetadata({ log: store.log })
  } catch (error) {
    await store.close().catch(() => {})
    throw error
  }
  const registry = createRegistry({
    stores: { blobs: store.blobs, uploads: store.uploads, metadata },
    hash: nodeHash,
    limits: { manifestCacheBytes: 0 },
  })
  const front = createFront('0', new BufferBudget())
  const look = async () => {
    await store.check()
    return store.status().health
  }
  return {
    store,
    metadata,
    registry,
    client: new LedgerClient(registry, ledger),
    async page(path) {
      // A looker of its own, since one looks once a second at most.
      front.open(registry, planesLooker(look))
      const answer = await front.fetch(new Request(`http://registry.test${path}`))
      return [answer.status, await answer.text()]
    },
    async close() {
      const errors: unknown[] = []
      for (const part of [registry, metadata, store]) {
        await part.close().catch((error: unknown) => errors.push(error))
      }
      if (errors.length > 0) throw errors[0]
    },
  }
}
