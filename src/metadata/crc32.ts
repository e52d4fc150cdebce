/** Eight tables of 256, so that one step takes eight bytes: table `k` is table 0 shifted `k` bytes on. */
const tables: Uint32Array = makeTables()

/** The checksum of no bytes: where {@link crc32} starts. */
export const crcStart = 0

/**
 * The CRC-32 of zlib and gzip (polynomial 0xEDB88320) of `bytes`. With `before`, the checksum of
 * what came before it, it is the checksum of both together.
 */
export function crc32(bytes: Uint8Array, before: number = crcStart): number {
  const t = tables
  const length = bytes.length
  let crc = ~before
  let i = 0
  for (const end = length - 7; i < end; i += 8) {
    const low = crc ^ at(bytes, i)
    const high = at(bytes, i + 4)
    crc =
      (t[1792 + (low & 255)] as number) ^
      (t[1536 + ((low >>> 8) & 255)] as number) ^
      (t[1280 + ((low >>> 16) & 255)] as number) ^
      (t[1024 + (low >>> 24)] as number) ^
      (t[768 + (high & 255)] as number) ^
      (t[512 + ((high >>> 8) & 255)] as number) ^
      (t[256 + ((high >>> 16) & 255)] as number) ^
      (t[high >>> 24] as number)
  }
  for (; i < length; i += 1) {
    crc = (t[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8)
  }
  return ~crc >>> 0
}

/** A checksum as it stands in files: eight lowercase hex digits. */
export function crcText(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}

/** Four bytes from `i` on, little-endian. */
function at(bytes: Uint8Array, i: number): number {
  return (
    (bytes[i] as number) |
    ((bytes[i + 1] as number) << 8) |
    ((bytes[i + 2] as number) << 16) |
    ((bytes[i + 3] as number) << 24)
  )
}

function makeTables(): Uint32Array {
  const made = new Uint32Array(8 * 256)
  for (let n = 0; n < 256; n += 1) {
    let crc = n
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    made[n] = crc
  }
  for (let n = 256; n < made.length; n += 1) {
    const shorter = made[n - 256] as number
    made[n] = (shorter >>> 8) ^ (made[shorter & 255] as number)
  }
  return made
}
