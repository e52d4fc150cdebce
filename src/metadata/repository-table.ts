import type { RepositoryName } from '../oci/repository-name.ts'
import type { Leftovers } from './leftovers.ts'
import { type Link, Repository } from './repository.ts'
import { SortedNames } from './sorted-names.ts'
import type { Trace } from './trace.ts'
import type { Trash } from './trash.ts'
import { newEntry, type StoredEntry, type TrashTerm } from './trash-entries.ts'

/** The repositories there are, by name. Changed by the state alone. */
export class RepositoryTable {
  readonly all: Map<RepositoryName, Repository> = new Map()
  readonly names: SortedNames<RepositoryName> = new SortedNames()
  /** Those that hold nothing. */
  readonly empty: Set<Repository> = new Set()
  readonly #leftovers: Leftovers
  readonly #trash: Trash

  constructor(leftovers: Leftovers, trash: Trash) {
    this.#leftovers = leftovers
    this.#trash = trash
  }

  /** The repository of a name, which begins where there is none. */
  begin(name: RepositoryName, trace: Trace | null): Repository {
    const there = this.all.get(name)
    if (there !== undefined) return there
    const fresh = new Repository(name)
    this.#put(fresh, trace)
    return fresh
  }

  /** Takes a repository out of the names, whole: into the trash, or to be taken apart. */
  end(name: RepositoryName, term: TrashTerm | undefined, trace: Trace | null): void {
    const repository = this.all.get(name)
    if (repository === undefined) return
    this.#remove(repository)
    if (trace !== null) {
      trace.repository(name)
      trace.undo(() => this.#add(repository))
    }
    if (term === undefined || this.#trash.has(term.id)) {
      this.#leftovers.addRepository(repository, trace)
      return
    }
    const content = { kind: 'repository' as const, repository, parked: new Set<Link>() }
    this.#trash.add(newEntry(term, name, content), trace)
  }

  /** Puts the repository of an entry back in its place. */
  restore(entry: StoredEntry, trace: Trace | null): void {
    const { content, name } = entry
    if (content.kind !== 'repository') return
    // No store does that, but for a journal that is replayed over a later snapshot.
    this.end(name, undefined, trace)
    this.#trash.release(entry, trace)
    this.#put(content.repository, trace)
  }

  /** Whether a repository holds nothing may have changed. */
  noteEmptiness(repository: Repository, trace: Trace | null): void {
    if (repository.isDeleted) return
    const wasEmpty = this.empty.has(repository)
    if (repository.isEmpty === wasEmpty) return
    if (wasEmpty) this.empty.delete(repository)
    else this.empty.add(repository)
    trace?.undo(() => {
      if (wasEmpty) this.empty.add(repository)
      else this.empty.delete(repository)
    })
  }

  #put(repository: Repository, trace: Trace | null): void {
    this.#add(repository)
    if (trace === null) return
    trace.repository(repository.name)
    trace.undo(() => this.#remove(repository))
  }

  #add(repository: Repository): void {
    const { name } = repository
    repository.isDeleted = false
    this.all.set(name, repository)
    this.names.insert(name)
    if (repository.isEmpty) this.empty.add(repository)
  }

  #remove(repository: Repository): void {
    const { name } = repository
    repository.isDeleted = true
    this.all.delete(name)
    this.names.delete(name)
    this.empty.delete(repository)
  }
}
