import type { JsonReader } from './json-reader.ts'

/**
 * Refuses what clients read differently: a key that stands twice in an object, of which some read
 * the first and some the last, and a key that differs from a known one in case alone, which Go's
 * clients take for it.
 */
export class KnownKeys {
  readonly #byLength: readonly (readonly string[])[]

  /** @param names of ASCII letters */
  constructor(names: readonly string[]) {
    const longest = Math.max(...names.map((name) => name.length))
    this.#byLength = Array.from({ length: longest + 1 }, (_, length) =>
      names.filter((name) => name.length === length),
    )
  }

  /**
   * Returns whether `key` is known, and notes it in `seen`.
   *
   * @throws JsonProblem
   */
  check(reader: JsonReader, key: string, seen: Set<string>): boolean {
    for (const name of this.#byLength[key.length] ?? []) {
      if (key !== name && !sameLetters(key, name)) continue
      if (seen.has(name)) throw reader.problem('stands in it twice')
      if (key !== name) throw reader.problem('differs from a known key in case alone')
      seen.add(name)
      return true
    }
    return false
  }
}

/** As Go folds them: there the long s is an s as well. */
function sameLetters(key: string, name: string): boolean {
  for (let at = 0; at < name.length; at += 1) {
    const letter = name.charCodeAt(at) | 0x20
    const code = key.charCodeAt(at)
    if ((code | 0x20) !== letter && !(code === longS && letter === letterS)) return false
  }
  return true
}

const letterS = 0x73
const longS = 0x17f
