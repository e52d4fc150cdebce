import type { Digest } from '../oci/digest.ts'
import { SortedNames } from './sorted-names.ts'

/** Digests of one window. More of them make fewer windows, each of which takes a look at all there are. */
const mostDigests = 32 * 1024

/**
 * The digests of one stretch of all that are named, in order: digests are not kept in order, since few callers ask
 * for that. It is told of every digest that comes to be named, so that none of its stretch is left out.
 */
export class NamedWindow {
  /** Exclusive. */
  readonly #after: string
  /** Inclusive; null where the stretch has no end. */
  #upTo: Digest | null = null
  readonly #digests: SortedNames<Digest> = new SortedNames()
  readonly #most: number

  constructor(after: string, most: number = mostDigests) {
    this.#after = after
    this.#most = most
  }

  /** Whether the digest that comes after `after` is in its stretch, if there is one. */
  covers(after: string): boolean {
    return after >= this.#after && (this.#upTo === null || after < this.#upTo)
  }

  /** A digest that is named. */
  note(digest: Digest): void {
    if (digest <= this.#after || (this.#upTo !== null && digest > this.#upTo)) return
    this.#digests.insert(digest)
    if (this.#digests.size <= this.#most) return
    this.#digests.delete(this.#digests.last as Digest)
    this.#upTo = this.#digests.last ?? null
  }

  /** Its first digests after `after`, and where its stretch ends; some may be named no more. */
  read(
    after: string,
    limit: number,
  ): { readonly digests: readonly Digest[]; readonly more: boolean; readonly end: Digest | null } {
    const { items, more } = this.#digests.page(after as Digest, limit)
    return { digests: items, more, end: this.#upTo }
  }
}
