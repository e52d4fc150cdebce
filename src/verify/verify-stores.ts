import { ByteRate } from '../copy/byte-rate.ts'
import type { CopyOptions } from '../copy/copy-stores.ts'
import { patience, timerPause } from '../copy/patience.ts'
import type { CopiedStores } from '../copy/report.ts'
import { safeNotices } from '../core/callbacks.ts'
import { portableHash } from '../memory/portable-hash.ts'
import { callSafely } from '../oci/call-safely.ts'
import { steadyClock } from '../oci/steady-clock.ts'
import type { DamagedFile } from '../ports/name-files.ts'
import { findUnnamed } from './find-unnamed.ts'
import { Findings } from './findings.ts'
import { itemsAfter, type Pass } from './pass.ts'
import { type Counting, PassPlace } from './pass-place.ts'
import type { RepairSource } from './repair.ts'
import {
  noProgress,
  type VerifyProblem,
  type VerifyProgress,
  type VerifyReport,
  type VerifyState,
} from './report.ts'
import { Spread, workOf } from './spread.ts'
import { verifyBytes } from './verify-bytes.ts'
import { verifyManifests } from './verify-manifests.ts'

/** Settings of {@link verifyStores}. */
export interface VerifyOptions
  extends Pick<CopyOptions, 'bytesPerSecond' | 'hash' | 'signal' | 'pause' | 'onNotice'> {
  /** Digests looked at at a time. Default: 8. */
  readonly concurrency?: number
  /**
   * Whether what is wrong is noted as missing, put aside and repaired; otherwise it is told and nothing changes.
   * Default: true.
   */
  readonly marks?: boolean
  /**
   * Where whole bytes may come from, asked in this order. With it, though it may be empty, what is wrong is repaired:
   * also with other copies in the store itself, and records of manifests with what their bytes say. Default: nothing
   * is repaired.
   */
  readonly sources?: readonly RepairSource[]
  /** How old bytes without a name are that are counted, in milliseconds. Default: a day. */
  readonly graceMs?: number
  /** How long the pass takes, in milliseconds: the work is spread evenly over it. Default: as short as can be. */
  readonly spreadMs?: number
  /** Where an earlier pass was stopped, to go on there. */
  readonly from?: VerifyState | null
  /**
   * Told now and then where another pass would go on, and once more when this one is stopped. It waits for what is
   * returned.
   */
  readonly onState?: (state: VerifyState) => void | Promise<void>
  /** Told whenever something was looked at, always with the same object, whose numbers change. */
  readonly onProgress?: (progress: VerifyProgress) => void
  /** Told of each file of the store's own that is damaged. */
  readonly onFile?: (file: DamagedFile) => void
  /** Told of each problem, once it was dealt with; once more where a later phase repairs it. */
  readonly onProblem?: (problem: VerifyProblem) => void
  /** Milliseconds since the epoch. Default: a steady clock. */
  readonly clock?: () => number
}

const dayMs = 24 * 60 * 60 * 1000
/** The least rate of a pass that is spread over a time, in bytes a second. */
const leastRate = 8 * 1024 * 1024

/**
 * Reads the store's own files; all bytes that names stand for, each digest once, and hashes them; compares what is
 * recorded of manifests with their bytes; and counts bytes that no name points at. Memory is bounded, however much there is and however
 * much of it is damaged. Clients go on pushing and pulling meanwhile.
 *
 * Wrong bytes are noted as missing, so that no client is told that they are there and the next push of the same
 * content heals them; a store that can puts them aside. With `sources` they are replaced at once.
 *
 * @example
 * const report = await verifyStores(stores, { hash, onProblem: (problem) => console.error(problem) })
 * if (!report.sound) process.exitCode = 1
 *
 * @throws as the stores do; the reason of the signal.
 */
export async function verifyStores(
  stores: CopiedStores,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { signal, hash = portableHash, pause = timerPause(signal), clock = steadyClock() } = options
  const { concurrency = 8, spreadMs = 0, from = null, graceMs = dayMs, onState } = options
  const { sources, marks = true, onProgress = () => {}, onProblem = () => {} } = options
  const safely = (told: () => void): void => callSafely(told, () => {})
  const onNotice = safeNotices(options.onNotice)
  const patiently = patience(pause, signal)
  const startedAt = from?.startedAt ?? clock()
  const progress: Counting = { ...(from?.progress ?? noProgress()) }
  const looked = (): void => safely(() => onProgress(progress))
  if (from === null) progress.total = await totalOf({ ...stores, patiently, signal })
  looked()
  const work = workOf(progress.total)
  const { bytesPerSecond = rateOf(work, spreadMs) } = options
  const common = {
    ...stores,
    hash,
    rate: new ByteRate(bytesPerSecond, clock, pause),
    signal,
    patiently,
  }
  const tell = (problem: VerifyProblem, again: boolean): void => {
    if (!again) progress.problems += 1
    if (problem.repairedFrom !== null) progress.repaired += 1
    safely(() => onProblem(problem))
  }
  const repairing = { sources: sources ?? [], repairs: sources !== undefined }
  const place = new PassPlace({ startedAt, progress, clock, onNotice, onState }, from)
  const pass: Pass = {
    ...common,
    findings: new Findings({ ...common, ...repairing, onNotice, marks, tell }),
    spread: new Spread(startedAt, spreadMs, work, clock, pause),
    progress,
    place,
    graceMs,
    clock,
    concurrency,
    looked,
  }
  try {
    if (from === null) await verifyFiles(pass, marks && sources !== undefined, options.onFile)
    if (progress.phase === 'manifests') {
      await verifyManifests(pass)
      place.enter('bytes')
    }
    if (progress.phase === 'bytes') {
      await verifyBytes(pass)
      place.enter('names')
    }
    await findUnnamed(pass)
  } catch (error) {
    await place.save()
    throw error
  }
  const { problems, repaired } = progress
  return { ...progress, sound: problems === repaired }
}

/** Reads the store's own files, where it has some. */
async function verifyFiles(
  { metadata, progress, signal, looked }: Pass,
  repairs: boolean,
  told: VerifyOptions['onFile'],
): Promise<void> {
  for (const file of (await metadata.inspectFiles?.({ repairs, signal })) ?? []) {
    progress.problems += 1
    if (file.isRepaired) progress.repaired += 1
    callSafely(
      () => told?.(file),
      () => {},
    )
    looked()
  }
}

/** How fast a pass that is spread over a time goes where it is late: four times as fast as it has to, in bytes a second. */
function rateOf(work: number, spreadMs: number): number {
  if (spreadMs === 0) return Number.POSITIVE_INFINITY
  return Math.max(leastRate, (4000 * work) / spreadMs)
}

async function totalOf(
  deps: Pick<Pass, 'metadata' | 'patiently' | 'signal'>,
): Promise<VerifyProgress['total']> {
  let [digests, bytes] = [0, 0]
  const named = itemsAfter(
    deps,
    (page) => deps.metadata.listNamed(page),
    ({ digest }) => digest,
  )
  for await (const { size, isMissing } of named) {
    digests += 1
    if (!isMissing) bytes += size
  }
  return { digests, bytes }
}
