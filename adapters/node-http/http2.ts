import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'

/**
 * The stream of a request under `node:http2`, which hands out something like the objects of
 * `node:http`; null under that itself.
 */
export function http2StreamOf(message: IncomingMessage | ServerResponse): ServerHttp2Stream | null {
  const { stream } = message as { readonly stream?: ServerHttp2Stream }
  return stream ?? null
}
