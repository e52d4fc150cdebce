import type { CopyProblem } from '../../src/kit.ts'

/** What a walk over the folders of repositories came across that is none. */
export class FolderProblems {
  readonly #found: Map<string, CopyProblem> = new Map()

  get found(): readonly CopyProblem[] {
    return [...this.#found.values()]
  }

  notAName(path: readonly string[]): void {
    this.#add(path, 'unsupported', 'its folder is not called as a repository may be')
  }

  notFollowed(path: readonly string[]): void {
    this.#add(path, 'refused', 'it is a symbolic link or a special file, which is not followed')
  }

  #add(path: readonly string[], kind: CopyProblem['kind'], detail: string): void {
    const name = path.join('/').slice(0, 500)
    this.#found.set(name, { kind, what: 'repository', repository: null, name, detail })
  }
}
