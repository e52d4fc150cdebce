/** Part of a blob: `start` included, `end` not, in bytes. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
}

/** More ranges in one request are ignored: each costs the store a read of its own. */
export const mostRanges = 128

const unit = /^bytes=/i
const grammar = /^(?:([0-9]+)-([0-9]*)|-([0-9]+))$/

/**
 * Reads a GET's `Range` (RFC 9110, section 14) against a blob of `size` bytes. Null means "send the
 * whole blob": other units and malformed ranges are ignored, and so are ranges that are too many or
 * ask for more bytes together than the blob has. Spans come in the order that the client asked for.
 */
export function parseByteRanges(
  header: string,
  size: number,
): readonly ByteSpan[] | 'unsatisfiable' | null {
  if (size === 0 || !unit.test(header)) return null
  const ranges = header
    .slice('bytes='.length)
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '')
  if (ranges.length === 0 || ranges.length > mostRanges) return null
  const spans: ByteSpan[] = []
  let bytes = 0
  for (const range of ranges) {
    const match = grammar.exec(range)
    if (match === null) return null
    const span = spanOf(match, size)
    if (span === null) continue
    spans.push(span)
    bytes += span.end - span.start
  }
  if (spans.length === 0) return 'unsatisfiable'
  return bytes > size ? null : spans
}

/** A position may have any number of digits: one beyond a number's precision is beyond any blob. */
function spanOf([, first, last, suffix]: RegExpExecArray, size: number): ByteSpan | null {
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size)
    return length === 0 ? null : { start: size - length, end: size }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  return start < end ? { start, end } : null
}
