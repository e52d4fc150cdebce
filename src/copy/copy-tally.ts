import { callSafely } from '../oci/call-safely.ts'
import type { Digest } from '../oci/digest.ts'
import {
  type CopiedKind,
  type CopyCounts,
  type CopyProblem,
  type CopyProgress,
  noCounts,
} from './report.ts'

/** Counts what a copy does, and tells of it. */
export class CopyTally {
  readonly #looked: CopyCounts = noCounts()
  readonly #copied: CopyCounts = noCounts()
  readonly #removed: CopyCounts = noCounts()
  readonly #numbers: { bytes: number; problems: number } = { bytes: 0, problems: 0 }
  readonly #failed: Set<string> = new Set()
  readonly progress: CopyProgress
  readonly #onProgress: (progress: CopyProgress) => void
  readonly #onProblem: (problem: CopyProblem) => void

  constructor(
    onProgress: ((progress: CopyProgress) => void) | undefined,
    onProblem: ((problem: CopyProblem) => void) | undefined,
  ) {
    const numbers = this.#numbers
    this.progress = {
      looked: this.#looked,
      copied: this.#copied,
      removed: this.#removed,
      get bytes() {
        return numbers.bytes
      },
      get problems() {
        return numbers.problems
      },
    }
    this.#onProgress = onProgress ?? (() => {})
    this.#onProblem = onProblem ?? (() => {})
  }

  looked(what: CopiedKind): void {
    this.#looked[what] += 1
    this.#tell()
  }

  copied(what: CopiedKind, count = 1): void {
    this.#copied[what] += count
    this.#tell()
  }

  removed(what: CopiedKind, count = 1): void {
    this.#removed[what] += count
    this.#tell()
  }

  sent(bytes: number): void {
    this.#numbers.bytes += bytes
    this.#tell()
  }

  problem(problem: CopyProblem): void {
    this.#numbers.problems += 1
    this.#failed.add(problem.name)
    callSafely(
      () => this.#onProblem(problem),
      () => {},
    )
    this.#tell()
  }

  /** Whether there was a problem with a digest. */
  hasFailed(digest: Digest): boolean {
    return this.#failed.has(digest)
  }

  #tell(): void {
    callSafely(
      () => this.#onProgress(this.progress),
      () => {},
    )
  }
}
