export declare function pseudoRandom(seed: string, size: number): Generator<Buffer, void>
export declare function sha256(bytes: Buffer | string): string
export declare function tar(
  files: readonly { path: string; size: number; content: Iterable<Buffer> }[],
): Generator<Buffer, void>
