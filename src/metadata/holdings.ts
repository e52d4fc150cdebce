import type { Digest } from '../oci/digest.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { Link } from './repository.ts'
import type { Trace } from './trace.ts'

/** The bytes of a digest that something names. */
export interface Holding {
  readonly digest: Digest
  /** The key that counts. */
  ref: BlobRef
  /** What readers get: the same, or null while its bytes are known to be missing. */
  readable: BlobRef | null
  /** Repositories that have the blob, in no order. */
  readonly links: Link[]
  /** How many manifest records, in any repository, have these bytes. */
  records: number
}

/**
 * Which key counts for each digest that is named, and which keys nothing names any more. Changed by
 * the state alone.
 */
export class Holdings {
  readonly #held: Map<Digest, Holding> = new Map()
  /** Keys that nothing names, until their bytes are gone; the next to be deleted first. */
  readonly trash: Map<string, BlobRef> = new Map()
  /** Those whose bytes are known to be missing. */
  readonly missing: Set<Holding> = new Set()
  /**
   * Keys that count for a moment though they are forgotten: a journal is replayed over a snapshot that
   * has the digest under a later key already.
   */
  readonly #forgotten: Set<string> = new Set()

  /** How many digests are named. */
  get size(): number {
    return this.#held.size
  }

  get(digest: Digest): Holding | undefined {
    return this.#held.get(digest)
  }

  values(): IterableIterator<Holding> {
    return this.#held.values()
  }

  /** Makes the blob's key the one that counts; the caller adds who names it. */
  locate(blob: BlobRef, trace: Trace | null): Holding {
    const { key, size } = blob
    this.#leaveTrash(key, trace)
    const there = this.#held.get(blob.digest)
    if (there?.ref.key === key) {
      this.#find(there, trace)
      return there
    }
    const digest = there?.digest ?? blob.digest
    const ref = Object.freeze({ digest, size, key })
    if (there === undefined) {
      const fresh: Holding = { digest, ref, readable: ref, links: [], records: 0 }
      this.#held.set(digest, fresh)
      trace?.holders(digest)
      trace?.undo(() => this.#held.delete(digest))
      return fresh
    }
    const { ref: before, readable } = there
    there.ref = ref
    there.readable = ref
    this.missing.delete(there)
    this.#discard(before)
    trace?.bytesOf(digest)
    trace?.undo(() => {
      there.ref = before
      there.readable = readable
      if (readable === null) this.missing.add(there)
      this.trash.delete(before.key)
    })
    return there
  }

  /** Lists a repository that has the blob. */
  addLink(holding: Holding, link: Link): void {
    link.holding = holding
    link.slot = holding.links.push(link) - 1
  }

  /** Takes it off that list. */
  removeLink(holding: Holding, link: Link): void {
    const last = holding.links.pop()
    if (last !== undefined && last !== link) {
      holding.links[link.slot] = last
      last.slot = link.slot
    }
    link.holding = null
    link.slot = -1
  }

  /** Ends a holding once nothing names it: its key goes to the trash. */
  settle(holding: Holding, trace: Trace | null): void {
    if (holding.links.length > 0 || holding.records > 0) return
    const { digest, ref } = holding
    this.#held.delete(digest)
    const wasMissing = this.missing.delete(holding)
    this.#discard(ref)
    trace?.holders(digest)
    trace?.undo(() => {
      this.#held.set(digest, holding)
      if (wasMissing) this.missing.add(holding)
      this.trash.delete(ref.key)
    })
  }

  /** Notes bytes under a key that nothing names. */
  store(blob: BlobRef, trace: Trace | null): void {
    const { digest, size, key } = blob
    if (this.trash.has(key) || this.#held.get(digest)?.ref.key === key) return
    this.trash.set(key, Object.freeze({ digest, size, key }))
    trace?.holders(digest)
    trace?.undo(() => this.trash.delete(key))
  }

  /** Notes that bytes are missing, unless another key counts by now. */
  miss(digest: Digest, key: string, trace: Trace | null): void {
    const holding = this.#held.get(digest)
    if (holding?.ref.key !== key || holding.readable === null) return
    holding.readable = null
    this.missing.add(holding)
    trace?.bytesOf(digest)
    trace?.undo(() => {
      holding.readable = holding.ref
      this.missing.delete(holding)
    })
  }

  /** The bytes are there after all. */
  #find(holding: Holding, trace: Trace | null): void {
    if (holding.readable !== null) return
    holding.readable = holding.ref
    this.missing.delete(holding)
    trace?.bytesOf(holding.digest)
    trace?.undo(() => {
      holding.readable = null
      this.missing.add(holding)
    })
  }

  /** Forgets bytes that nothing names; without a key, all of the digest. */
  forget(digest: Digest, key: string | null, trace: Trace | null): void {
    if (key !== null) {
      if (this.trash.get(key)?.digest === digest) this.#leaveTrash(key, trace)
      else if (trace === null && this.#held.get(digest)?.ref.key === key) this.#forgotten.add(key)
      return
    }
    // Format 1 had one key a digest, and forgot them in the order they came here.
    for (const ref of this.trash.values()) {
      if (ref.digest !== digest) continue
      this.#leaveTrash(ref.key, trace)
      return
    }
  }

  /** Its key does not count any more. */
  #discard(ref: BlobRef): void {
    if (!this.#forgotten.delete(ref.key)) this.trash.set(ref.key, ref)
  }

  #leaveTrash(key: string, trace: Trace | null): void {
    const ref = this.trash.get(key)
    if (ref === undefined) return
    this.trash.delete(key)
    trace?.holders(ref.digest)
    trace?.undo(() => this.trash.set(key, ref))
  }
}
