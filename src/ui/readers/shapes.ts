import { JsonReader } from '../../core/json-reader.ts'
import { JsonProblem } from '../../core/json-scan.ts'

/**
 * Reads one JSON value, of whatever kind it is, and returns what it says: undefined where the value is of another
 * kind than expected. What a shape does not name is skipped and never built, so that the memory a document takes is
 * bounded by the shape, whatever its author wrote.
 */
export type Shape<T> = (reader: JsonReader) => T | undefined

/** The first items of a list, and how many it has. */
export interface Listed<T> {
  readonly items: readonly T[]
  readonly count: number
}

/** Keys and values of an object, as entries: `__proto__` is a legal key. */
export type Entry = readonly [key: string, value: string]

/** What {@link fields} finds: every field may be absent. */
export type Fields<F> = { readonly [Key in keyof F]?: F[Key] extends Shape<infer T> ? T : never }

/** An empty list. */
export const nothing: Listed<never> = { items: [], count: 0 }

/**
 * Reads a document.
 *
 * @returns null where it is not JSON in UTF-8, is nested deeper than `deepest`, or is another kind of value
 */
export function readShape<T>(content: Uint8Array | string, shape: Shape<T>): T | null {
  try {
    const reader = new JsonReader(typeof content === 'string' ? content : decode(content))
    const value = shape(reader)
    reader.end()
    return value ?? null
  } catch (error) {
    // Bytes that are not UTF-8 are a TypeError.
    if (error instanceof JsonProblem || error instanceof TypeError) return null
    throw error
  }
}

/** A byte order mark is not JSON, but some tools write one. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/** A string. What is longer ends in `…`, with how many characters follow. */
export function text(longest = 1000): Shape<string> {
  return (reader) => {
    if (reader.kind() !== 'string') return skipped(reader)
    const { text: start, length } = reader.cutString(longest)
    return length > start.length ? `${whole(start)}… (+${length - start.length})` : whole(start)
  }
}

/** A number. */
export const number: Shape<number> = (reader) => {
  if (reader.kind() !== 'number') return skipped(reader)
  const value = finite(reader)
  return Number.isFinite(value) ? value : undefined
}

/** True or false. */
export const flag: Shape<boolean> = (reader) =>
  reader.kind() === 'boolean' ? reader.boolean() : skipped(reader)

/** A list, or a single item that stands for a list of it. Items of another kind count, and are left out. */
export function list<T>(item: Shape<T>, most: number): Shape<Listed<T>> {
  return (reader) => {
    if (reader.kind() !== 'array') {
      const single = item(reader)
      return single === undefined ? undefined : { items: [single], count: 1 }
    }
    const items: T[] = []
    const count = readItems(reader, () => {
      const value = items.length < most ? item(reader) : skipped(reader)
      if (value !== undefined) items.push(value)
    })
    return { items, count }
  }
}

/** A list of which `take` sees every item, and none is kept: how many there are. */
export function each<T>(item: Shape<T>, take: (value: T) => void): Shape<number> {
  return (reader) => {
    if (reader.kind() !== 'array') return skipped(reader)
    return readItems(reader, () => {
      const value = item(reader)
      if (value !== undefined) take(value)
    })
  }
}

/** The values of an object whose values are strings. */
export function entries(most: number, longest = 1000): Shape<Listed<Entry>> {
  const value = text(longest)
  return (reader) => {
    if (reader.kind() !== 'object') return skipped(reader)
    const found: Map<string, string> = new Map()
    let count = 0
    reader.object((key) => {
      count += 1
      const known = found.size < most ? value(reader) : skipped(reader)
      if (known !== undefined) found.set(short(key), known)
    })
    return { items: [...found], count }
  }
}

/** The keys of an object. */
export function keys(most: number): Shape<Listed<string>> {
  return (reader) => {
    if (reader.kind() !== 'object') return skipped(reader)
    const items: string[] = []
    let count = 0
    reader.object((key) => {
      count += 1
      if (items.length < most) items.push(short(key))
      reader.skip()
    })
    return { items, count }
  }
}

/** An object with these fields, each of which may be absent. Where one stands twice, the last counts. */
export function fields<F extends Readonly<Record<string, Shape<unknown>>>>(
  shapes: F,
): Shape<Fields<F>> {
  const byKey: Map<string, Shape<unknown>> = new Map(Object.entries(shapes))
  return (reader) => {
    if (reader.kind() !== 'object') return skipped(reader)
    const found: Map<string, unknown> = new Map()
    reader.object((key) => {
      const shape = byKey.get(key)
      const value = shape === undefined ? skipped(reader) : shape(reader)
      if (value !== undefined) found.set(key, value)
    })
    return Object.fromEntries(found) as Fields<F>
  }
}

function readItems(reader: JsonReader, read: () => void): number {
  let count = 0
  reader.array((index) => {
    count = index + 1
    read()
  })
  return count
}

function skipped(reader: JsonReader): undefined {
  reader.skip()
  return undefined
}

/** Digits without an end are a number too, but none that anything could mean. */
function finite(reader: JsonReader): number {
  try {
    return reader.number()
  } catch (error) {
    if (error instanceof JsonProblem) return Number.NaN
    throw error
  }
}

function short(key: string): string {
  return key.length > longestKey ? `${whole(key.slice(0, longestKey))}…` : key
}

/** In characters. */
const longestKey = 256

/** Half a character at the end could not be sent as UTF-8. */
function whole(start: string): string {
  const last = start.charCodeAt(start.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? start.slice(0, -1) : start
}
