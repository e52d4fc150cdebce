import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Effect, Undo } from './effects.ts'
import { LeaseQueue } from './lease-queue.ts'
import { type Holding, type Link, Repository } from './repository.ts'
import { SortedNames } from './sorted-names.ts'

/** All names, in memory. Changed by effects alone; everything that is counted follows from them. */
export class State {
  readonly repositories: Map<RepositoryName, Repository> = new Map()
  readonly repositoryNames: SortedNames<RepositoryName> = new SortedNames()
  readonly holdings: Map<Digest, Holding> = new Map()
  /** Bytes that nothing holds: condemned and not yet forgotten. */
  readonly orphans: Set<Holding> = new Set()
  /** Links that no manifest of their repository names, by the end of their leases. */
  readonly leases: LeaseQueue<Link> = new LeaseQueue()
  /** The lease of links whose effect does not say one, in milliseconds since the epoch. */
  readonly #keepUntil: number

  constructor(keepUntil: number) {
    this.#keepUntil = keepUntil
  }

  /**
   * Makes an effect so. What takes it back is added to `undo`, to be applied from the last to the
   * first; an effect that changes nothing adds nothing.
   */
  apply(effect: Undo, undo: Undo[] | null): void {
    switch (effect.kind) {
      case 'link':
        this.#link(effect, undo)
        break
      case 'unlink':
        this.#unlink(effect.repository, effect.digest, undo)
        break
      case 'manifest':
        this.#record(effect.repository, effect.record, undo)
        break
      case 'unmanifest':
        this.#unrecord(effect.repository, effect.digest, undo)
        break
      case 'tag': {
        const { repository, digest } = effect
        const names = this.#begin(repository, undo)
        for (const tag of effect.tags) {
          const before = names.setTag(tag, digest)
          if (before === undefined) undo?.push({ kind: 'untag', repository, tag })
          else if (before !== digest) {
            undo?.push({ kind: 'tag', repository, digest: before, tags: [tag] })
          }
        }
        break
      }
      case 'untag': {
        const { repository, tag } = effect
        const before = this.repositories.get(repository)?.removeTag(tag)
        if (before !== undefined) {
          undo?.push({ kind: 'tag', repository, digest: before, tags: [tag] })
        }
        break
      }
      case 'repository':
        this.#begin(effect.repository, undo)
        break
      case 'vanish':
        this.repositories.delete(effect.repository)
        this.repositoryNames.delete(effect.repository)
        break
      case 'hold': {
        const holding = this.#holding(effect.blob.digest)
        this.#locate(holding, effect.blob, undo)
        this.#settle(holding)
        break
      }
      case 'forget': {
        const holding = this.holdings.get(effect.digest)
        if (holding === undefined || holding.ref === null) break
        undo?.push({ kind: 'hold', blob: holding.ref })
        holding.ref = null
        this.#settle(holding)
        break
      }
    }
  }

  /** What is wrong with a state that was replayed, in words; null when everything fits together. */
  problem(): string | null {
    for (const holding of this.holdings.values()) {
      if (holding.ref === null) return `nothing says where the bytes of ${holding.digest} are`
    }
    for (const repository of this.repositories.values()) {
      for (const [digest, tags] of repository.tagsOf) {
        if (repository.manifests.has(digest)) continue
        const [tag] = tags
        return `the tag ${repository.name}:${tag} stands for a manifest that is not recorded`
      }
    }
    return null
  }

  #link(effect: Effect & { kind: 'link' }, undo: Undo[] | null): void {
    const repository = this.#begin(effect.repository, undo)
    const holding = this.#holding(effect.blob.digest)
    this.#locate(holding, effect.blob, undo)
    const link = repository.link(holding.digest)
    if (link.holding !== null) {
      this.leases.extend(link, effect.keepUntil ?? 0)
      return
    }
    undo?.push({ kind: 'unlink', repository: repository.name, digest: link.digest })
    link.holding = holding
    link.seat = holding.links.push(link) - 1
    link.keepUntil = effect.keepUntil ?? this.#keepUntil
    if (link.references === 0) this.leases.add(link)
    this.#settle(holding)
  }

  #unlink(name: RepositoryName, digest: Digest, undo: Undo[] | null): void {
    const link = this.repositories.get(name)?.links.get(digest)
    const holding = link?.holding
    if (link === undefined || !holding) return
    if (holding.ref !== null) {
      const { keepUntil } = link
      undo?.push({ kind: 'link', repository: name, blob: holding.ref, keepUntil })
    }
    const last = holding.links.pop()
    if (last !== undefined && last !== link) {
      holding.links[link.seat] = last
      last.seat = link.seat
    }
    link.holding = null
    link.seat = -1
    this.leases.remove(link)
    if (link.references === 0) link.repository.links.delete(digest)
    this.#settle(holding)
  }

  #record(name: RepositoryName, record: ManifestRecord, undo: Undo[] | null): void {
    const repository = this.#begin(name, undo)
    const holding = this.#holding(record.digest)
    this.#locate(holding, record.blob, undo)
    const before = repository.manifests.get(record.digest)
    if (before === undefined) {
      undo?.push({ kind: 'unmanifest', repository: name, digest: record.digest })
      holding.records += 1
    } else {
      undo?.push({ kind: 'manifest', repository: name, record: before })
      this.#release(repository, before)
    }
    const references = record.references.map((digest) => this.#name(repository, digest))
    const blob = holding.ref ?? record.blob
    const stored: ManifestRecord = { ...record, digest: holding.digest, blob, references }
    repository.manifests.set(holding.digest, stored)
    repository.refer(stored)
    this.#settle(holding)
  }

  #unrecord(name: RepositoryName, digest: Digest, undo: Undo[] | null): void {
    const repository = this.repositories.get(name)
    const record = repository?.manifests.get(digest)
    const holding = this.holdings.get(digest)
    if (repository === undefined || record === undefined || holding === undefined) return
    undo?.push({ kind: 'manifest', repository: name, record })
    this.#release(repository, record)
    repository.manifests.delete(digest)
    holding.records -= 1
    this.#settle(holding)
  }

  /** Counts one more manifest that names `digest`; returns the string everybody shares. */
  #name(repository: Repository, digest: Digest): Digest {
    const link = repository.link(this.holdings.get(digest)?.digest ?? digest)
    link.references += 1
    this.leases.remove(link)
    return link.digest
  }

  /** Ends what a record named and referred to. */
  #release(repository: Repository, record: ManifestRecord): void {
    repository.unrefer(record)
    for (const digest of record.references) {
      const link = repository.link(digest)
      link.references -= 1
      if (link.references > 0) continue
      if (link.holding !== null) this.leases.add(link)
      else repository.links.delete(digest)
    }
  }

  #begin(name: RepositoryName, undo: Undo[] | null): Repository {
    const there = this.repositories.get(name)
    if (there !== undefined) return there
    undo?.push({ kind: 'vanish', repository: name })
    const fresh = new Repository(name)
    this.repositories.set(name, fresh)
    this.repositoryNames.insert(name)
    return fresh
  }

  #holding(digest: Digest): Holding {
    const there = this.holdings.get(digest)
    if (there !== undefined) return there
    const fresh: Holding = { digest, ref: null, links: [], records: 0 }
    this.holdings.set(digest, fresh)
    return fresh
  }

  #locate(holding: Holding, blob: BlobRef, undo: Undo[] | null): void {
    const before = holding.ref
    if (before !== null && before.key === blob.key && before.size === blob.size) return
    const { digest } = holding
    undo?.push(before === null ? { kind: 'forget', digest } : { kind: 'hold', blob: before })
    holding.ref = blob
  }

  /** Sorts a holding in among the orphans, or out of everything, by who holds it. */
  #settle(holding: Holding): void {
    if (holding.links.length > 0 || holding.records > 0) this.orphans.delete(holding)
    else if (holding.ref !== null) this.orphans.add(holding)
    else {
      this.orphans.delete(holding)
      this.holdings.delete(holding.digest)
    }
  }
}
