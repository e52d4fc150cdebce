import { safeNotices } from '../core/callbacks.ts'
import { portableHash } from '../memory/portable-hash.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { steadyClock } from '../oci/steady-clock.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'
import { ByteRate } from './byte-rate.ts'
import { compareStores, missingDigests, type StoreComparison } from './compare-stores.ts'
import { CopyRefused, expectMirror } from './copy-refused.ts'
import { CopyTally } from './copy-tally.ts'
import { inParallel, Slots, Turns } from './in-parallel.ts'
import { listsOf, sideBySide } from './lists.ts'
import { type Pause, patience, timerPause } from './patience.ts'
import type { CopiedStores, CopyProblem, CopyProgress, CopyReport } from './report.ts'
import { RepositoryCopy } from './repository-copy.ts'

/** Settings of {@link copyStores}. */
export interface CopyOptions {
  /**
   * Makes the target what the source is: tags move, and what the source does not have is removed. Without it,
   * nothing in the target changes or goes; a tag that stands for something else there is a conflict. Default:
   * false.
   */
  readonly mirror?: boolean
  /** Blobs, manifests and tags copied at a time. Default: 16. */
  readonly concurrency?: number
  /** How many bytes go in a second, all transfers together. Default: as many as can. */
  readonly bytesPerSecond?: number
  /**
   * How long the target keeps blobs that no manifest names, in milliseconds: longer than the copy of a repository
   * takes. Default: 7 days.
   */
  readonly leaseMs?: number
  /** Default: the portable hash, which needs no runtime and is several times slower than a native one. */
  readonly hash?: HashFactory
  /** Ends the copy; another goes on where it ended. */
  readonly signal?: AbortSignal
  /** Told whenever something was done, always with the same object, whose numbers change. */
  readonly onProgress?: (progress: CopyProgress) => void
  /** Told of what is not copied. */
  readonly onProblem?: (problem: CopyProblem) => void
  /** Told of bytes in the target that turn out to be missing, and of those that could not be deleted. */
  readonly onNotice?: NoticeSink
  /** Waits before a store that is unavailable is asked again, and for `bytesPerSecond`. Default: a timer. */
  readonly pause?: Pause
}

/**
 * Copies all repositories of one registry's stores into those of another: blobs, manifests, tags and their times.
 * The bytes of a digest are sent once, in pieces, and hashed on the way; those that are not what the digest says
 * are reported and not copied. Upload sessions stay where they are.
 *
 * What the target has is not sent again, so a copy that was cut off goes on in the next one, and one after
 * changes in the source is short. A name comes after what it names: a client of the target never finds a tag
 * whose content is still on its way. In the end the names of both are compared.
 *
 * The source is only read. While it takes pushes, the copy has what was there at some moment of it, and
 * the comparison says what came later.
 *
 * @example
 * const { complete } = await copyStores(from, to, { hash, mirror: true })
 *
 * @throws CopyRefused where a mirror would empty the target.
 * @throws as the target does, where it is unavailable for more than a minute, full or read-only; the reason of
 *   the signal.
 */
export async function copyStores(
  from: CopiedStores,
  to: CopiedStores,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const { mirror = false, concurrency = 16, signal, leaseMs = week } = options
  const { hash = portableHash, bytesPerSecond = Number.POSITIVE_INFINITY } = options
  const { pause = timerPause(signal) } = options
  if (from.metadata === to.metadata) throw new CopyRefused('the source is the target')
  const patiently = patience(pause, signal)
  const tally = new CopyTally(options.onProgress, options.onProblem)
  const lists = { from: listsOf(from.metadata, patiently), to: listsOf(to.metadata, patiently) }
  if (mirror) await expectMirror(lists.from, lists.to)
  const gone = await missingDigests(from.metadata, patiently)
  for (const digest of gone) tally.problem({ ...knownMissing, name: digest })
  const copy = new RepositoryCopy({
    from,
    to,
    lists,
    tally,
    patiently,
    mirror,
    concurrency,
    leaseMs,
    hash,
    signal,
    onNotice: safeNotices(options.onNotice),
    rate: new ByteRate(bytesPerSecond, steadyClock(), pause),
    slots: new Slots(concurrency),
    turns: new Turns(),
    gone,
  })
  const pairs = sideBySide(lists.from.repositories(), lists.to.repositories(), (name) => name)
  await inParallel(pairs, concurrency, async (pair) => {
    if (pair.from !== null) await copy.copy(pair.from, pair.to !== null)
    else if (mirror) await copy.remove(pair.to as RepositoryName)
  })
  const comparison = await compareStores(from, to, {
    concurrency,
    pause,
    ...(signal === undefined ? {} : { signal }),
  })
  return { ...tally.progress, comparison, complete: isComplete(comparison, mirror) }
}

/** Long enough for the largest repository, and no reason to keep garbage for long. */
const week = 7 * 24 * 60 * 60 * 1000

const knownMissing = {
  kind: 'missing',
  what: 'blob',
  repository: null,
  detail: 'the source knows already that its bytes are missing or damaged',
} as const

function isComplete(comparison: StoreComparison, mirror: boolean): boolean {
  const { repository, blob, manifest, tag } = comparison
  return [repository, blob, manifest, tag].every(
    ({ missing, other, extra }) => missing + other === 0 && !(mirror && extra > 0),
  )
}
