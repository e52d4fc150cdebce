import type { Tag } from '../oci/tag.ts'
import { SortedNames } from './sorted-names.ts'
import { sortInSteps, sortStride } from './sorting.ts'

/** From this many on, tags that are read at the start are sorted in afterwards. */
const manyTags = 4096

/** The tags of one repository in byte order. */
export class TagNames {
  /** Knows which tags there are. */
  readonly #entries: ReadonlyMap<Tag, unknown>
  readonly #sorted: SortedNames<Tag> = new SortedNames()
  /** Read at the start, and still to be sorted in; some may be gone by now. */
  #unsorted: Tag[] = []
  /** Sorts others in meanwhile; null when there are none. */
  #sorting: Generator<void, void> | null = null
  /** Whether a tag went since sorting was over last. */
  #isAnyGone = false

  constructor(entries: ReadonlyMap<Tag, unknown>) {
    this.#entries = entries
  }

  /** All of them; sorts what is unsorted. */
  get sorted(): SortedNames<Tag> {
    while (this.isUnsorted) this.sortSome()
    return this.#sorted
  }

  /** Whether some are still to be sorted in. */
  get isUnsorted(): boolean {
    return this.#sorting !== null || this.#unsorted.length > 0
  }

  /** Adds a tag; harmless when it is there. */
  add(tag: Tag): void {
    this.#sorted.insert(tag)
  }

  /**
   * Adds a new tag that a start reads. Finding the place of one among many takes longer than all the rest of
   * reading it, and nothing asks for lists before the start is over.
   */
  addRead(tag: Tag): void {
    if (this.#sorted.size < manyTags) this.#sorted.insert(tag)
    else this.#unsorted.push(tag)
  }

  /** Removes a tag that is in the entries no more. */
  delete(tag: Tag): void {
    this.#sorted.delete(tag)
    this.#isAnyGone = true
  }

  /** Goes on sorting, for a fraction of a millisecond; true when nothing is left to be sorted. */
  sortSome(): boolean {
    this.#sorting ??= this.#sortIn()
    if (!this.#sorting.next().done) return false
    this.#sorting = null
    if (this.isUnsorted) return false
    this.#isAnyGone = false
    return true
  }

  *#sortIn(): Generator<void, void> {
    const unsorted = this.#unsorted
    this.#unsorted = []
    const sorted = yield* sortInSteps(unsorted)
    for (let at = 0; at < sorted.length; at += sortStride) {
      const tags = sorted.slice(at, at + sortStride)
      // Looking each of them up would take as long as all the rest.
      const left = this.#isAnyGone ? tags.filter((tag) => this.#entries.has(tag)) : tags
      this.#sorted.insertSorted(left)
      yield
    }
  }
}
