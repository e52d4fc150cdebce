import type { ByteSource } from '../ports/byte-source.ts'

/** Bytes a program has at hand, as what an upload takes. They must not be changed afterwards. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    async pipe(sink) {
      if (bytes.byteLength > 0) await sink(bytes)
    },
    abort() {},
  }
}
