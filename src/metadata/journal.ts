import { StoreDamaged } from '../oci/store-damaged.ts'
import type { LogFile } from '../ports/metadata-log.ts'
import { crc32, crcText } from './crc32.ts'
import type { EffectDecoder } from './effect-decoder.ts'
import type { Effect } from './effects.ts'
import { lineGroups, longestLine } from './line-groups.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
const newline = 10
const space = 32

/**
 * One frame, a line: sequence, length of the body in bytes, CRC-32 of both and the body, and the
 * body: effects as a JSON array. An empty batch is a seal: it says that all before it was whole.
 */
export function encodeFrame(sequence: number, effects: readonly string[]): Uint8Array {
  const body = encoder.encode(`[${effects.join(',')}]`)
  const head = encoder.encode(`${sequence} ${body.length} `)
  const crc = encoder.encode(`${crcText(crc32(body, crc32(head)))} `)
  const frame = new Uint8Array(head.length + crc.length + body.length + 1)
  frame.set(head)
  frame.set(crc, head.length)
  frame.set(body, head.length + crc.length)
  frame[frame.length - 1] = newline
  return frame
}

/** What a journal was found to be. */
export interface JournalReading {
  /** Sequence of the last whole frame, or of the one before the journal. */
  readonly sequence: number
  /** Bytes of whole frames, from the start. */
  readonly wholeBytes: number
  /** Bytes after them: a frame whose writing was cut off. */
  readonly tornBytes: number
  /** Whether the last whole frame is a seal. */
  readonly sealed: boolean
}

/**
 * Reads a journal that goes on after `sequence` and hands over every effect, in order.
 *
 * A bad frame at the end is a torn tail: it was never acknowledged, unless its one bit flipped
 * later. A bad frame with a whole one after it was acknowledged.
 *
 * @throws StoreDamaged for a bad frame that is not the last, and for frames that are missing.
 */
export async function readJournal(
  file: LogFile,
  sequence: number,
  effects: EffectDecoder,
  take: (effect: Effect) => void,
): Promise<JournalReading> {
  let last = sequence
  let whole = 0
  let total = 0
  let sealed = false
  let bad = false
  for await (const line of linesOf(file)) {
    total += line.size
    const frame = line.bytes === null ? null : readFrame(line.bytes)
    if (frame === null || line.bytes === null) {
      bad = true
      if (line.bytes !== null && hidesFrame(line.bytes)) throw damaged(file, whole)
      continue
    }
    if (bad) throw damaged(file, whole)
    if (frame.sequence !== last + 1) {
      const found = `frame ${frame.sequence} follows frame ${last}`
      throw new StoreDamaged(file.name, `frames are missing: ${found} at byte ${whole}`)
    }
    const batch = parseBatch(frame.body)
    if (batch === null) throw damaged(file, whole)
    for (const item of batch) {
      const effect = effects.decode(item)
      if (effect === null) throw damaged(file, whole)
      take(effect)
    }
    sealed = batch.length === 0
    last = frame.sequence
    whole = total
  }
  return { sequence: last, wholeBytes: whole, tornBytes: total - whole, sealed }
}

function damaged(file: LogFile, at: number): StoreDamaged {
  return new StoreDamaged(file.name, `the frame at byte ${at} is damaged, and it is not the last`)
}

interface Frame {
  readonly sequence: number
  readonly body: Uint8Array
  /** Bytes of the frame without its newline. */
  readonly length: number
}

/** The frame a line, newline included, is; null when anything about it is wrong. */
function readFrame(line: Uint8Array): Frame | null {
  const frame = readPrefix(line)
  const ends = frame !== null && line.length === frame.length + 1 && line.at(-1) === newline
  return ends ? frame : null
}

/** The whole frame some bytes start with, whatever comes after it. */
function readPrefix(bytes: Uint8Array): Frame | null {
  const afterSequence = bytes.subarray(0, 17).indexOf(space) + 1
  const sequence = readNumber(bytes, 0, afterSequence - 1)
  if (sequence === null || sequence === 0) return null
  const headEnd = bytes.subarray(0, afterSequence + 17).indexOf(space, afterSequence) + 1
  const length = readNumber(bytes, afterSequence, headEnd - 1)
  if (length === null || length > longestLine) return null
  const start = headEnd + 9
  if (start + length > bytes.length || bytes[start - 1] !== space) return null
  const body = bytes.subarray(start, start + length)
  const crc = crcText(crc32(body, crc32(bytes.subarray(0, headEnd))))
  for (let i = 0; i < 8; i += 1) if (bytes[headEnd + i] !== crc.charCodeAt(i)) return null
  return { sequence, body, length: start + length }
}

/**
 * Whether a bad line is two frames, the newline between them lost: the first was acknowledged
 * before the second was written, so this is not a torn tail.
 */
function hidesFrame(line: Uint8Array): boolean {
  const first = readPrefix(line)
  return first !== null && readPrefix(line.subarray(first.length + 1)) !== null
}

/** Decimal digits without a leading zero. */
function readNumber(bytes: Uint8Array, from: number, to: number): number | null {
  if (to <= from || to - from > 15) return null
  let value = 0
  for (let i = from; i < to; i += 1) {
    const digit = (bytes[i] as number) - 48
    if (digit < 0 || digit > 9) return null
    value = value * 10 + digit
  }
  return bytes[from] === 48 && to - from > 1 ? null : value
}

function parseBatch(body: Uint8Array): readonly unknown[] | null {
  try {
    const batch: unknown = JSON.parse(decoder.decode(body))
    return Array.isArray(batch) ? batch : null
  } catch {
    return null
  }
}

/** A line with its newline, if it has one; null where it is too long to be a frame. */
interface Line {
  readonly size: number
  readonly bytes: Uint8Array | null
}

async function* linesOf(file: LogFile): AsyncGenerator<Line> {
  for await (const { size, bytes } of lineGroups(file.read())) {
    if (bytes === null) {
      yield { size, bytes }
      continue
    }
    for (let start = 0; start < bytes.length; ) {
      const found = bytes.indexOf(newline, start) + 1
      const end = found === 0 ? bytes.length : found
      yield { size: end - start, bytes: bytes.subarray(start, end) }
      start = end
    }
  }
}
