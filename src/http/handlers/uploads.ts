import { uploadRange } from '../../oci/content-range.ts'
import { type Digest, isDigestAlgorithm, parseDigest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { UploadId } from '../../oci/upload-id.ts'
import type { Ask } from '../../ports/access.ts'
import type { BlobInfo, UploadStatus } from '../../ports/registry-service.ts'
import { rulingOf, type Wanted } from '../authorize.ts'
import { uploadBody } from '../body.ts'
import { type Call, digestToWrite, queryOf, short } from '../call.ts'
import { apiVersion } from '../headers.ts'

/** A mount asks for the source as well; without it the request opens a session. */
export function asksOfStart(call: Call, repository: RepositoryName): Wanted {
  const query = queryOf(call.request)
  const digest = parseDigest(query.get('mount') ?? query.get('digest') ?? '')
  const reference = digest === null ? null : ({ kind: 'digest', digest } as const)
  const push: Ask = { action: 'push', repository, reference }
  const source = query.has('mount') ? parseRepositoryName(query.get('from') ?? '') : null
  if (digest === null || source === null) return { required: [push], optional: [] }
  return { required: [{ ...push, mountFrom: source }], optional: [pullOf(source, digest)] }
}

/** end-4, end-11: POST opens a session, pushes a blob at once, or mounts one. */
export async function startUpload(call: Call, repository: RepositoryName): Promise<Response> {
  const { service } = call.deps
  const query = queryOf(call.request)
  const mount = query.get('mount')
  if (mount !== null) {
    const mounted = await mountBlob(call, repository, mount, query.get('from'))
    if (mounted !== null) return blobCreated(call, repository, mounted)
  }
  const digest = query.get('digest')
  if (digest !== null && mount === null) {
    const wanted = digestToWrite(digest)
    const body = uploadBody(call.request) ?? noBody
    const blob = await service.pushBlob(call, repository, wanted, body)
    return blobCreated(call, repository, blob)
  }
  const algorithm = query.get('digest-algorithm') ?? 'sha256'
  if (!isDigestAlgorithm(algorithm)) {
    throw new RegistryError('digestUnsupported', { detail: { algorithm: short(algorithm) } })
  }
  const status = await service.startUpload(call, repository, { algorithm })
  const response = sessionResponse(call, repository, 202, status)
  const { minChunkBytes } = status
  if (minChunkBytes !== undefined) {
    response.headers.set('OCI-Chunk-Min-Length', String(minChunkBytes))
  }
  return response
}

/** end-5: PATCH adds a chunk. */
export async function appendUpload(
  call: Call,
  repository: RepositoryName,
  id: UploadId,
): Promise<Response> {
  const body = uploadBody(call.request) ?? noBody
  const status = await placed(call, repository, id, () =>
    call.deps.service.appendUpload(call, repository, id, body),
  )
  return sessionResponse(call, repository, 202, status)
}

/** end-6: PUT ends the session; a body is the last chunk. */
export async function finishUpload(
  call: Call,
  repository: RepositoryName,
  id: UploadId,
): Promise<Response> {
  const text = queryOf(call.request).get('digest')
  if (text === null) {
    throw new RegistryError('digestInvalid', {
      advice: 'the closing PUT names the whole blob; add ?digest=<digest>',
    })
  }
  const digest = digestToWrite(text)
  const body = uploadBody(call.request)
  const blob = await placed(call, repository, id, () =>
    call.deps.service.finishUpload(call, repository, id, digest, body),
  )
  return blobCreated(call, repository, blob)
}

/** end-13: GET tells where the session stands. */
export async function uploadStatus(
  call: Call,
  repository: RepositoryName,
  id: UploadId,
): Promise<Response> {
  const status = await call.deps.service.uploadStatus(call, repository, id)
  return sessionResponse(call, repository, 204, status)
}

/** end-14: DELETE ends the session and drops its bytes. */
export async function cancelUpload(
  call: Call,
  repository: RepositoryName,
  id: UploadId,
): Promise<Response> {
  await call.deps.service.cancelUpload(call, repository, id)
  return new Response(null, { status: 204, headers: apiVersion })
}

const noBody = { source: { pipe: async (): Promise<void> => {}, abort: (): void => {} }, length: 0 }

/**
 * Mounts a blob, if that can be done. A digest or a source that cannot be used is a hint that was no
 * help, and the client goes on to send the bytes: `ollama push` names sources such as `llama3:latest`.
 */
async function mountBlob(
  call: Call,
  repository: RepositoryName,
  mount: string,
  from: string | null,
): Promise<BlobInfo | null> {
  const { service } = call.deps
  const digest = parseDigest(mount)
  if (digest === null) return null
  if (from === null) {
    return service.mountBlob(call, repository, digest, {
      readable: (sources) => readableSources(call, sources, digest),
    })
  }
  const source = parseRepositoryName(from)
  if (source === null) return null
  // Asked together with the push itself: see asksOfStart.
  if (call.deps.access !== null && call.granted[0] !== true) return null
  return service.mountBlob(call, repository, digest, { from: source })
}

async function readableSources(
  call: Call,
  sources: readonly RepositoryName[],
  digest: Digest,
): Promise<readonly RepositoryName[]> {
  const { access } = call.deps
  if (access === null || sources.length === 0) return sources
  const asks = sources.map((source) => pullOf(source, digest))
  const decisions = await access.authorize(call.principal, asks, call)
  return sources.filter((_, index) => rulingOf(decisions[index]).decision === 'allow')
}

function pullOf(repository: RepositoryName, digest: Digest): Ask {
  return { action: 'pull', repository, reference: { kind: 'digest', digest } }
}

/** Says in `Location` and `Range` where the session stands when a chunk was refused for its place. */
async function placed<T>(
  call: Call,
  repository: RepositoryName,
  id: UploadId,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const [detail] = error instanceof RegistryError ? error.details : []
    if (!(error instanceof RegistryError) || !hasOffset(detail)) throw error
    const { kind, advice, details, headers, cause } = error
    const place = sessionHeaders(call, repository, { id, offset: detail.offset })
    throw new RegistryError(kind, {
      ...(advice === null ? {} : { advice }),
      details,
      headers: { ...headers, ...place },
      cause,
    })
  }
}

function hasOffset(detail: unknown): detail is { readonly offset: number } {
  return typeof detail === 'object' && detail !== null && 'offset' in detail
}

function sessionHeaders(
  call: Call,
  repository: RepositoryName,
  status: UploadStatus,
): Record<string, string> {
  return {
    Location: `${call.deps.prefix}/v2/${repository}/blobs/uploads/${status.id}`,
    Range: uploadRange(status.offset),
    'Docker-Upload-UUID': status.id,
  }
}

function sessionResponse(
  call: Call,
  repository: RepositoryName,
  status: 202 | 204,
  upload: UploadStatus,
): Response {
  const length = status === 204 ? {} : { 'Content-Length': '0' }
  const headers = Object.assign(sessionHeaders(call, repository, upload), length, apiVersion)
  return new Response(null, { status, headers })
}

function blobCreated(call: Call, repository: RepositoryName, blob: BlobInfo): Response {
  if (call.exchange !== null) call.exchange.digest = blob.digest
  return new Response(null, {
    status: 201,
    headers: {
      Location: `${call.deps.prefix}/v2/${repository}/blobs/${blob.digest}`,
      'Docker-Content-Digest': blob.digest,
      'Content-Length': '0',
      ...apiVersion,
    },
  })
}
