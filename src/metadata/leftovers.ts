import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { Holdings } from './holdings.ts'
import type { Links } from './links.ts'
import { namesAfter, noNames } from './name-list.ts'
import type { Link, Repository } from './repository.ts'
import type { StoredManifest } from './stored-manifest.ts'
import type { Trace } from './trace.ts'

/** Entries between two looks at the clock. */
const stride = 128
/** How long others wait for a step at most, in milliseconds, give or take one stride. */
const stepMs = 2

/** What is still to be taken out of the maps, or to be put in order. */
type Leftover =
  | { readonly kind: 'repository'; readonly repository: Repository }
  | {
      readonly kind: 'tags'
      readonly repository: Repository
      readonly manifest: StoredManifest
      after: Tag | undefined
    }
  | { readonly kind: 'unsorted'; readonly repository: Repository }
  | { readonly kind: 'parked'; readonly links: Set<Link> }

/**
 * What a deletion leaves in the maps. A manifest with many tags, or a repository, ends in one small
 * step; its entries are taken out afterwards, a few at a time, so that no caller waits for all of
 * them. Until then readers pass over them, or wait.
 *
 * Steps are made while nothing is on its way to disk, because they cannot be taken back.
 */
export class Leftovers {
  readonly #holdings: Holdings
  readonly #links: Links
  readonly #queue: Set<Leftover> = new Set()
  readonly #repositories: Set<Repository> = new Set()
  #waiting: Array<() => void> = []

  constructor(holdings: Holdings, links: Links) {
    this.#holdings = holdings
    this.#links = links
  }

  /** Whether anything is to be taken out. */
  get isPending(): boolean {
    return this.#queue.size > 0
  }

  /**
   * The tags of a manifest that was deleted.
   *
   * @param times where their times are kept that are not the manifest's own; null where nobody wants them
   */
  addTags(
    repository: Repository,
    manifest: StoredManifest,
    times: Map<Tag, number> | null,
    trace: Trace | null,
  ): void {
    if (times !== null) repository.tags.depart(manifest, times)
    if (trace === null) {
      for (const tag of namesAfter(manifest.tags, undefined, Number.POSITIVE_INFINITY)) {
        repository.tags.drop(tag, manifest)
      }
      manifest.tags = noNames
      repository.tags.departed(manifest)
      return
    }
    const leftover: Leftover = { kind: 'tags', repository, manifest, after: undefined }
    this.#queue.add(leftover)
    repository.tags.leftovers += 1
    trace.undo(() => {
      this.#queue.delete(leftover)
      repository.tags.leftovers -= 1
      repository.tags.departed(manifest)
    })
  }

  /** A repository that was deleted. */
  addRepository(repository: Repository, trace: Trace | null): void {
    if (trace === null) {
      this.#takeOut(repository, Number.POSITIVE_INFINITY)
      return
    }
    const leftover: Leftover = { kind: 'repository', repository }
    this.#queue.add(leftover)
    this.#repositories.add(repository)
    trace.undo(() => {
      this.#queue.delete(leftover)
      this.#repositories.delete(repository)
    })
  }

  /** A repository whose tags are to be sorted, after a start. */
  addUnsorted(repository: Repository): void {
    this.#queue.add({ kind: 'unsorted', repository })
    repository.tags.leftovers += 1
  }

  /**
   * Links of a repository that was in the trash: they wait for collection again. Harmless where that is taken back:
   * they are parked once more.
   */
  addParked(links: Set<Link>): void {
    if (links.size > 0) this.#queue.add({ kind: 'parked', links })
  }

  /** Takes one digest out of all deleted repositories, so that only what stands names it. */
  settle(digest: Digest, trace: Trace | null): void {
    for (const repository of this.#repositories) this.#takeOutDigest(repository, digest, trace)
  }

  /** Takes some out; at most for a moment. */
  step(): void {
    if (this.#queue.size > 0) this.#takeSome()
    if (this.#queue.size > 0 || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  #takeSome(): void {
    const end = performance.now() + stepMs
    for (const leftover of this.#queue) {
      let isDone = false
      do {
        isDone = this.#goOn(leftover)
      } while (!isDone && performance.now() < end)
      if (!isDone) return
      this.#queue.delete(leftover)
      if (performance.now() >= end) return
    }
  }

  #goOn(leftover: Leftover): boolean {
    switch (leftover.kind) {
      case 'tags':
        return dropTags(leftover)
      case 'repository':
        return this.#dropEntries(leftover)
      case 'unsorted':
        return sortTags(leftover.repository)
      case 'parked':
        return this.#unpark(leftover.links)
    }
  }

  /** Waits until nothing is to be taken out. */
  done(): Promise<void> {
    if (this.#queue.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  #unpark(links: Set<Link>): boolean {
    let left = stride
    for (const link of links) {
      if (left === 0) return false
      left -= 1
      this.#links.unpark([link])
      links.delete(link)
    }
    return true
  }

  #dropEntries(leftover: Leftover & { kind: 'repository' }): boolean {
    const isDone = this.#takeOut(leftover.repository, stride)
    if (isDone) this.#repositories.delete(leftover.repository)
    return isDone
  }

  /** Takes up to `limit` digests out; true when none is left. */
  #takeOut(repository: Repository, limit: number): boolean {
    let left = limit
    for (const digest of repository.manifests.keys()) {
      if (left <= 0) return false
      this.#takeOutDigest(repository, digest, null)
      left -= 1
    }
    for (const digest of repository.blobNames.page(undefined, left).items) {
      this.#takeOutDigest(repository, digest, null)
    }
    return repository.blobNames.size === 0
  }

  #takeOutDigest(repository: Repository, digest: Digest, trace: Trace | null): void {
    const manifest = repository.manifests.get(digest)
    const holding = manifest?.holding
    if (manifest !== undefined) {
      repository.manifests.delete(digest)
      trace?.undo(() => repository.manifests.set(digest, manifest))
    }
    if (holding) {
      holding.records -= 1
      trace?.undo(() => {
        holding.records += 1
      })
      this.#holdings.settle(holding, trace)
    }
    this.#links.remove(repository, digest, trace)
  }
}

/** Sorts some tags in; true when none is left. */
function sortTags({ tags }: Repository): boolean {
  if (!tags.sortSome()) return false
  tags.leftovers -= 1
  return true
}

/** Takes some tags out; true when none is left. */
function dropTags(leftover: Leftover & { kind: 'tags' }): boolean {
  const { repository, manifest } = leftover
  const tags = namesAfter(manifest.tags, leftover.after, stride)
  for (const tag of tags) repository.tags.drop(tag, manifest)
  leftover.after = tags.at(-1)
  if (tags.length === stride) return false
  manifest.tags = noNames
  repository.tags.departed(manifest)
  repository.tags.leftovers -= 1
  return true
}
