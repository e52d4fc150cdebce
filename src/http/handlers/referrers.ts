import { type Annotations, type Descriptor, descriptorBytes } from '../../oci/descriptor.ts'
import { mediaTypes } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Page } from '../../ports/metadata-store.ts'
import { type Call, queryOf } from '../call.ts'
import { listResponse } from '../list-response.ts'
import { linkHeader } from '../pagination.ts'

/**
 * end-12: GET the manifests that refer to a digest; never 404.
 *
 * @param subject of any algorithm
 */
export async function listReferrers(
  call: Call,
  repository: RepositoryName,
  subject: string,
): Promise<Response> {
  const { service, limits, prefix } = call.deps
  const query = queryOf(call.request)
  const after = query.get('last')
  const artifactType = typeOf(query.get('artifactType') ?? '') || null
  const page = await service.listReferrers(call, repository, subject, {
    ...(after === null ? {} : { after }),
    ...(artifactType === null ? {} : { artifactType }),
  })
  const { items, more } = withinBytes(page, limits.referrersBytes)
  const next: [string, string][] = [['last', items.at(-1)?.digest ?? '']]
  if (artifactType !== null) next.unshift(['artifactType', artifactType])
  const path = `${prefix}/v2/${repository}/referrers/${subject}`
  return listResponse(call, mediaTypes.ociIndex, indexOf(items), {
    ...(artifactType === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    ...linkHeader(path, { more }, next),
  })
}

/**
 * Hand-written queries send a raw `+`, which is read as a space, and no media type has one before its
 * parameters.
 */
function typeOf(text: string): string {
  return text.replace(/^[^;]+/, (bare) => bare.replaceAll(' ', '+'))
}

/** What of a page is sent in one answer: the service may have counted less exactly. */
function withinBytes(page: Page<Descriptor>, limit: number): Page<Descriptor> {
  const items: Descriptor[] = []
  let bytes = indexOf([]).length
  for (const entry of page.items) {
    bytes += descriptorBytes(entry)
    if (bytes > limit && items.length > 0) return { items, more: true }
    items.push(entry)
  }
  return page
}

/** Written by hand, for annotations: an object would lose a key called `__proto__`. */
function indexOf(descriptors: readonly Descriptor[]): string {
  const manifests = descriptors.map(descriptorJson).join(',')
  return `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[${manifests}]}`
}

function descriptorJson(entry: Descriptor): string {
  const { mediaType, digest, size, artifactType, annotations = [] } = entry
  const head = JSON.stringify({ mediaType, digest, size, artifactType })
  if (annotations.length === 0) return head
  return `${head.slice(0, -1)},"annotations":${annotationsJson(annotations)}}`
}

function annotationsJson(annotations: Annotations): string {
  const pairs = annotations.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
  return `{${pairs.join(',')}}`
}
