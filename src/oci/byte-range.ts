/** Part of a blob: `start` included, `end` not, in bytes. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
}

const grammar = /^bytes=[ \t]*(?:([0-9]{1,16})-([0-9]{1,16})?|-([0-9]{1,16}))[ \t]*$/i

/**
 * Reads a GET's `Range` (RFC 9110, section 14) against a blob of `size` bytes. Null means "send the
 * whole blob": several ranges, other units and malformed ones are ignored, which also bounds what
 * one request can ask for.
 */
export function parseByteRange(header: string, size: number): ByteSpan | 'unsatisfiable' | null {
  const match = grammar.exec(header)
  if (match === null || size === 0) return null
  const [, first, last, suffix] = match
  if (suffix !== undefined) {
    const length = Number(suffix)
    if (length === 0) return 'unsatisfiable'
    return { start: Math.max(size - length, 0), end: size }
  }
  const start = Number(first)
  const end = last === undefined ? size : Math.min(Number(last) + 1, size)
  if (start >= size || end <= start) return 'unsatisfiable'
  return { start, end }
}
