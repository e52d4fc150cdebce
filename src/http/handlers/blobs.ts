import { type ByteSpan, parseByteRange } from '../../oci/byte-range.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { OpenBlob } from '../../ports/blob-store.ts'
import type { BlobInfo } from '../../ports/registry-service.ts'
import type { Call } from '../call.ts'
import { clientHas, rangeStillWanted } from '../conditions.ts'
import { apiVersion, cacheControl } from '../headers.ts'
import { setNativeBlob } from '../native-blob.ts'

/** end-2: GET and HEAD of a blob, whole or one range of it. */
export async function getBlob(
  call: Call,
  repository: RepositoryName,
  digest: Digest,
): Promise<Response> {
  const { service, redirect } = call.deps
  const { headers } = call.request
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
  const open = await service.openBlob(call, repository, digest)
  if (open === null) throw unknown(digest)
  const info = { digest, size: open.size }
  try {
    const span = requestedSpan(headers, info)
    return span === null ? whole(call, info, open) : part(call, info, open, span)
  } catch (error) {
    await open.close()
    throw error
  }
}

/** end-10: DELETE takes a blob out of the repository. */
export async function deleteBlob(
  call: Call,
  repository: RepositoryName,
  digest: Digest,
): Promise<Response> {
  await call.deps.service.deleteBlob(call, repository, digest)
  return new Response(null, { status: 202, headers: { ...apiVersion, 'Content-Length': '0' } })
}

function unknown(digest: Digest): RegistryError {
  return new RegistryError('blobUnknown', { detail: { digest } })
}

/** The store itself serves the bytes. The URL is the client's for a while, and no one else's. */
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

function requestedSpan(headers: Headers, info: BlobInfo): ByteSpan | null {
  const range = headers.get('range')
  if (range === null || !rangeStillWanted(headers, info.digest)) return null
  const span = parseByteRange(range, info.size)
  if (span !== 'unsatisfiable') return span
  throw new RegistryError('rangeUnsatisfiable', {
    detail: { size: info.size },
    headers: { 'Content-Range': `bytes */${info.size}` },
  })
}

function whole(call: Call, info: BlobInfo, blob: OpenBlob): Response {
  const response = new Response(blob.stream(), {
    status: 200,
    headers: blobHeaders(call, info, info.size),
  })
  setNativeBlob(response, { blob, span: { start: 0, end: info.size } })
  return response
}

function part(call: Call, info: BlobInfo, blob: OpenBlob, span: ByteSpan): Response {
  const headers = {
    ...blobHeaders(call, info, span.end - span.start),
    'Content-Range': `bytes ${span.start}-${span.end - 1}/${info.size}`,
  }
  const response = new Response(blob.stream(span), { status: 206, headers })
  setNativeBlob(response, { blob, span })
  return response
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
    ...apiVersion,
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Cache-Control': caching(call),
  }
  return new Response(null, { status: 304, headers })
}

function caching(call: Call): string {
  return call.deps.access === null ? cacheControl.immutable : cacheControl.privateImmutable
}
