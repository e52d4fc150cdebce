import {
  type CopiedStores,
  type CopyOptions,
  type CopyProblem,
  type CopyProgress,
  copyStores,
} from '../../src/kit.ts'

/** What is backed up, as it is at one moment or as it changes. */
export interface SourceMoment {
  readonly stores: CopiedStores
  /** Whether its names are those of one moment, whatever comes meanwhile. */
  readonly isOneMoment: boolean
  close(): Promise<void>
}

/** Opens the source. */
export interface BackupSource {
  /** @param pass how often it was asked for, from 1 on: the first is the longest */
  open(pass: number): Promise<SourceMoment>
}

/** What was copied. */
export interface CopiedMoment {
  /** Bytes that were sent. */
  readonly copiedBytes: number
  /** What the source lacks or has damaged, and so the copy lacks too. */
  readonly problems: readonly CopyProblem[]
  readonly passes: number
}

/** How a copy is made: see {@link CopyOptions}. */
export interface MomentOptions
  extends Pick<CopyOptions, 'concurrency' | 'bytesPerSecond' | 'hash' | 'signal' | 'onNotice'> {
  readonly onProgress?: (pass: number, progress: CopyProgress) => void
}

/** The source went on losing bytes while it was copied. */
export class NoOneMoment extends Error {
  override readonly name = 'NoOneMoment'
}

const mostPasses = 12

/**
 * Makes stores what a source is at one moment. What the source deletes or moves while it is copied may be gone before
 * it was read: then it is opened again, at a later moment, and what is the same by then is not copied again. What is
 * missing twice is missing in the source.
 *
 * @throws NoOneMoment; as `copyStores`.
 */
export async function copyMoment(
  source: BackupSource,
  to: CopiedStores,
  { onProgress = () => {}, ...options }: MomentOptions,
): Promise<CopiedMoment> {
  let copiedBytes = 0
  let before: string | null = null
  for (let pass = 1; pass <= mostPasses; pass += 1) {
    const moment = await source.open(pass)
    const problems: CopyProblem[] = []
    try {
      const { bytes, complete } = await copyStores(moment.stores, to, {
        ...options,
        mirror: true,
        onProblem: (problem) => void problems.push(problem),
        onProgress: (progress) => onProgress(pass, progress),
      })
      copiedBytes += bytes
      if (!moment.isOneMoment) continue
      if (complete && problems.length === 0) return { copiedBytes, problems, passes: pass }
      const found = problems.map(({ kind, name }) => `${kind} ${name}`).sort()
      if (found.length > 0 && found.join() === before)
        return { copiedBytes, problems, passes: pass }
      before = found.join()
    } finally {
      await moment.close()
    }
  }
  throw new NoOneMoment(
    `the source deleted or moved bytes faster than they were copied, ${mostPasses} times; what was copied stays, and the next backup goes on from there`,
  )
}
