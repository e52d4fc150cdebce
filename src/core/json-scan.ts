/** A text is not JSON, or not the JSON that was expected. The message says what is wrong and where. */
export class JsonProblem extends Error {
  override readonly name = 'JsonProblem'
}

/** Deeper documents are refused: clients that read them recursively would overflow. */
export const deepest = 64

export const quote = 0x22
export const comma = 0x2c
export const colon = 0x3a
export const openBracket = 0x5b
export const closeBracket = 0x5d
export const letterN = 0x6e
export const openBrace = 0x7b
export const closeBrace = 0x7d
const minus = 0x2d
const backslash = 0x5c
export const letterF = 0x66
export const letterT = 0x74
const letterU = 0x75

export function notJson(): JsonProblem {
  return new JsonProblem('it is not JSON in UTF-8')
}

export function tooDeep(): JsonProblem {
  return new JsonProblem(`it is nested deeper than ${deepest} levels`)
}

/** Whether a number may begin with this character. */
export function isNumberStart(code: number): boolean {
  return code === minus || (code >= 0x30 && code <= 0x39)
}

/** Returns where the white space from `start` ends. */
export function endOfSpace(text: string, start: number): number {
  let at = start
  let code = text.charCodeAt(at)
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
    at += 1
    code = text.charCodeAt(at)
  }
  return at
}

/**
 * Returns where the value at `start` ends, of any kind, with the white space behind it.
 *
 * @param depth of the value
 * @throws JsonProblem
 */
export function endOfValue(text: string, start: number, depth: number): number {
  switch (text.charCodeAt(start)) {
    case quote:
      return endOfSpace(text, endOfString(text, start))
    case openBrace:
      return endOfMembers(text, start, depth, closeBrace)
    case openBracket:
      return endOfMembers(text, start, depth, closeBracket)
    default:
      return endOfSpace(text, endOfScalar(text, start))
  }
}

function endOfMembers(text: string, start: number, depth: number, close: number): number {
  if (depth === deepest) throw tooDeep()
  let at = endOfSpace(text, start + 1)
  if (text.charCodeAt(at) === close) return endOfSpace(text, at + 1)
  for (;;) {
    if (close === closeBrace) at = endOfKey(text, at)
    at = endOfValue(text, at, depth + 1)
    const code = text.charCodeAt(at)
    if (code !== comma && code !== close) throw notJson()
    at = endOfSpace(text, at + 1)
    if (code === close) return at
  }
}

/** Returns where the key at `start` ends, with its colon and white space. @throws JsonProblem */
export function endOfKey(text: string, start: number): number {
  if (text.charCodeAt(start) !== quote) throw notJson()
  const at = endOfSpace(text, endOfString(text, start))
  if (text.charCodeAt(at) !== colon) throw notJson()
  return endOfSpace(text, at + 1)
}

/** Returns where the string that begins at `start` ends, past its quote. @throws JsonProblem */
export function endOfString(text: string, start: number): number {
  let at = start + 1
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    // Control characters, and the NaN behind the end.
    if (!(code >= 0x20)) throw notJson()
    at = code === backslash ? endOfEscape(text, at + 1) : at + 1
  }
}

function endOfEscape(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === letterU) {
    if (!/^[0-9a-f]{4}$/i.test(text.slice(at + 1, at + 5))) throw notJson()
    return at + 5
  }
  if (!escapes.includes(code)) throw notJson()
  return at + 1
}

/** The characters behind a backslash that stand for one other: `"\\/bfnrt`. */
const escapes: readonly number[] = [quote, backslash, 0x2f, 0x62, letterF, letterN, 0x72, letterT]

/**
 * Decodes a string that {@link endOfString} has accepted, quotes included. The result may be a slice
 * of `raw`, which keeps all of that in memory.
 */
export function decodeString(raw: string): string {
  return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1)
}

/**
 * Decodes the first `longest` UTF-16 code units of a string that {@link endOfString} has accepted, quotes included.
 * `length` counts what was decoded, and what was not as it stands in the text.
 */
export function decodeStart(
  raw: string,
  longest: number,
): { readonly text: string; readonly length: number } {
  if (raw.length - 2 <= longest) {
    const text = decodeString(raw)
    return { text, length: text.length }
  }
  // An escape takes six characters at most.
  const piece = raw.slice(1, Math.min(raw.length - 1, 1 + longest * 6))
  const whole = withoutHalfEscape(piece)
  const decoded = decodeString(`"${whole}"`)
  const length = decoded.length + (raw.length - 2 - whole.length)
  return { text: decoded.slice(0, longest), length }
}

/** Cuts off an escape that the end of a slice has parted. */
function withoutHalfEscape(piece: string): string {
  const unicode = /u[0-9a-f]{0,3}$/i.exec(piece.slice(-4))
  const end = piece.length - (unicode?.[0].length ?? 0)
  let start = end
  while (piece.charCodeAt(start - 1) === backslash) start -= 1
  return (end - start) % 2 === 0 ? piece : piece.slice(0, end - 1)
}

/** A number or a word of JSON. */
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|null|true|false/y

function endOfScalar(text: string, start: number): number {
  scalar.lastIndex = start
  if (!scalar.test(text)) throw notJson()
  return scalar.lastIndex
}
