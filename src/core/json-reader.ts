import {
  closeBrace,
  closeBracket,
  comma,
  decodeStart,
  decodeString,
  deepest,
  endOfKey,
  endOfSpace,
  endOfString,
  endOfValue,
  isNumberStart,
  JsonProblem,
  letterF,
  letterN,
  letterT,
  notJson,
  openBrace,
  openBracket,
  quote,
  tooDeep,
} from './json-scan.ts'

/** A path in an error message names at most this much of a client's key, in characters. */
const longestShown = 64

/** In characters. */
const longestNumber = 64

/** A kind of JSON value. */
export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'

const kinds: ReadonlyMap<number, JsonKind> = new Map([
  [quote, 'string'],
  [openBrace, 'object'],
  [openBracket, 'array'],
  [letterN, 'null'],
  [letterT, 'boolean'],
  [letterF, 'boolean'],
])

/**
 * Reads JSON (RFC 8259) from front to back, once, and decodes only what it is asked for. What one
 * client sends can hold millions of values: skipping them allocates nothing, where `JSON.parse`
 * would build them all. Every method reads one value and throws {@link JsonProblem} when the text is
 * not JSON there or the value is of another kind.
 *
 * A string that it returns may be a slice of the text, which keeps all of that in memory.
 */
export class JsonReader {
  readonly #text: string
  #at: number
  #depth = 0
  /** The keys and indexes that lead to the value being read. */
  readonly #path: (string | number)[] = []

  constructor(text: string) {
    this.#text = text
    this.#at = endOfSpace(text, 0)
  }

  /** Tells what kind of value comes next, and reads nothing; null where none does. */
  kind(): JsonKind | null {
    const code = this.#code()
    return isNumberStart(code) ? 'number' : (kinds.get(code) ?? null)
  }

  /** Reads null, if that comes next; otherwise reads nothing. */
  null(): boolean {
    if (this.#code() !== letterN) return false
    this.skip()
    return true
  }

  /** @param longest in UTF-16 code units */
  string(longest: number): string {
    if (this.#code() !== quote) throw this.#mismatch('is not a string')
    const start = this.#at
    const end = endOfString(this.#text, start)
    this.#at = endOfSpace(this.#text, end)
    // An escape takes six characters at most.
    const fits = end - start <= longest * 6 + 2
    const text = fits ? decodeString(this.#text.slice(start, end)) : null
    if (text === null || text.length > longest) {
      throw this.problem(`is longer than ${longest} characters`)
    }
    return text
  }

  /**
   * Reads a string of any length, of which the end is left out where it is too long. No more than that is decoded.
   *
   * @param longest in UTF-16 code units
   * @returns the text, and how long the whole is at least
   */
  cutString(longest: number): { readonly text: string; readonly length: number } {
    if (this.#code() !== quote) throw this.#mismatch('is not a string')
    const start = this.#at
    const end = endOfString(this.#text, start)
    this.#at = endOfSpace(this.#text, end)
    return decodeStart(this.#text.slice(start, end), longest)
  }

  boolean(): boolean {
    if (this.kind() !== 'boolean') throw this.#mismatch('is not true or false')
    const start = this.#at
    this.skip()
    return this.#text.charCodeAt(start) === letterT
  }

  number(): number {
    if (!isNumberStart(this.#code())) throw this.#mismatch('is not a number')
    const start = this.#at
    this.skip()
    if (this.#at - start > longestNumber) throw this.problem('is too long a number')
    return Number(this.#text.slice(start, this.#at))
  }

  /** Calls `member` with every key; it has to read the value. */
  object(member: (key: string) => void): void {
    if (this.#code() !== openBrace) throw this.#mismatch('is not an object')
    const level = this.#enter()
    for (let more = !this.#ends(closeBrace); more; more = this.#goesOn(closeBrace)) {
      const key = this.#key()
      this.#path[level] = key
      member(key)
    }
    this.#depth = level
  }

  /** Calls `item` with every index; it has to read the value. */
  array(item: (index: number) => void): void {
    if (this.#code() !== openBracket) throw this.#mismatch('is not a list')
    const level = this.#enter()
    let index = 0
    for (let more = !this.#ends(closeBracket); more; more = this.#goesOn(closeBracket)) {
      this.#path[level] = index
      item(index)
      index += 1
    }
    this.#depth = level
  }

  /** Reads a list of strings, and returns how many there are. */
  stringList(): number {
    let count = 0
    this.array((index) => {
      this.#skipString()
      count = index + 1
    })
    return count
  }

  /**
   * Reads an object whose values are all strings, and returns its text as it stands.
   *
   * @param most how many members it may have
   */
  stringMap(most: number): string {
    if (this.#code() !== openBrace) throw this.#mismatch('is not an object')
    const start = this.#at
    const level = this.#enter()
    let count = 0
    for (let more = !this.#ends(closeBrace); more; more = this.#goesOn(closeBrace)) {
      const keyStart = this.#at
      this.#at = endOfKey(this.#text, keyStart)
      if (this.#code() !== quote) {
        this.#at = keyStart
        this.#path[level] = this.#key()
      }
      this.#skipString()
      count += 1
    }
    this.#depth = level
    if (count > most) throw this.problem(`has more than ${most} entries`)
    return this.#text.slice(start, this.#at)
  }

  /** Reads a value of any kind. */
  skip(): void {
    this.#at = endOfValue(this.#text, this.#at, this.#depth)
  }

  /** Checks that nothing follows. */
  end(): void {
    if (this.#at !== this.#text.length) throw notJson()
  }

  /** A problem of the value being read, or just read. `what` continues a sentence about it. */
  problem(what: string): JsonProblem {
    const path = this.#path
      .slice(0, this.#depth)
      .map((step) => (typeof step === 'string' ? step.slice(0, longestShown) : step))
    return new JsonProblem(path.length === 0 ? `it ${what}` : `${path.join('.')} ${what}`)
  }

  /** The problem of a value of another kind, unless it is not JSON at all. */
  #mismatch(what: string): JsonProblem {
    const problem = this.problem(what)
    this.skip()
    return problem
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at)
  }

  /** Moves into an object or a list, and returns at which place of the path its keys stand. */
  #enter(): number {
    const level = this.#depth
    if (level === deepest) throw tooDeep()
    this.#depth = level + 1
    this.#path[level] = ''
    this.#at = endOfSpace(this.#text, this.#at + 1)
    return level
  }

  /** Whether an object or a list ends before its first member. */
  #ends(close: number): boolean {
    if (this.#code() !== close) return false
    this.#at = endOfSpace(this.#text, this.#at + 1)
    return true
  }

  /** Whether another member follows the one just read. */
  #goesOn(close: number): boolean {
    const code = this.#code()
    if (code !== comma && code !== close) throw notJson()
    this.#at = endOfSpace(this.#text, this.#at + 1)
    return code === comma
  }

  /** Reads a key with its colon. */
  #key(): string {
    const start = this.#at
    this.#at = endOfKey(this.#text, start)
    return decodeString(this.#text.slice(start, endOfString(this.#text, start)))
  }

  #skipString(): void {
    if (this.#code() !== quote) throw this.#mismatch('is not a string')
    this.#at = endOfSpace(this.#text, endOfString(this.#text, this.#at))
  }
}
