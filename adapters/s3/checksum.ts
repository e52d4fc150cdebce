type Crc32 = (bytes: Uint8Array, sum?: number) => number

/**
 * The CRC-32 of pieces one after the other, as S3 wants it: in base64. Null where the runtime has no fast one. Node,
 * Bun and Deno have; asked of the runtime itself, so that a bundle for another does not have to resolve the module.
 */
export function fastCrc32(): ((pieces: readonly Uint8Array[]) => string) | null {
  const { process } = globalThis as {
    readonly process?: {
      readonly getBuiltinModule?: (name: string) => { readonly crc32?: Crc32 } | undefined
    }
  }
  const crc32 = process?.getBuiltinModule?.('node:zlib')?.crc32
  if (crc32 === undefined) return null
  return (pieces) => {
    const sum = pieces.reduce((before, piece) => crc32(piece, before), 0)
    const bytes = [24, 16, 8, 0].map((shift) => (sum >>> shift) & 255)
    return btoa(String.fromCharCode(...bytes))
  }
}
