import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Effect } from './effects.ts'
import { Holdings } from './holdings.ts'
import { Leftovers } from './leftovers.ts'
import { Links } from './links.ts'
import { Repository, type StoredManifest, tagCountOf, unrecorded } from './repository.ts'
import { SortedNames } from './sorted-names.ts'
import type { Trace } from './trace.ts'

/** All names, in memory. Changed by effects alone; everything that is counted follows from them. */
export class State {
  /** The store's own time when it was last noted, in milliseconds. */
  now = 0
  readonly repositories: Map<RepositoryName, Repository> = new Map()
  readonly repositoryNames: SortedNames<RepositoryName> = new SortedNames()
  /** Repositories that hold nothing. */
  readonly emptyRepositories: Set<Repository> = new Set()
  readonly holdings: Holdings = new Holdings()
  readonly links: Links = new Links(this.holdings)
  readonly leftovers: Leftovers = new Leftovers(this.holdings, this.links)

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
      case 'manifest':
        this.#record(effect, trace)
        break
      case 'unmanifest':
        this.#unrecord(effect, trace)
        break
      case 'tag':
        this.#tag(effect, trace)
        break
      case 'untag':
        this.repositories.get(effect.repository)?.removeTag(effect.tag, trace)
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

  /** What is wrong with a state that was replayed, in words; null when everything fits together. */
  problem(): string | null {
    for (const repository of this.repositories.values()) {
      if (repository.manifests.size === repository.manifestNames.size) continue
      for (const [tag, { target }] of repository.tags) {
        if (target.record !== null) continue
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

  #record(effect: Effect & { kind: 'manifest' }, trace: Trace | null): void {
    const { record, keepUntil } = effect
    const repository = this.#begin(effect.repository, trace)
    const holding = this.holdings.locate(record.blob, trace)
    const stored = this.#manifest(repository, holding.digest, trace)
    const before = stored.record
    const references = this.links.name(repository, record, trace)
    const after = recordOf(record, holding.ref, references)
    if (before !== null) this.links.release(repository, before, keepUntil, trace)
    const place = (from: ManifestRecord | null, to: ManifestRecord | null): void => {
      if (from !== null) repository.unrefer(from)
      stored.record = to
      if (to !== null) repository.refer(to)
      if (from === null) {
        stored.holding = holding
        holding.records += 1
        repository.manifestNames.insert(stored.digest)
      } else if (to === null) {
        stored.holding = null
        holding.records -= 1
        repository.manifestNames.delete(stored.digest)
      }
    }
    place(before, after)
    if (trace !== null) {
      touchManifest(repository, before ?? after, trace)
      touchManifest(repository, after, trace)
      trace.undo(() => place(after, before))
    }
    this.#noteEmptiness(repository, trace)
  }

  #unrecord(effect: Effect & { kind: 'unmanifest' }, trace: Trace | null): void {
    const repository = this.repositories.get(effect.repository)
    const stored = repository?.manifests.get(effect.digest)
    if (repository === undefined || stored === undefined) return
    const { record, holding, digest } = stored
    const tags = tagCountOf(stored)
    repository.manifests.delete(digest)
    repository.tagCount -= tags
    if (trace !== null) {
      if (tags > 0) trace.tagList(repository.name)
      trace.undo(() => {
        repository.manifests.set(digest, stored)
        repository.tagCount += tags
      })
    }
    if (tags > 0) this.leftovers.addTags(repository, stored, trace)
    if (record !== null && holding !== null) {
      this.links.release(repository, record, effect.keepUntil, trace)
      repository.unrefer(record)
      repository.manifestNames.delete(digest)
      stored.record = null
      holding.records -= 1
      if (trace !== null) {
        touchManifest(repository, record, trace)
        trace.undo(() => {
          stored.record = record
          repository.refer(record)
          repository.manifestNames.insert(digest)
          holding.records += 1
        })
      }
      this.holdings.settle(holding, trace)
    }
    this.#noteEmptiness(repository, trace)
  }

  #tag(effect: Effect & { kind: 'tag' }, trace: Trace | null): void {
    const repository = this.#begin(effect.repository, trace)
    const target = this.#manifest(repository, effect.digest, trace)
    for (const [index, tag] of effect.tags.entries()) {
      repository.setTag(tag, target, effect.times[index] ?? 0, trace)
    }
  }

  /** The manifest of a digest; one of which nothing is known where there is none. */
  #manifest(repository: Repository, digest: Digest, trace: Trace | null): StoredManifest {
    const there = repository.manifests.get(digest)
    if (there !== undefined) return there
    const fresh = unrecorded(digest)
    repository.manifests.set(digest, fresh)
    trace?.undo(() => repository.manifests.delete(digest))
    return fresh
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

/** Says that a manifest changes. */
function touchManifest(repository: Repository, record: ManifestRecord, trace: Trace): void {
  trace.key(repository.name, record.digest)
  trace.holders(record.digest)
  if (record.subject !== undefined) trace.subject(repository.name, record.subject)
}

/** A record of the store's own, which nobody can change. */
function recordOf(
  record: ManifestRecord,
  blob: BlobRef,
  references: readonly Digest[],
): ManifestRecord {
  const { annotations } = record
  return Object.freeze({
    ...record,
    digest: blob.digest,
    blob,
    references: Object.freeze(references),
    ...(annotations === undefined
      ? {}
      : {
          annotations: Object.freeze(annotations.map((pair) => Object.freeze([...pair] as const))),
        }),
  })
}
