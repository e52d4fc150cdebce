import type { JsonReader } from './json-reader.ts'

/**
 * Refuses what clients read differently: a key that stands twice in an object, of which some read
 * the first and some the last, and a key that differs from a known one in case alone, which Go's
 * clients take for it.
 */
export class KnownKeys {
  readonly #names: ReadonlySet<string>
  readonly #alike: RegExp

  /** @param names of ASCII letters */
  constructor(names: readonly string[]) {
    this.#names = new Set(names)
    // These flags fold letters as Go does: the long s is an s, the dotless i no i.
    this.#alike = new RegExp(`^(?:${names.join('|')})$`, 'iu')
  }

  /**
   * Returns whether `key` is known, and notes it in `seen`.
   *
   * @throws JsonProblem
   */
  check(reader: JsonReader, key: string, seen: Set<string>): boolean {
    if (!this.#names.has(key)) {
      if (this.#alike.test(key)) throw reader.problem('differs from a known key in case alone')
      return false
    }
    if (seen.has(key)) throw reader.problem('stands in it twice')
    seen.add(key)
    return true
  }
}
