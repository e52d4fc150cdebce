import type { Digest } from '../oci/digest.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { Holdings } from './holdings.ts'
import { LeaseQueue } from './lease-queue.ts'
import type { Link, Repository } from './repository.ts'
import type { Trace } from './trace.ts'

/**
 * Which repository has which blob, which of its manifests name it, and until when it is kept. Changed
 * by the state alone.
 */
export class Links {
  /** Links that no manifest of their repository names, by the end of their leases. */
  readonly leases: LeaseQueue<Link> = new LeaseQueue()
  readonly #holdings: Holdings

  constructor(holdings: Holdings) {
    this.#holdings = holdings
  }

  /** The repository has the blob, under its key, and keeps it at least until then. */
  add(repository: Repository, blob: BlobRef, keepUntil: number, trace: Trace | null): void {
    // A manifest may have named the digest before.
    const there = repository.links.get(blob.digest)
    const holding = this.#holdings.locate(blob, there?.digest, trace)
    const link = there ?? repository.link(holding.digest)
    if (link.holding !== null) {
      this.extend(link, keepUntil, trace)
      return
    }
    const before = link.keepUntil
    link.keepUntil = keepUntil
    this.#attach(link, holding)
    if (trace === null) return
    trace.key(repository.name, link.digest)
    trace.holders(link.digest)
    trace.undo(() => {
      this.#detach(link, holding)
      link.keepUntil = before
      if (link.references === 0) repository.links.delete(link.digest)
    })
  }

  /** Extends a lease; never shortens one. */
  extend(link: Link, keepUntil: number, trace: Trace | null): void {
    const before = link.keepUntil
    if (keepUntil <= before) return
    this.leases.move(link, keepUntil)
    if (trace === null) return
    trace.key(link.repository.name, link.digest)
    trace.undo(() => this.leases.move(link, before))
  }

  /** Takes a link from those that wait for collection, for as long as its repository is in the trash. */
  park(link: Link, parked: Set<Link>): void {
    this.leases.remove(link)
    parked.add(link)
  }

  /** Has links wait for collection again that were parked. */
  unpark(parked: Iterable<Link>): void {
    for (const link of parked) {
      if (link.holding !== null && link.references === 0) this.leases.add(link)
    }
  }

  /** The repository does not have the blob any more. */
  remove(repository: Repository, digest: Digest, trace: Trace | null): void {
    const link = repository.links.get(digest)
    const holding = link?.holding
    if (link === undefined || !holding) return
    this.#detach(link, holding)
    if (link.references === 0) repository.links.delete(digest)
    if (trace !== null) {
      trace.key(repository.name, digest)
      trace.holders(digest)
      trace.undo(() => {
        repository.links.set(digest, link)
        this.#attach(link, holding)
      })
    }
    this.#holdings.settle(holding, trace)
  }

  /**
   * Counts one more manifest that names these digests; returns them as the strings that all share.
   */
  name(
    repository: Repository,
    references: readonly Digest[],
    trace: Trace | null,
  ): readonly Digest[] {
    const links: Link[] | null = trace === null ? null : []
    const names = references.map((digest) => {
      const link = repository.links.get(digest) ?? this.#newLink(repository, digest)
      link.references += 1
      if (link.references === 1) this.#beginNaming(link)
      links?.push(link)
      return link.digest
    })
    trace?.undo(() => {
      for (const link of links?.reverse() ?? []) {
        link.references -= 1
        if (link.references > 0) continue
        this.#endNaming(link)
        if (link.holding !== null) this.leases.add(link)
        else repository.links.delete(link.digest)
      }
    })
    return names
  }

  /** Counts one less; what no manifest names any more is kept at least until then. */
  release(
    repository: Repository,
    references: readonly Digest[],
    keepUntil: number,
    trace: Trace | null,
  ): void {
    const released: Array<readonly [link: Link, keepUntil: number]> = []
    for (const digest of references) {
      const link = repository.link(digest)
      if (trace !== null) released.push([link, link.keepUntil])
      link.references -= 1
      if (link.references > 0) continue
      this.#endNaming(link)
      if (link.holding === null) {
        repository.links.delete(digest)
        continue
      }
      if (keepUntil > link.keepUntil) link.keepUntil = keepUntil
      this.leases.add(link)
    }
    trace?.undo(() => {
      for (const [link, before] of released.reverse()) {
        repository.links.set(link.digest, link)
        link.references += 1
        if (link.references === 1) this.#beginNaming(link)
        link.keepUntil = before
      }
    })
  }

  /** A first manifest names the digest. */
  #beginNaming(link: Link): void {
    this.leases.remove(link)
    if (link.holding !== null) link.repository.countBlob(link.holding, link.holding.size)
  }

  /** The last manifest that named it does so no more. */
  #endNaming({ repository, holding }: Link): void {
    if (holding !== null) repository.countBlob(holding, -holding.size)
  }

  #newLink(repository: Repository, digest: Digest): Link {
    return repository.link(this.#holdings.get(digest)?.digest ?? digest)
  }

  #attach(link: Link, holding: NonNullable<Link['holding']>): void {
    this.#holdings.addLink(holding, link)
    link.repository.blobNames.insert(link.digest)
    if (link.references === 0) this.leases.add(link)
    else link.repository.countBlob(holding, holding.size)
  }

  #detach(link: Link, holding: NonNullable<Link['holding']>): void {
    this.#holdings.removeLink(holding, link)
    link.repository.blobNames.delete(link.digest)
    this.leases.remove(link)
    if (link.references > 0) link.repository.countBlob(holding, -holding.size)
  }
}
