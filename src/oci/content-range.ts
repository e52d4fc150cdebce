/** The bytes a chunk covers, both ends included. */
export interface ChunkRange {
  readonly first: number
  readonly last: number
}

const grammar = /^([0-9]+)-([0-9]+)$/

/**
 * Reads an upload's `Content-Range`, which has the specification's own form, `<first>-<last>`
 * without unit or total (end-5, end-6). Null when malformed. A last one below the first is how
 * some clients say "no bytes"; {@link chunkLength} of it is 0. A position may have any number of digits:
 * one beyond a number's precision is beyond every offset and every limit.
 */
export function parseContentRange(text: string): ChunkRange | null {
  const match = grammar.exec(text.trim())
  if (match === null) return null
  const first = Number(match[1])
  const last = Number(match[2])
  return last < first - 1 ? null : { first, last }
}

/** How many bytes a chunk's range announces. */
export function chunkLength(range: ChunkRange): number {
  return range.last - range.first + 1
}

/** An upload's `Range` header: `0-<last byte received>`. An empty session says `0-0`, as others do. */
export function uploadRange(offset: number): string {
  return `0-${Math.max(offset - 1, 0)}`
}
