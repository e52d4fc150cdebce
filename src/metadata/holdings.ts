import type { Digest } from '../oci/digest.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { KeySearch } from './key-search.ts'
import { LargeMap } from './large-map.ts'
import type { NamedWindow } from './named-window.ts'
import { flatCopy, packKey, unpackKey } from './packed-text.ts'
import type { Link } from './repository.ts'
import type { Trace } from './trace.ts'

/** The bytes of a digest that something names. There are as many as digests, so it is small. */
export class Holding {
  readonly digest: Digest
  /** The key that counts, packed. */
  packedKey: string
  size: number
  /** Whether its bytes are known to be missing. */
  isMissing = false
  /** The first of the repositories that have the blob, in no order; each leads to the next. */
  firstLink: Link | null = null
  /** How many manifest records, in any repository, have these bytes. */
  records = 0
  /** How many entries of the trash keep them, those of whole repositories aside. */
  entries = 0

  constructor(digest: Digest, size: number, key: string) {
    this.digest = digest
    this.size = size
    this.packedKey = packKey(key, digest)
  }

  /** The key that counts. */
  get key(): string {
    return unpackKey(this.packedKey, this.digest)
  }

  /** Where its bytes are, missing or not. */
  get ref(): BlobRef {
    const { digest, size, key } = this
    return { digest, size, key }
  }

  /** What readers get: the same, or null while its bytes are known to be missing. */
  get readable(): BlobRef | null {
    return this.isMissing ? null : this.ref
  }

  /** Whether the key is the one that counts. */
  hasKey(key: string): boolean {
    return this.packedKey === key || this.key === key
  }
}

/**
 * Which key counts for each digest that is named, and which keys nothing names any more. Changed by
 * the state alone.
 */
export class Holdings {
  readonly #held: LargeMap<Digest, Holding> = new LargeMap()
  /** Keys that nothing names, until their bytes are gone; the next to be deleted first. */
  readonly condemned: Map<string, BlobRef> = new Map()
  /** Those whose bytes are known to be missing. */
  readonly missing: Set<Holding> = new Set()
  /**
   * Keys that count for a moment though they are forgotten: a journal is replayed over a snapshot that
   * has the digest under a later key already.
   */
  readonly #forgotten: Set<string> = new Set()

  /** Told of every key that comes to count or to be condemned. */
  readonly searches: Set<KeySearch> = new Set()
  /** Told of every digest that comes to be named. */
  readonly windows: Set<NamedWindow> = new Set()

  /** How many digests are named. */
  get size(): number {
    return this.#held.size
  }

  get(digest: Digest): Holding | undefined {
    return this.#held.get(digest)
  }

  values(): Generator<Holding> {
    return this.#held.values()
  }

  /**
   * Makes the blob's key the one that counts; the caller adds who names it.
   *
   * @param known its digest as the text that is kept already, if it is
   */
  locate(
    { digest: told, key, size }: BlobRef,
    known: Digest | undefined,
    trace: Trace | null,
  ): Holding {
    this.#pardon(key, trace)
    this.#note(key)
    const there = this.#held.get(known ?? told)
    if (there === undefined) {
      // What is read from a file at the start is cut out of nothing.
      const fresh = new Holding(known ?? (trace === null ? told : flatCopy(told)), size, key)
      return this.#hold(fresh, trace)
    }
    if (there.hasKey(key)) {
      this.#find(there, trace)
      return there
    }
    const { digest, ref: before, packedKey, isMissing } = there
    there.packedKey = packKey(key, digest)
    there.size = size
    there.isMissing = false
    this.missing.delete(there)
    this.#discard(before)
    trace?.bytesOf(digest)
    trace?.undo(() => {
      there.packedKey = packedKey
      there.size = before.size
      there.isMissing = isMissing
      if (isMissing) this.missing.add(there)
      this.condemned.delete(before.key)
      this.#note(before.key)
    })
    return there
  }

  #hold(fresh: Holding, trace: Trace | null): Holding {
    const { digest } = fresh
    this.#keep(fresh)
    trace?.holders(digest)
    trace?.undo(() => this.#held.delete(digest))
    return fresh
  }

  #keep(holding: Holding): void {
    this.#held.set(holding.digest, holding)
    for (const window of this.windows) window.note(holding.digest)
  }

  /** Lists a repository that has the blob. */
  addLink(holding: Holding, link: Link): void {
    const { firstLink } = holding
    link.holding = holding
    link.next = firstLink
    if (firstLink !== null) firstLink.previous = link
    holding.firstLink = link
  }

  /** Takes it off that list. */
  removeLink(holding: Holding, link: Link): void {
    const { previous, next } = link
    if (previous === null) holding.firstLink = next
    else previous.next = next
    if (next !== null) next.previous = previous
    link.holding = null
    link.previous = null
    link.next = null
  }

  /** Ends a holding once nothing names it: its key is condemned. */
  settle(holding: Holding, trace: Trace | null): void {
    if (holding.firstLink !== null || holding.records > 0 || holding.entries > 0) return
    const { digest, ref } = holding
    this.#held.delete(digest)
    const wasMissing = this.missing.delete(holding)
    this.#discard(ref)
    trace?.holders(digest)
    trace?.undo(() => {
      this.#keep(holding)
      if (wasMissing) this.missing.add(holding)
      this.condemned.delete(ref.key)
      this.#note(ref.key)
    })
  }

  /** Notes bytes under a key that nothing names. */
  store(blob: BlobRef, trace: Trace | null): void {
    const { digest, size, key } = blob
    if (this.condemned.has(key) || this.#held.get(digest)?.hasKey(key)) return
    this.condemned.set(key, Object.freeze({ digest, size, key }))
    this.#note(key)
    trace?.holders(digest)
    trace?.undo(() => this.condemned.delete(key))
  }

  /** Notes that bytes are missing, unless another key counts by now. */
  miss(digest: Digest, key: string, trace: Trace | null): void {
    const holding = this.#held.get(digest)
    if (holding === undefined || holding.isMissing || !holding.hasKey(key)) return
    holding.isMissing = true
    this.missing.add(holding)
    trace?.bytesOf(digest)
    trace?.undo(() => {
      holding.isMissing = false
      this.missing.delete(holding)
    })
  }

  /** The bytes are there after all. */
  #find(holding: Holding, trace: Trace | null): void {
    if (!holding.isMissing) return
    holding.isMissing = false
    this.missing.delete(holding)
    trace?.bytesOf(holding.digest)
    trace?.undo(() => {
      holding.isMissing = true
      this.missing.add(holding)
    })
  }

  /** Forgets bytes that nothing names; without a key, all of the digest. */
  forget(digest: Digest, key: string | null, trace: Trace | null): void {
    if (key !== null) {
      if (this.condemned.get(key)?.digest === digest) this.#pardon(key, trace)
      else if (trace === null && this.#held.get(digest)?.hasKey(key)) this.#forgotten.add(key)
      return
    }
    // Format 1 had one key a digest, and forgot them in the order they came here.
    for (const ref of this.condemned.values()) {
      if (ref.digest !== digest) continue
      this.#pardon(ref.key, trace)
      return
    }
  }

  /** Its key does not count any more. */
  #discard(ref: BlobRef): void {
    if (this.#forgotten.delete(ref.key)) return
    this.condemned.set(ref.key, ref)
    this.#note(ref.key)
  }

  #note(key: string): void {
    for (const search of this.searches) search.note(key)
  }

  #pardon(key: string, trace: Trace | null): void {
    if (this.condemned.size === 0) return
    const ref = this.condemned.get(key)
    if (ref === undefined) return
    this.condemned.delete(key)
    trace?.holders(ref.digest)
    trace?.undo(() => {
      this.condemned.set(key, ref)
      this.#note(key)
    })
  }
}
