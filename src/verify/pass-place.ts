import type { NoticeSink } from '../ports/notices.ts'
import { Frontier } from './frontier.ts'
import type { VerifyPhase, VerifyProgress, VerifyState } from './report.ts'

/** How often a pass says where it is, in milliseconds. */
const everyMs = 10_000
/** When it says so first: most of what is stopped is stopped early. */
const firstMs = 1_000

/** A progress whose numbers change. */
export type Counting = { -readonly [K in keyof VerifyProgress]: VerifyProgress[K] }

/** What {@link PassPlace} works with. */
export interface PassPlaceDeps {
  /** By the clock, in milliseconds since the epoch. */
  readonly startedAt: number
  readonly progress: Counting
  readonly clock: () => number
  readonly onNotice: NoticeSink
  readonly onState: ((state: VerifyState) => void | Promise<void>) | undefined
}

/** Where a pass is: what is before it was looked at, and need not be again. */
export class PassPlace {
  readonly #deps: PassPlaceDeps
  #repository: string
  #frontier: Frontier<string>
  #savedAt: number
  #saving: Promise<void> = Promise.resolve()

  constructor(deps: PassPlaceDeps, from: VerifyState | null) {
    this.#deps = deps
    this.#repository = from?.repository ?? ''
    this.#frontier = new Frontier(from?.after ?? '')
    this.#savedAt = deps.clock() - everyMs + firstMs
  }

  /** The repository under way; empty before the first. */
  get repository(): string {
    return this.#repository
  }

  /** The digest or key up to which all were looked at; empty before the first. */
  get after(): string {
    return this.#frontier.done
  }

  /** Goes on with the next phase. */
  enter(phase: VerifyPhase): void {
    this.#deps.progress.phase = phase
    this.enterRepository('')
  }

  /** Goes on with the next repository; not with the one a pass goes on in. */
  enterRepository(name: string): void {
    this.#repository = name
    this.#frontier = new Frontier('')
  }

  /** Begins to look at a digest or key; returns what says that it was looked at. */
  begin(name: string): () => Promise<void> {
    const frontier = this.#frontier
    const end = frontier.begin(name)
    return async () => {
      end()
      const { clock } = this.#deps
      if (clock() - this.#savedAt < everyMs) return
      this.#savedAt = clock()
      await this.save()
    }
  }

  /** Says where the pass is. A failure is told, and the pass goes on. */
  save(): Promise<void> {
    const { onState, startedAt, progress, onNotice } = this.#deps
    if (onState === undefined) return Promise.resolve()
    const before = this.#saving
    const save = async (): Promise<void> => {
      await before
      const { phase } = progress
      const place = { phase, repository: this.#repository, after: this.after }
      try {
        await onState({ startedAt, ...place, progress: { ...progress } })
      } catch (error) {
        const task = 'keeping where a verification is'
        onNotice({ kind: 'background-failure', task, error, retried: true })
      }
    }
    this.#saving = save()
    return this.#saving
  }
}
