/**
 * A store cannot be started without forgetting something that was acknowledged. The message names
 * the file and what is wrong with it.
 */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged'
  /** The file, as an operator sees it. */
  readonly file: string
  /** What is wrong with it. */
  readonly problem: string

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`)
    this.file = file
    this.problem = problem
  }
}
