import { type ByteSpan, parseByteRanges } from '../../oci/byte-range.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { OpenBlob } from '../../ports/blob-store.ts'
import type { BlobInfo } from '../../ports/registry-service.ts'
import type { Call } from '../call.ts'
import { clientHas, rangeStillWanted } from '../conditions.ts'
import { apiVersion, cacheControl } from '../headers.ts'
import { multipartRanges } from '../multipart-ranges.ts'
import { setNativeBlob } from '../native-blob.ts'

/** end-2: GET and HEAD of a blob, whole or ranges of it. */
export async function getBlob(
  call: Call,
  repository: RepositoryName,
  digest: Digest,
): Promise<Response> {
  const { service, redirect } = call.deps
  const { headers } = call.request
  if (call.exchange !== null) call.exchange.digest = digest
  const isConditional = headers.has('if-none-match')
  if (call.head || isConditional || redirect !== 'off') {
    const info = await service.statBlob(call, repository, digest)
    if (info === null) throw unknown(digest)
    if (isConditional && clientHas(headers, digest)) return notModified(call, digest)
    if (call.head) {
      return new Response(null, { status: 200, headers: blobHeaders(call, info, info.size) })
    }
    if (redirect === 'on' || (redirect !== 'off' && redirect(info, call.peer))) {
      const location = await service.blobLocation(call, repository, digest)
      if (location !== null) return elsewhere(digest, location)
    }
  }
  const open = await openBlob(call, repository, digest)
  const info = { digest, size: open.size }
  try {
    const spans = requestedSpans(headers, info)
    if (spans === null) return whole(call, info, open)
    const [span] = spans
    if (span !== undefined && spans.length === 1) return part(call, info, open, span)
    return parts(call, info, open, spans, () => openBlob(call, repository, digest))
  } catch (error) {
    await open.close()
    throw error
  }
}

/** @throws RegistryError `blobUnknown`. */
async function openBlob(call: Call, repository: RepositoryName, digest: Digest): Promise<OpenBlob> {
  const open = await call.deps.service.openBlob(call, repository, digest)
  if (open === null) throw unknown(digest)
  return open
}

function unknown(digest: Digest): RegistryError {
  return new RegistryError('blobUnknown', { detail: { digest } })
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
  return new Response(null, { status: 202, headers: { 'Content-Length': '0', ...apiVersion } })
}

/** Null asks for the whole blob. @throws RegistryError `rangeUnsatisfiable`. */
function requestedSpans(headers: Headers, info: BlobInfo): readonly ByteSpan[] | null {
  const range = headers.get('range')
  if (range === null || !rangeStillWanted(headers, info.digest)) return null
  const spans = parseByteRanges(range, info.size)
  if (spans !== 'unsatisfiable') return spans
  throw new RegistryError('rangeUnsatisfiable', {
    detail: { size: info.size },
    headers: { 'Content-Range': `bytes */${info.size}` },
  })
}

function whole(call: Call, info: BlobInfo, blob: OpenBlob): Response {
  const headers = blobHeaders(call, info, info.size)
  if (blob.bytes !== undefined) return inMemory(200, headers, blob.bytes)
  const response = new Response(blob.stream(), { status: 200, headers })
  setNativeBlob(response, { blob, span: { start: 0, end: info.size } })
  return response
}

function part(call: Call, info: BlobInfo, blob: OpenBlob, span: ByteSpan): Response {
  const headers = {
    'Content-Range': `bytes ${span.start}-${span.end - 1}/${info.size}`,
    ...blobHeaders(call, info, span.end - span.start),
  }
  if (blob.bytes !== undefined) {
    return inMemory(206, headers, blob.bytes.subarray(span.start, span.end))
  }
  const response = new Response(blob.stream(span), { status: 206, headers })
  setNativeBlob(response, { blob, span })
  return response
}

/** Bytes that are there need no stream; nothing of such a blob is open. */
function inMemory(status: number, headers: Record<string, string>, bytes: Uint8Array): Response {
  return new Response(bytes as Uint8Array<ArrayBuffer>, { status, headers })
}

/** Several parts go as a stream: no runtime sends them natively. */
function parts(
  call: Call,
  info: BlobInfo,
  first: OpenBlob,
  spans: readonly ByteSpan[],
  reopen: () => Promise<OpenBlob>,
): Response {
  const body = multipartRanges(spans, info.size, first.stream(spans[0]), async (span) =>
    (await reopen()).stream(span),
  )
  const headers = {
    ...blobHeaders(call, info, body.length),
    'Content-Type': body.contentType,
  }
  return new Response(body.stream, { status: 206, headers })
}

/** A blob is anybody's bytes: whatever a browser makes of it, it may not run. */
function blobHeaders(call: Call, info: BlobInfo, length: number): Record<string, string> {
  return {
    'Docker-Distribution-API-Version': 'registry/2.0',
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(length),
    'Docker-Content-Digest': info.digest,
    ETag: `"${info.digest}"`,
    'Accept-Ranges': 'bytes',
    'Cache-Control': caching(call),
    'Content-Disposition': 'attachment',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  }
}

function notModified(call: Call, digest: Digest): Response {
  const headers = {
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Cache-Control': caching(call),
    ...apiVersion,
  }
  return new Response(null, { status: 304, headers })
}

function caching(call: Call): string {
  return call.deps.access === null ? cacheControl.immutable : cacheControl.privateImmutable
}
