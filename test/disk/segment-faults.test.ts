import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { sampleBytes } from '../../src/testing/index.ts'
import { sampleOf } from '../sample.ts'
import { isFull } from '../services/test-service.ts'
import type { Call, Verdict } from './fault-files.ts'
import { Ledger, LedgerClient, manifestOf } from './simulation/ledger.ts'
import { check, violations } from './simulation/lives.ts'
import { Random } from './simulation/random.ts'
import { SimulatedFiles } from './simulation/simulated-files.ts'
import { openSimulated, type SimulatedOptions } from './simulation/simulated-registry.ts'
import { afterKill, afterPowerLoss } from './simulation/states.ts'

const repository = 'team/app'
const leaseMs = 1000
const options: SimulatedOptions = {
  clock: fakeClock(Date.now() + 1e9),
  segmentLimit: 64 * 1024,
  boot: 'boot',
  leaseMs,
}

const [kept, gone, fresh] = [0, 100, 200].map((from) =>
  Array.from({ length: 6 }, (_, number) => sampleBytes(from === 100 ? 3000 : 400, from + number)),
) as [Uint8Array[], Uint8Array[], Uint8Array[]]

/** What went wrong and how callers were told. */
interface Outcome {
  readonly statuses: number[]
  readonly struck: Call | null
}

/**
 * Pushes, deletes, collects and compacts in a store that holds something already, while calls fail;
 * then all is well again and the same is done once more.
 */
async function withFault(
  files: SimulatedFiles,
  ledger: Ledger,
  canFail: (operation: string) => boolean,
  judge: (call: Call, number: number) => Verdict,
): Promise<Outcome> {
  const one = await openSimulated(files, options)
  const client = new LedgerClient(one.registry, ledger)
  await Promise.all([...kept, ...gone].map((bytes) => client.push(repository, bytes)))
  await client.tag(repository, 'kept', manifestOf(kept))
  let struck: Call | null = null
  const statuses: number[] = []
  let number = 0
  const failedSyncs: Set<string> = new Set()
  files.judge = (call) => {
    const { operation, path } = call
    // A failed sync is never followed by a write or a sync of the same file.
    if (/write|sync/.test(operation)) expect(failedSyncs, operation).not.toContain(path)
    if (!path.startsWith('segments') || !canFail(operation)) return null
    number += 1
    const verdict = judge(call, number)
    if (verdict === null) return null
    struck ??= call
    if (operation === 'datasync') failedSyncs.add(path)
    return verdict
  }
  const work = async (): Promise<void> => {
    const [first, second, ...others] = fresh
    for (const together of [[first], [second], others]) {
      const pushes = together.map((bytes) => client.push(repository, bytes as Uint8Array))
      for (const { status } of await Promise.all(pushes)) statuses.push(status)
    }
    await Promise.allSettled(gone.map((bytes) => client.deleteBlob(repository, bytes)))
    const upkeep = [() => one.registry.collectGarbage(), () => one.registry.compactBytes()]
    for (const each of upkeep) await each().catch(() => {})
  }
  await work()
  const told = [...statuses]
  const isLatched = one.blobs.failure !== null
  // From now on no call fails.
  number = Number.NEGATIVE_INFINITY
  expect(await violations(client, ledger), 'at first').toEqual([])
  statuses.length = 0
  await work()
  // It recovers without a restart, unless a sync of the folder failed.
  if (!isLatched) expect(statuses).toEqual(fresh.map(() => 201))
  else expect(new Set(statuses)).toEqual(new Set([503]))
  expect(await violations(client, ledger), 'once all is well').toEqual([])
  files.judge = () => null
  return { statuses: told, struck }
}

const expected: Readonly<Record<string, readonly number[]>> = {
  ENOSPC: [201, 507],
  EDQUOT: [201, 507],
  EMFILE: [201, 503],
  EROFS: [201, 503],
  EIO: [201, 500, 503],
}

describe.each(sampleOf('errors of a disk', Object.keys(expected), 2))(
  '%s at any call of an append, a deletion or a compaction',
  (code) => {
    test.each([
      ['once', isFull ? 1 : 7, (at: number, number: number) => number === at],
      ['and from then on', isFull ? 3 : 11, (at: number, number: number) => number >= at],
    ])('%s: nothing acknowledged is lost, and the store goes on', async (_, step, isDue) => {
      const random = new Random(7)
      let faults = 0
      for (let at = 1; ; at += step) {
        const files = new SimulatedFiles()
        const ledger = new Ledger()
        const judge = (_call: Call, number: number): Verdict => (isDue(at, number) ? code : null)
        const canFail = (operation: string): boolean => mayFail(operation, code)
        const { statuses, struck } = await withFault(files, ledger, canFail, judge)
        const what = `${code} at ${struck?.operation} (${at})`
        for (const status of statuses) expect(expected[code], what).toContain(status)
        const root = at % 2 === 0 ? afterKill(files.root) : afterPowerLoss(files.root, random)
        await check(new SimulatedFiles(root), options, ledger, 'kill')
        if (struck === null) break
        faults += 1
      }
      expect(faults * step).toBeGreaterThan(code === 'EMFILE' ? 5 : 10)
    })
  },
)

/** What the system never says of some calls. */
function mayFail(operation: string, code: string): boolean {
  if (operation === 'close') return false
  if (code === 'EMFILE') return /open|create|ensure|read$/.test(operation)
  if (code === 'EIO') return true
  return /write|create|ensure|truncate|unlink|sync/.test(operation)
}

function isWrite(operation: string): boolean {
  return operation === 'write'
}

test.each(sampleOf('errors of a disk', [0, 1, 50, 600], 3))(
  'writes of %s bytes at most, and then a full disk',
  async (most) => {
    for (let at = 1; at < 20; at += isFull ? 1 : 6) {
      const files = new SimulatedFiles()
      const ledger = new Ledger()
      let isFull = false
      const judge = (_: Call, number: number): Verdict => {
        if (number < at) return null
        if (isFull) return 'ENOSPC'
        isFull = true
        return most
      }
      const { statuses } = await withFault(files, ledger, isWrite, judge)
      for (const status of statuses) expect([201, 507]).toContain(status)
      await check(new SimulatedFiles(afterKill(files.root)), options, ledger, 'kill')
    }
  },
)

test.each([1, 300])('writes of %s bytes at most are made whole', async (most) => {
  const files = new SimulatedFiles()
  const ledger = new Ledger()
  const { statuses } = await withFault(files, ledger, isWrite, () => most)
  expect(statuses).toEqual(fresh.map(() => 201))
  await check(new SimulatedFiles(afterKill(files.root)), options, ledger, 'kill')
})
