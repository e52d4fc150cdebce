import { ByteRate } from '../copy/byte-rate.ts'
import { CopyTally } from '../copy/copy-tally.ts'
import { inParallel, Slots, Turns } from '../copy/in-parallel.ts'
import { type Pause, patience, timerPause } from '../copy/patience.ts'
import type { CopyProblem, CopyProgress } from '../copy/report.ts'
import { portableHash } from '../memory/portable-hash.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { steadyClock } from '../oci/steady-clock.ts'
import type { Tag } from '../oci/tag.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'
import { ContentFault, type ContentSource, type ContentTarget, LoginFault } from './content.ts'
import { dryTarget } from './dry-target.ts'
import { RepositoryTransfer, type TransferDeps } from './repository-transfer.ts'

/** What of a source is transferred: these repositories, and of each these tags, or all where there is null. */
export type Selection = ReadonlyMap<RepositoryName, readonly Tag[] | null>

/** Settings of {@link transferContent}. */
export interface TransferOptions {
  /** Default: everything that the source lists. */
  readonly selection?: Selection
  /** Whether tags move that stand for something else in the target. Default: false, and each is a conflict. */
  readonly movesTags?: boolean
  /** Whether nothing is changed, and what would be transferred is counted: the target has to have `looks`. */
  readonly dryRun?: boolean
  /** Blobs and manifests on their way at a time. Default: 8. */
  readonly concurrency?: number
  /** How many bytes of blobs go in a second, all together. Default: as many as can. */
  readonly bytesPerSecond?: number
  /** Default: the portable hash, which needs no runtime and is several times slower than a native one. */
  readonly hash?: HashFactory
  /** Ends the transfer; another goes on where it ended. */
  readonly signal?: AbortSignal
  /** Told whenever something was done, always with the same object, whose numbers change. */
  readonly onProgress?: (progress: CopyProgress) => void
  /** Told of what was not transferred. */
  readonly onProblem?: (problem: CopyProblem) => void
  /** Waits before a store that is unavailable is asked again, and for `bytesPerSecond`. Default: a timer. */
  readonly pause?: Pause
}

/** Repositories at a time. */
const repositoriesAtOnce = 4

/**
 * Brings content from one place to another: tags with the manifests they stand for, what those name, down to the
 * last blob, and their referrers. Manifests arrive byte for byte, content before what names it, and tags last.
 * Every byte is hashed on the way. What cannot be had, or is not what its digest says, is told and left out; a
 * manifest comes without it, as it is in the source. What the target has is not sent again.
 *
 * @example
 * const { problems } = await transferContent(source, target, { hash, onProblem: console.warn })
 *
 * @throws as source and target do for what ends all: RegistryError `unavailable` for more than a minute, full,
 *   read-only; the reason of the signal.
 */
export async function transferContent(
  source: ContentSource,
  into: ContentTarget,
  options: TransferOptions = {},
): Promise<CopyProgress> {
  const { signal, concurrency = 8, hash = portableHash, movesTags = false } = options
  const { dryRun = false } = options
  const target = dryRun ? dryTarget(into) : into
  const { pause = timerPause(signal), bytesPerSecond = Number.POSITIVE_INFINITY } = options
  const tally = new CopyTally(options.onProgress, options.onProblem)
  const deps: TransferDeps = {
    source,
    target,
    tally,
    hash,
    signal,
    movesTags,
    dryRun,
    concurrency,
    rate: new ByteRate(bytesPerSecond, steadyClock(), pause),
    patiently: patience(pause, signal),
    slots: new Slots(concurrency),
    turns: new Turns(),
    sentDigests: new Set(),
    sent: (bytes) => tally.sent(bytes),
  }
  const { selection } = options
  const repositories = selection === undefined ? source.repositories() : selection.keys()
  await inParallel(repositories, repositoriesAtOnce, async (name) => {
    signal?.throwIfAborted()
    tally.looked('repository')
    try {
      await new RepositoryTransfer(deps, name, selection?.get(name) ?? null).run()
    } catch (error) {
      if (!(error instanceof ContentFault)) throw error
      if (error instanceof LoginFault && error.isFinal) throw error
      const { kind, message } = error
      tally.problem({ kind, what: 'repository', repository: name, name, detail: message })
    }
  })
  for (const problem of (await source.problems?.()) ?? []) tally.problem(problem)
  await deps.patiently(() => target.finish())
  return tally.progress
}
