import { type ByteSpan, parseByteRanges } from '../../oci/byte-range.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { whenSettled } from '../../oci/settled.ts'
import type { OpenBlob } from '../../ports/blob-store.ts'
import type { Call } from '../call.ts'
import { clientHas, rangeStillWanted } from '../conditions.ts'
import { headersFor } from '../header-form.ts'
import { accepted, apiVersion, cacheControl, notModified } from '../headers.ts'
import { multipartRanges } from '../multipart-ranges.ts'
import { setNativeBlob } from '../native-blob.ts'

/** end-2: GET and HEAD of a blob, whole or ranges of it. */
export function getBlob(
  call: Call,
  repository: RepositoryName,
  digest: Digest,
): Response | Promise<Response> {
  const { service, redirect } = call.deps
  const { headers } = call.request
  if (call.exchange !== null) call.exchange.digest = digest
  const isConditional = headers.has('if-none-match')
  if (!call.head && !isConditional && redirect === 'off') return sendBlob(call, repository, digest)
  return whenSettled(service.statBlob(call, repository, digest), (found) => {
    const info = known(digest, found)
    if (isConditional && clientHas(headers, digest))
      return notModified(digest, cacheControl(call, 'immutable'))
    if (call.head) {
      return new Response(null, {
        status: 200,
        headers: headersFor(call.request, blobHeaders(call, digest, info.size)),
      })
    }
    const isElsewhere =
      typeof redirect === 'function' ? redirect(info, call.peer) : redirect === 'on'
    if (!isElsewhere) return sendBlob(call, repository, digest)
    return whenSettled(service.blobLocation(call, repository, digest), (location) =>
      location === null ? sendBlob(call, repository, digest) : elsewhere(digest, location),
    )
  })
}

/** The bytes, or those of them that are asked for. */
function sendBlob(
  call: Call,
  repository: RepositoryName,
  digest: Digest,
): Response | Promise<Response> {
  const { service } = call.deps
  const reopen = (span: ByteSpan): Promise<OpenBlob | null> =>
    service.openBlob(call, repository, digest, () => span)
  const first = call.request.headers.has('range')
    ? service.openBlob(call, repository, digest, (size) => firstSpan(call.request, digest, size))
    : service.openBlob(call, repository, digest)
  return whenSettled(first, (opened) => {
    const open = known(digest, opened)
    try {
      const spans = requestedSpans(call.request.headers, digest, open.size)
      const [span = null] = spans ?? []
      if (spans === null || spans.length === 1) return single(call, digest, open, span)
      return parts(call, digest, open, spans, reopen)
    } catch (error) {
      return open.close().then(() => {
        throw error
      })
    }
  })
}

/** @throws RegistryError `blobUnknown`. */
function known<T>(digest: Digest, found: T | null): T {
  if (found !== null) return found
  throw new RegistryError('blobUnknown', { detail: { digest } })
}

/** The store itself serves the bytes. The URL is for this client, and for a while. */
function elsewhere(digest: Digest, location: URL): Response {
  const headers = {
    ...apiVersion,
    Location: location.href,
    'Docker-Content-Digest': digest,
    'Cache-Control': 'no-store',
    'Content-Length': '0',
  }
  return new Response(null, { status: 307, headers })
}

/** end-10: DELETE takes a blob out of the repository. */
export async function deleteBlob(
  call: Call,
  repository: RepositoryName,
  digest: Digest,
): Promise<Response> {
  await call.deps.service.deleteBlob(call, repository, digest)
  return accepted()
}

/** Null asks for the whole blob. @throws RegistryError `rangeUnsatisfiable`. */
function requestedSpans(
  headers: Headers,
  digest: Digest,
  size: number,
): readonly ByteSpan[] | null {
  const range = headers.get('range')
  if (range === null || !rangeStillWanted(headers, digest)) return null
  const spans = parseByteRanges(range, size)
  if (spans !== 'unsatisfiable') return spans
  throw new RegistryError('rangeUnsatisfiable', {
    detail: { size },
    headers: { 'Content-Range': `bytes */${size}` },
  })
}

/** What is read first; null for the whole blob, and where nothing of it is asked for. */
function firstSpan({ headers }: Request, digest: Digest, size: number): ByteSpan | null {
  const range = headers.get('range')
  if (range === null || !rangeStillWanted(headers, digest)) return null
  const spans = parseByteRanges(range, size)
  return spans === 'unsatisfiable' ? null : (spans?.[0] ?? null)
}

/** @param part null for the whole blob */
function single(call: Call, digest: Digest, blob: OpenBlob, part: ByteSpan | null): Response {
  const span = part ?? { start: 0, end: blob.size }
  const { start, end } = span
  const headers = blobHeaders(call, digest, end - start)
  if (part !== null) headers['Content-Range'] = `bytes ${start}-${end - 1}/${blob.size}`
  const init =
    part === null
      ? { status: 200, headers: headersFor(call.request, headers) }
      : { status: 206, headers }
  // Bytes that are there need no stream; nothing of such a blob is open.
  const bytes = blob.bytes as Uint8Array<ArrayBuffer> | undefined
  if (bytes !== undefined)
    return new Response(part === null ? bytes : bytes.subarray(start, end), init)
  const response = new Response(blob.stream(span), init)
  setNativeBlob(response, { blob, span })
  return response
}

/** Several parts go as a stream: no runtime sends them natively. */
function parts(
  call: Call,
  digest: Digest,
  first: OpenBlob,
  spans: readonly ByteSpan[],
  reopen: (span: ByteSpan) => Promise<OpenBlob | null>,
): Response {
  const body = multipartRanges(spans, first.size, first.stream(spans[0]), async (span) =>
    known(digest, await reopen(span)).stream(span),
  )
  const headers = blobHeaders(call, digest, body.length)
  headers['Content-Type'] = body.contentType
  return new Response(body.stream, { status: 206, headers })
}

/** A blob is anybody's bytes: whatever a browser makes of it, it may not run. */
function blobHeaders(call: Call, digest: Digest, length: number): Record<string, string> {
  return {
    'Docker-Distribution-API-Version': 'registry/2.0',
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(length),
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Cache-Control': cacheControl(call, 'immutable'),
    'Accept-Ranges': 'bytes',
    'Content-Disposition': 'attachment',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  }
}
