import type { Call } from './call.ts'
import { apiVersion, cacheControl } from './headers.ts'

const encoder = new TextEncoder()

/**
 * A 200 that carries JSON made for this request. Its length is said, as clients expect of every
 * 200; HEAD gets the same headers and no body.
 */
export function listResponse(
  call: Call,
  contentType: string,
  text: string,
  more: Readonly<Record<string, string>>,
): Response {
  const body = encoder.encode(text)
  return new Response(call.head ? null : body, {
    status: 200,
    headers: {
      'Content-Type': contentType,
      'Content-Length': String(body.byteLength),
      'Cache-Control': cacheControl(call, 'list'),
      ...apiVersion,
      ...more,
    },
  })
}
