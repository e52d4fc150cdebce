import type { crc32 as Crc32 } from 'node:zlib'
import { crc32 as portable } from '../../src/kit.ts'

/** From here on the runtime's own is faster, in bytes. */
const long = 1024
let native: typeof Crc32 | null = null

/**
 * As `crc32` of the kit. Long content is left to the runtime, whose `node:zlib` is loaded for the first
 * of it: on Bun and Deno that takes as long as a tenth of a start, which has short lines alone.
 */
export function crc32(content: Uint8Array | string, before = 0): number {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  if (bytes.byteLength < long) return portable(bytes, before)
  native ??= process.getBuiltinModule('node:zlib').crc32
  return native(bytes, before)
}
