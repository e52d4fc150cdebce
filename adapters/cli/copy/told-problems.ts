import type { CopyProblem } from '../../../src/kit.ts'
import { problemText } from './result-text.ts'
import type { StatusLine } from './status-line.ts'

/** Problems that are printed as they come, and that JSON has. */
const mostPrinted = 20
const mostListed = 1000

/** Tells of the first problems of a copy as they come, and keeps more of them for JSON. */
export class ToldProblems {
  readonly #status: StatusLine
  readonly #listed: CopyProblem[] = []
  #found = 0

  constructor(status: StatusLine) {
    this.#status = status
  }

  /** The first of them. */
  get listed(): readonly CopyProblem[] {
    return this.#listed
  }

  /** How many there were. */
  get found(): number {
    return this.#found
  }

  readonly tell = (problem: CopyProblem): void => {
    this.#found += 1
    if (this.#found <= mostListed) this.#listed.push(problem)
    if (this.#found <= mostPrinted) this.#status.say(problemText(problem))
    if (this.#found === mostPrinted + 1) {
      this.#status.say('there are more such problems; --json lists them')
    }
  }
}
