// What the example uses of Cloudflare's runtime. In a project of your own, `npx wrangler types`
// writes all of it, and this file can go.

interface R2Object {
  readonly key: string
  /** In bytes. */
  readonly size: number
  readonly uploaded: Date
}

interface R2ObjectBody extends R2Object {
  readonly body: ReadableStream<Uint8Array>
}

interface R2UploadedPart {
  readonly partNumber: number
  readonly etag: string
}

interface R2MultipartUpload {
  readonly uploadId: string
  uploadPart(partNumber: number, value: Uint8Array): Promise<R2UploadedPart>
  complete(parts: readonly R2UploadedPart[]): Promise<R2Object>
  abort(): Promise<void>
}

interface R2Bucket {
  head(key: string): Promise<R2Object | null>
  get(
    key: string,
    options?: { readonly range?: { readonly offset: number; readonly length: number } },
  ): Promise<R2ObjectBody | null>
  put(key: string, value: Uint8Array): Promise<R2Object>
  delete(keys: string | string[]): Promise<void>
  list(options: {
    readonly prefix: string
    readonly startAfter?: string
  }): Promise<{ readonly objects: readonly R2Object[]; readonly truncated: boolean }>
  createMultipartUpload(key: string): Promise<R2MultipartUpload>
  resumeMultipartUpload(key: string, uploadId: string): R2MultipartUpload
}

type SqlValue = string | number | null

interface SqlCursor<Row> extends Iterable<Row> {
  /** Rows looked at so far, those of indexes included. */
  readonly rowsRead: number
  readonly rowsWritten: number
  toArray(): Row[]
}

interface SqlStorage {
  exec<Row = Record<string, SqlValue>>(query: string, ...values: SqlValue[]): SqlCursor<Row>
}

interface DurableObjectStorage {
  readonly sql: SqlStorage
  transactionSync<T>(work: () => T): T
}

interface DurableObjectState {
  readonly id: { readonly name?: string }
  readonly storage: DurableObjectStorage
  abort(reason?: string): void
}

/** A stream that ends with exactly so many bytes, or with an error. */
declare class FixedLengthStream {
  constructor(expectedLength: number)
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void
}

declare module 'cloudflare:workers' {
  export class DurableObject {
    constructor(state: DurableObjectState, env: unknown)
    protected readonly ctx: DurableObjectState
  }
  export class RpcTarget {}
}
