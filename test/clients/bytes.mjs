// Content made from a seed alone: noise, and archives of it.
import { createCipheriv, createHash } from 'node:crypto'

/**
 * Bytes that look random, cannot be compressed, and are the same for the same seed.
 * @param {string} seed
 * @param {number} size in bytes
 * @returns {Generator<Buffer, void>} chunks of at most 1 MiB
 */
export function* pseudoRandom(seed, size) {
  const key = createHash('sha256').update(seed).digest()
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(1024 * 1024)
  for (let left = size; left > 0; left -= zeros.length) {
    yield stream.update(left < zeros.length ? zeros.subarray(0, left) : zeros)
  }
}

/** @param {Buffer | string} bytes @returns {string} */
export function sha256(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/**
 * The header of one regular file in a tar archive (ustar).
 * @param {string} path at most 100 bytes
 * @param {number} size in bytes
 * @returns {Buffer}
 */
function tarHeader(path, size) {
  const header = Buffer.alloc(512)
  header.write(path, 0, 100)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/**
 * A tar archive of the files given, chunk by chunk.
 * @param {readonly { path: string, size: number, content: Iterable<Buffer> }[]} files
 * @returns {Generator<Buffer, void>}
 */
export function* tar(files) {
  for (const { path, size, content } of files) {
    yield tarHeader(path, size)
    yield* content
    if (size % 512 !== 0) yield Buffer.alloc(512 - (size % 512))
  }
  yield Buffer.alloc(1024)
}
