export interface Blob {
  readonly bytes: number
  readonly digest: string
  pieces(): Iterable<Buffer>
}

export declare function blobMaker(bytes: number): () => Blob
export declare function chunked(pieces: Iterable<Buffer>): Iterable<Buffer>
export declare const manifestType: string
export declare function imageManifest(
  blobs: readonly Blob[],
  note: string,
): { readonly bytes: Buffer; readonly digest: string }
