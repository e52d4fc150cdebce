import type { RepositoryName } from '../oci/repository-name.ts'
import type { Effect } from './effects.ts'
import { Holdings } from './holdings.ts'
import { Leftovers } from './leftovers.ts'
import { Links } from './links.ts'
import { Manifests } from './manifests.ts'
import { OutboxState } from './outbox-state.ts'
import type { Repository } from './repository.ts'
import { RepositoryTable } from './repository-table.ts'
import type { SortedNames } from './sorted-names.ts'
import type { Trace } from './trace.ts'
import { Trash } from './trash.ts'
import { newEntry } from './trash-entries.ts'
import { WrittenTrash } from './written-trash.ts'

/** All names, in memory. Changed by effects alone; everything that is counted follows from them. */
export class State {
  /** The store's own time when it was last noted, in milliseconds. */
  now = 0
  /** Since when pulls are noted, in milliseconds since the epoch; null before that. */
  pullsSince: number | null = null
  readonly holdings: Holdings = new Holdings()
  readonly links: Links = new Links(this.holdings)
  readonly leftovers: Leftovers = new Leftovers(this.holdings, this.links)
  readonly manifests: Manifests = new Manifests(this.holdings, this.links, this.leftovers)
  readonly trash: Trash = new Trash(this.holdings, this.links, this.leftovers)
  readonly outbox: OutboxState = new OutboxState()
  readonly #table: RepositoryTable = new RepositoryTable(this.leftovers, this.trash)
  readonly repositories: ReadonlyMap<RepositoryName, Repository> = this.#table.all
  readonly repositoryNames: SortedNames<RepositoryName> = this.#table.names
  /** Repositories that hold nothing. */
  readonly emptyRepositories: ReadonlySet<Repository> = this.#table.empty
  readonly #written: WrittenTrash = new WrittenTrash(this.holdings, this.manifests, this.trash)
  /** How often a repository was brought back: a snapshot that is being written then is good for nothing. */
  restorations = 0

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
        this.#begin(effect.repository, trace).notePush(effect.pushedAt ?? 0, trace)
        break
      case 'unrepository':
        this.#table.end(effect.repository, effect.trash, trace)
        break
      case 'link': {
        const repository = this.#begin(effect.repository, trace)
        this.links.add(repository, effect.blob, effect.keepUntil, trace)
        this.#table.noteEmptiness(repository, trace)
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
        this.#trashBlob(repository, effect, trace)
        this.links.remove(repository, effect.digest, trace)
        this.#table.noteEmptiness(repository, trace)
        break
      }
      case 'manifest': {
        const repository = this.#begin(effect.repository, trace)
        this.manifests.record(repository, effect, trace)
        this.#table.noteEmptiness(repository, trace)
        break
      }
      case 'unmanifest': {
        const repository = this.repositories.get(effect.repository)
        if (repository === undefined) break
        this.manifests.remove(repository, effect, this.trash, trace)
        this.#table.noteEmptiness(repository, trace)
        break
      }
      case 'tag':
        this.manifests.tag(this.#begin(effect.repository, trace), effect, trace)
        break
      case 'untag': {
        const repository = this.repositories.get(effect.repository)
        if (repository === undefined) break
        this.#trashTag(repository, effect, trace)
        repository.tags.remove(effect.tag, trace)
        break
      }
      case 'untrash': {
        const entry = this.trash.get(effect.id)
        this.trash.numbers.note(effect.id)
        if (entry !== undefined) this.trash.end(entry, trace)
        break
      }
      case 'restore': {
        const entry = this.trash.get(effect.id)
        if (entry?.content.kind !== 'repository') break
        this.restorations += 1
        this.#table.restore(entry, trace)
        break
      }
      case 'trash':
      case 'trash-tags':
      case 'trashed':
        this.#written.apply(effect)
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
      case 'message':
        this.outbox.add(effect, trace)
        break
      case 'dead':
        this.outbox.bury(effect, trace)
        break
      case 'unmessage':
        for (const id of effect.ids) this.outbox.remove(id, trace)
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
    for (const repository of this.repositories.values()) this.#sortLater(repository)
    for (const { content } of this.trash.values()) {
      if (content.kind === 'repository') this.#sortLater(content.repository)
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
    return this.#written.reading(name) ?? this.#table.begin(name, trace)
  }

  #sortLater(repository: Repository): void {
    if (repository.tags.isUnsorted) this.leftovers.addUnsorted(repository)
  }

  #trashBlob(
    { name, links }: Repository,
    { digest, trash }: Effect & { kind: 'unlink' },
    trace: Trace | null,
  ): void {
    const holding = links.get(digest)?.holding
    if (!holding || trash === undefined || this.trash.has(trash.id)) return
    this.trash.add(newEntry(trash, name, { kind: 'blob', holding }), trace)
  }

  #trashTag(
    { name, tags }: Repository,
    { tag, trash }: Effect & { kind: 'untag' },
    trace: Trace | null,
  ): void {
    const target = tags.target(tag)
    const entry = tags.entry(tag)
    if (target === undefined || entry === undefined) return
    if (trash === undefined || this.trash.has(trash.id)) return
    const { updatedAt } = entry
    const content = { kind: 'tag' as const, tag, digest: target.digest, updatedAt }
    this.trash.add(newEntry(trash, name, content), trace)
  }
}
