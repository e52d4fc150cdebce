import type { OpenFile } from '../files.ts'
import {
  type HeadPlace,
  headMark,
  longestHead,
  nextMark,
  parseHead,
  type RecordHead,
} from './record.ts'
import type { SegmentName } from './segment-key.ts'

/** A record that a walk came upon. */
export interface FoundRecord extends RecordHead {
  /** Where its head begins. */
  readonly offset: number
}

/** Read at once: many heads of small records, and little in vain for larger ones. */
const windowBytes = 64 * 1024

/**
 * The records in the first `size` bytes of a segment, from an offset on, in order. Where a head is
 * damaged, or its writing was cut off, the walk goes on at the next one.
 */
export async function* walkRecords(
  file: OpenFile,
  segment: SegmentName,
  size: number,
  from: number,
): AsyncGenerator<FoundRecord> {
  const window = new Uint8Array(windowBytes)
  let start = from
  while (start < size) {
    const bytes = await readSome(file, window, start, size)
    if (bytes.byteLength === 0) return
    let at = 0
    while (at < bytes.byteLength) {
      const record = recordAt(bytes, at, { segment, offset: start + at }, size)
      if (record !== null) {
        yield record
        at += record.length
        continue
      }
      const isCutOff = at + longestHead > bytes.byteLength && start + bytes.byteLength < size
      if (isCutOff && at > 0) break
      const next = nextMark(bytes, at + 1)
      // The mark itself may be cut off by the end of the window.
      at = next === -1 ? Math.max(at + 1, bytes.byteLength - headMark.length) : next
      if (next === -1) break
    }
    start += at
  }
}

function recordAt(
  bytes: Uint8Array,
  at: number,
  place: HeadPlace,
  size: number,
): FoundRecord | null {
  const head = parseHead(bytes, at, place)
  const { offset } = place
  return head === null || offset + head.length > size ? null : { ...head, offset }
}

async function readSome(
  file: OpenFile,
  window: Uint8Array,
  start: number,
  size: number,
): Promise<Uint8Array> {
  const wanted = Math.min(window.byteLength, size - start)
  let filled = 0
  while (filled < wanted) {
    const count = await file.read(window, filled, wanted - filled, start + filled)
    if (count === 0) break
    filled += count
  }
  return window.subarray(0, filled)
}
