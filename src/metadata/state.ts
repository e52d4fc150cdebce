import type { RepositoryName } from '../oci/repository-name.ts'
import type { Effect } from './effects.ts'
import { Holdings } from './holdings.ts'
import { Leftovers } from './leftovers.ts'
import { Links } from './links.ts'
import { Manifests } from './manifests.ts'
import { Repository } from './repository.ts'
import { SortedNames } from './sorted-names.ts'
import type { Trace } from './trace.ts'

/** All names, in memory. Changed by effects alone; everything that is counted follows from them. */
export class State {
  /** The store's own time when it was last noted, in milliseconds. */
  now = 0
  /** Since when pulls are noted, in milliseconds since the epoch; null before that. */
  pullsSince: number | null = null
  readonly repositories: Map<RepositoryName, Repository> = new Map()
  readonly repositoryNames: SortedNames<RepositoryName> = new SortedNames()
  /** Repositories that hold nothing. */
  readonly emptyRepositories: Set<Repository> = new Set()
  readonly holdings: Holdings = new Holdings()
  readonly links: Links = new Links(this.holdings)
  readonly leftovers: Leftovers = new Leftovers(this.holdings, this.links)
  readonly manifests: Manifests = new Manifests(this.holdings, this.links, this.leftovers)

  /**
   * Makes an effect so. Without a trace it cannot be taken back, and leaves nothing to be taken out
   * later.
   */
  apply(effect: Effect, trace: Trace | null): void {
    switch (effect.kind) {
      case 'time':
        this.#setTime(effect.now, trace)
        break
      case 'repository':
        this.#begin(effect.repository, trace)
        break
      case 'unrepository':
        this.#end(effect.repository, trace)
        break
      case 'link': {
        const repository = this.#begin(effect.repository, trace)
        this.links.add(repository, effect.blob, effect.keepUntil, trace)
        this.#noteEmptiness(repository, trace)
        break
      }
      case 'keep': {
        const link = this.repositories.get(effect.repository)?.links.get(effect.digest)
        if (link?.holding) this.links.extend(link, effect.keepUntil, trace)
        break
      }
      case 'unlink': {
        const repository = this.repositories.get(effect.repository)
        if (repository === undefined) break
        this.links.remove(repository, effect.digest, trace)
        this.#noteEmptiness(repository, trace)
        break
      }
      case 'manifest': {
        const repository = this.#begin(effect.repository, trace)
        this.manifests.record(repository, effect, trace)
        this.#noteEmptiness(repository, trace)
        break
      }
      case 'unmanifest': {
        const repository = this.repositories.get(effect.repository)
        if (repository === undefined) break
        this.manifests.remove(repository, effect, trace)
        this.#noteEmptiness(repository, trace)
        break
      }
      case 'tag':
        this.manifests.tag(this.#begin(effect.repository, trace), effect, trace)
        break
      case 'untag':
        this.repositories.get(effect.repository)?.tags.remove(effect.tag, trace)
        break
      case 'untagged': {
        const repository = this.repositories.get(effect.repository)
        if (repository !== undefined) this.manifests.untag(repository, effect, trace)
        break
      }
      case 'pulled': {
        const repository = this.repositories.get(effect.repository)
        if (repository !== undefined) this.manifests.pull(repository, effect, trace)
        break
      }
      case 'pulls':
        this.#setPullsSince(effect.since, trace)
        break
      case 'located':
        if (this.holdings.get(effect.blob.digest) === undefined) {
          this.holdings.store(effect.blob, trace)
        } else this.holdings.locate(effect.blob, undefined, trace)
        break
      case 'stored':
        this.holdings.store(effect.blob, trace)
        break
      case 'missing':
        this.holdings.miss(effect.digest, effect.key, trace)
        break
      case 'forget':
        this.holdings.forget(effect.digest, effect.key, trace)
        break
    }
  }

  /** Says that everything is read: what may be done afterwards is done beside requests. */
  endReading(): void {
    for (const repository of this.repositories.values()) {
      if (repository.tags.isUnsorted) this.leftovers.addUnsorted(repository)
    }
  }

  /** What is wrong with a state that was replayed, in words; null when everything fits together. */
  problem(): string | null {
    for (const repository of this.repositories.values()) {
      if (repository.manifests.size === repository.manifestNames.size) continue
      for (const tag of repository.tags.keys()) {
        if (repository.tags.get(tag)?.holding !== null) continue
        return `the tag ${repository.name}:${tag} stands for a manifest that is not recorded`
      }
    }
    return null
  }

  #setTime(now: number, trace: Trace | null): void {
    const before = this.now
    if (before === now) return
    this.now = now
    trace?.undo(() => {
      this.now = before
    })
  }

  #setPullsSince(since: number, trace: Trace | null): void {
    const before = this.pullsSince
    if (before === since) return
    this.pullsSince = since
    trace?.undo(() => {
      this.pullsSince = before
    })
  }

  #begin(name: RepositoryName, trace: Trace | null): Repository {
    const there = this.repositories.get(name)
    if (there !== undefined) return there
    const fresh = new Repository(name)
    this.repositories.set(name, fresh)
    this.repositoryNames.insert(name)
    this.emptyRepositories.add(fresh)
    if (trace !== null) {
      trace.repository(name)
      trace.undo(() => {
        this.repositories.delete(name)
        this.repositoryNames.delete(name)
        this.emptyRepositories.delete(fresh)
      })
    }
    return fresh
  }

  #end(name: RepositoryName, trace: Trace | null): void {
    const repository = this.repositories.get(name)
    if (repository === undefined) return
    this.repositories.delete(name)
    this.repositoryNames.delete(name)
    const wasEmpty = this.emptyRepositories.delete(repository)
    repository.isDeleted = true
    if (trace !== null) {
      trace.repository(name)
      trace.undo(() => {
        this.repositories.set(name, repository)
        this.repositoryNames.insert(name)
        if (wasEmpty) this.emptyRepositories.add(repository)
        repository.isDeleted = false
      })
    }
    this.leftovers.addRepository(repository, trace)
  }

  #noteEmptiness(repository: Repository, trace: Trace | null): void {
    const { emptyRepositories } = this
    const wasEmpty = emptyRepositories.has(repository)
    if (repository.isEmpty === wasEmpty) return
    if (wasEmpty) emptyRepositories.delete(repository)
    else emptyRepositories.add(repository)
    trace?.undo(() => {
      if (wasEmpty) emptyRepositories.add(repository)
      else emptyRepositories.delete(repository)
    })
  }
}
