import type { ByteSpan } from '../oci/byte-range.ts'
import type { OpenBlob } from '../ports/blob-store.ts'

/** What stands behind a response whose body is (part of) a blob. */
export interface NativeBlob {
  readonly blob: OpenBlob
  readonly span: ByteSpan
  /** Told how the sending ended: bytes of the body, and whether it was cut short. Once, where it is there. */
  readonly ended?: (bytesOut: number | null, cutShort: boolean | null) => void
}

/** The response itself carries it. */
const key: unique symbol = Symbol('blob')

type Carrier = Response & { [key]?: NativeBlob }

/** Records the blob behind a response. The response is complete without it: its body streams it. */
export function setNativeBlob(response: Response, native: NativeBlob): void {
  const carrier: Carrier = response
  carrier[key] = native
}

/**
 * The blob behind a response, for an adapter whose runtime sends files better than streams. Whoever
 * takes it sends the span, closes the blob, and leaves the body alone. Null after a middleware
 * made another Response of it: then the body still has the right bytes.
 */
export function nativeBlob(response: Response): NativeBlob | null {
  const carrier: Carrier = response
  return carrier[key] ?? null
}
