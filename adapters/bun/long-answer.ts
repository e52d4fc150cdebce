import { nativeBlob } from '../../src/kit.ts'

/**
 * Blobs of other stores, and several ranges of a blob, are sent in one piece up to this size, in bytes:
 * Bun sends a stream in chunks, and drops its Content-Length (oven-sh/bun#10507).
 */
const gathered = 256 * 1024

/** Whether an answer with bytes of a blob may take its client a while to read. */
export function isLong(response: Response): boolean {
  const native = nativeBlob(response)
  if (native !== null) return native.span.end - native.span.start > gathered
  // Several ranges are no single blob, and no single file that Bun could send.
  return response.status === 206 && Number(response.headers.get('content-length')) > gathered
}

/** An answer with its body in memory. */
export async function gather(response: Response): Promise<Response> {
  const { status, headers } = response
  return new Response(await response.arrayBuffer(), { status, headers })
}
