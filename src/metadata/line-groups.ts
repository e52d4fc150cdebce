import type { Chunks } from '../ports/metadata-log.ts'

/** A longer line is none, and is not kept: no writer makes one. In bytes. */
export const longestLine: number = 128 * 1024 * 1024

const newline = 10

/** Whole lines that came together; the last group of a file may lack its last newline. */
export interface LineGroup {
  /** In bytes. */
  readonly size: number
  /** Null for a line longer than {@link longestLine}. */
  readonly bytes: Uint8Array | null
}

/**
 * Cuts a file at ends of lines, wherever its chunks end. The bytes of a group are good until the next one is
 * asked for.
 */
export async function* lineGroups(chunks: Chunks): AsyncGenerator<LineGroup> {
  let parts: Uint8Array[] = []
  let size = 0
  const add = (part: Uint8Array): void => {
    size += part.length
    if (size > longestLine) parts = []
    else if (part.length > 0) parts.push(part)
  }
  const take = (): LineGroup => {
    const group = { size, bytes: size > longestLine ? null : joined(parts, size) }
    parts = []
    size = 0
    return group
  }
  for await (const chunk of chunks) {
    let start = 0
    // The line that is under way ends for itself, so that its length alone is held against it.
    if (size > 0) {
      start = chunk.indexOf(newline) + 1
      if (start > 0) {
        add(chunk.subarray(0, start))
        yield take()
      }
    }
    const end = size > 0 ? start : chunk.lastIndexOf(newline) + 1
    if (end > start) {
      add(chunk.subarray(start, end))
      yield take()
    }
    // A copy, because the reader may use its buffer again.
    add(chunk.slice(end))
  }
  if (size > 0) yield take()
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
