/** Bytes of a header, and of what content is padded to. */
export const blockBytes = 512

/** What a header of an archive says (POSIX ustar and pax; GNU's long names). */
export interface TarHeader {
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** One character: `0` or NUL for a file, `5` for a folder, `x`, `g` and `L` for more of the next header. */
  readonly type: string
}

/** What is wrong with an archive. */
export class TarProblem extends Error {
  override readonly name = 'TarProblem'
}

/** Reads a header; null for the block of zeros that ends an archive. @throws TarProblem */
export function readHeader(block: Uint8Array): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null
  const checksum = Number.parseInt(textAt(block, 148, 8).trim(), 8)
  if (checksumOf(block) !== checksum) {
    throw new TarProblem('it is not a tar archive, or it is damaged')
  }
  const isUstar = textAt(block, 257, 5) === 'ustar'
  // GNU's own format keeps times where ustar has the beginning of a long name.
  const isPosix = isUstar && block[262] === 0
  const prefix = isPosix ? textAt(block, 345, 155) : ''
  const name = textAt(block, 0, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: numberAt(block, 124, 12),
    type: String.fromCharCode(block[156] || 0x30),
  }
}

/** A header of a file, of a folder (`5`), or of more of the next one (`x`). */
export function writeHeader(name: string, size: number, type: '0' | '5' | 'x' = '0'): Uint8Array {
  const block = new Uint8Array(blockBytes)
  const put = (text: string, at: number): void => void block.set(encoder.encode(text), at)
  put(name, 0)
  put(type === '5' ? '0000755\0' : '0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  // What does not fit is in a pax header before this one.
  put(`${Math.min(size, mostOctal).toString(8).padStart(11, '0')}\0`, 124)
  put('00000000000\0', 136)
  put(type, 156)
  put('ustar\u000000', 257)
  put(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** Headers of a file or folder, whatever its name and size. */
export function fileHeaders(
  name: string,
  size: number,
  type: '0' | '5' = '0',
): readonly Uint8Array[] {
  const records: string[] = []
  if (name.length > 100) records.push(paxRecord('path', name))
  if (size > mostOctal) records.push(paxRecord('size', String(size)))
  const header = writeHeader(name.slice(-100), size, type)
  if (records.length === 0) return [header]
  const text = encoder.encode(records.join(''))
  const padded = new Uint8Array(paddedTo(text.byteLength))
  padded.set(text)
  return [writeHeader('PaxHeader', text.byteLength, 'x'), padded, header]
}

/** How many bytes content takes, with what it is padded with. */
export function paddedTo(size: number): number {
  return Math.ceil(size / blockBytes) * blockBytes
}

/** The records of a pax header. Those that cannot be read are left out. */
export function readPax(bytes: Uint8Array): ReadonlyMap<string, string> {
  const found: Map<string, string> = new Map()
  let at = 0
  while (at < bytes.byteLength) {
    const space = bytes.indexOf(0x20, at)
    const length = space === -1 ? Number.NaN : Number(decoder.decode(bytes.subarray(at, space)))
    if (!Number.isSafeInteger(length) || length <= space - at) break
    const record = decoder.decode(bytes.subarray(space + 1, at + length)).replace(/\n$/, '')
    const equals = record.indexOf('=')
    if (equals > 0) found.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return found
}

const mostOctal = 0o77777777777
const encoder = new TextEncoder()
const decoder = new TextDecoder()

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length
  return `${length}${rest}`
}

/** The bytes of a header together, its own place counted as spaces. */
function checksumOf(block: Uint8Array): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0)
}

function textAt(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length)
  const end = field.indexOf(0)
  return decoder.decode(end === -1 ? field : field.subarray(0, end))
}

/** Octal digits, or a number in binary behind a bit that says so. */
function numberAt(block: Uint8Array, at: number, length: number): number {
  const field = block.subarray(at, at + length)
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f
    for (const byte of field.subarray(1)) value = value * 256 + byte
    if (!Number.isSafeInteger(value)) throw new TarProblem('a size in it is too large')
    return value
  }
  const text = decoder.decode(field).replaceAll('\0', ' ').trim()
  if (text !== '' && !/^[0-7]+$/.test(text)) throw new TarProblem('a number in it is not one')
  return text === '' ? 0 : Number.parseInt(text, 8)
}
