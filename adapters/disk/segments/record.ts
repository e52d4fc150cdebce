import { Buffer } from 'node:buffer'
import { type Digest, type DigestAlgorithm, parseDigest } from '../../../src/index.ts'
import { crc32 } from '../crc32.ts'
import type { RecordPlace } from './segment-key.ts'

/** What the line before a record's bytes says of them. */
export interface RecordHead {
  readonly digest: Digest
  /** Of the bytes that follow, in bytes. */
  readonly size: number
  /** In milliseconds since the epoch. */
  readonly committedAt: number
  /** CRC-32 of the bytes. */
  readonly crc: number
  /** Of the head and the bytes together, in bytes. */
  readonly length: number
}

/** How each head begins: to find the next one after a damaged one. */
export const headMark = 'blob sha'

const form =
  /^(blob (sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}) ([0-9a-f]{8}) ([0-9a-f]{12}) ([0-9a-f]{8}) )([0-9a-f]{8})\n/

/** The length of a head, in bytes: the same for every record of an algorithm. */
export function headBytes(algorithm: DigestAlgorithm): number {
  return algorithm === 'sha256' ? 117 : 181
}

/** The longest head there is, in bytes. */
export const longestHead: number = headBytes('sha512')

/** Where a head is: what its check is made of beside the line. */
export type HeadPlace = Pick<RecordPlace, 'segment' | 'offset'>

/**
 * Writes a record: `blob`, the digest, the size, the time and the CRC-32 of the bytes, the CRC-32 of
 * the record's place and the line so far, a newline, and the bytes. All numbers are hexadecimal and of
 * a fixed width.
 *
 * @returns where the record ends in `into`
 */
export function writeRecord(
  into: Buffer,
  at: number,
  place: HeadPlace,
  digest: Digest,
  committedAt: number,
  chunks: readonly Uint8Array[],
  algorithm: DigestAlgorithm,
): number {
  const start = at + headBytes(algorithm)
  let end = start
  for (const chunk of chunks) {
    into.set(chunk, end)
    end += chunk.byteLength
  }
  const crc = crc32(into.subarray(start, end))
  const line = `blob ${digest} ${hex(end - start, 8)} ${hex(committedAt, 12)} ${hex(crc, 8)} `
  into.write(`${line}${hex(checkOf(place, line), 8)}\n`, at, 'latin1')
  return end
}

/**
 * The head that begins at `at`, which is at a place of a segment; null where none does. A client that
 * pushes what looks like a head cannot know its place.
 */
export function parseHead(bytes: Uint8Array, at: number, place: HeadPlace): RecordHead | null {
  const end = Math.min(at + longestHead, bytes.byteLength)
  const text = bufferOf(bytes).toString('latin1', at, end)
  const [, line, name, size, committedAt, crc, check] = form.exec(text) ?? []
  if (line === undefined || checkOf(place, line) !== numberOf(check)) return null
  const digest = parseDigest(name as string)
  if (digest === null) return null
  return {
    digest,
    size: numberOf(size),
    committedAt: numberOf(committedAt),
    crc: numberOf(crc),
    length: line.length + 9 + numberOf(size),
  }
}

/** Whether bytes are those that a head was written for. */
export function isWhole(head: RecordHead, bytes: Uint8Array): boolean {
  return bytes.byteLength === head.size && crc32(bytes) === head.crc
}

/** Where the mark of a head is found next, from `at` on; -1 where it is not. */
export function nextMark(bytes: Uint8Array, at: number): number {
  return bufferOf(bytes).indexOf(headMark, at, 'latin1')
}

function checkOf({ segment, offset }: HeadPlace, line: string): number {
  return crc32(line, crc32(`${segment}:${offset} `))
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0')
}

function numberOf(text: string | undefined): number {
  return Number.parseInt(text ?? '', 16)
}
