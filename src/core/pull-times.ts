import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { PullNote } from '../ports/metadata-store.ts'
import type { CoreDeps } from './deps.ts'

/** Which manifests are pulled, for the store to note: by the hour, many in one change. */
export interface PullTimes {
  /** A client asked for the manifest. Costs a look into a map, mostly. */
  note(call: CallContext, repository: RepositoryName, digest: Digest): void
  /** The manifest was deleted: nothing of it is remembered, and if it comes back its next pull is noted. */
  forget(repository: RepositoryName, digest: Digest): void
  /**
   * Has the store note what it does not know yet; the first time, that pulls are noted from now on. Never rejects: a
   * failure is a notice, and made up for later.
   *
   * @param isLast whether the registry closes: then nothing is written where there was no pull
   */
  flush(isLast?: boolean): Promise<void>
}

const hourMs = 60 * 60 * 1000
const minuteMs = 60 * 1000
/** Manifests that are remembered, so that each is noted once an hour: some 20 MB, where so many are pulled. */
const mostKnown = 100_000
/** Pulls that wait at most; others wait for the next pull of the same manifest. */
const mostWaiting = 20_000

/**
 * Notes pulls; null where the store does not. The program asks for a flush every minute. Where it does not, the first
 * pull after a minute does.
 */
export function pullTimes({ metadata, clock, onNotice }: CoreDeps): PullTimes | null {
  if (metadata.notePulls === undefined) return null
  /** The manifests that were noted in {@link knownHour}; what was noted before has to be noted again. */
  const known: Map<RepositoryName, Set<Digest>> = new Map()
  let knownHour = 0
  let count = 0
  let waiting: PullNote[] = []
  let hasBegun = false
  let hasFailed = false
  let flushedAt = clock()
  let flushing: Promise<void> | null = null

  async function flush(): Promise<void> {
    const pulls = waiting
    if (hasBegun && pulls.length === 0) return
    waiting = []
    flushedAt = clock()
    try {
      await metadata.notePulls?.(pulls)
      hasBegun = true
      hasFailed = false
    } catch (error) {
      waiting = [...pulls, ...waiting].slice(0, mostWaiting)
      // Once, and not every minute as long as a disk is full.
      if (!hasFailed) {
        const task = 'noting which manifests are pulled'
        onNotice({ kind: 'background-failure', task, error, retried: true })
      }
      hasFailed = true
    }
  }

  function flushOnce(): Promise<void> {
    flushing ??= flush().finally(() => {
      flushing = null
    })
    return flushing
  }

  return {
    note({ isProgram, inspects }, repository, digest) {
      if (isProgram || inspects === true) return
      const at = clock()
      const hour = Math.floor(at / hourMs)
      if (hour !== knownHour || count >= mostKnown) {
        known.clear()
        knownHour = hour
        count = 0
      }
      let digests = known.get(repository)
      if (digests?.has(digest) === true || waiting.length >= mostWaiting) return
      if (digests === undefined) {
        digests = new Set()
        known.set(repository, digests)
      }
      digests.add(digest)
      count += 1
      waiting.push({ repository, digest, at: Math.floor(at) })
      if (at - flushedAt >= minuteMs) void flushOnce()
    },
    forget(repository, digest) {
      if (known.get(repository)?.delete(digest) === true) count -= 1
    },
    async flush(isLast = false) {
      await flushing
      if (!isLast || waiting.length > 0) await flushOnce()
    },
  }
}
