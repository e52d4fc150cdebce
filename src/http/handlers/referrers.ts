import type { Annotations, Descriptor } from '../../oci/descriptor.ts'
import { mediaTypes } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
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
  const { service, prefix } = call.deps
  const query = queryOf(call.request)
  const after = query.get('last')
  // A raw `+` is read as a space, which no media type has: hand-written queries send it.
  const artifactType = query.get('artifactType')?.replaceAll(' ', '+') || null
  const page = await service.listReferrers(call, repository, subject, {
    ...(after === null ? {} : { after }),
    ...(artifactType === null ? {} : { artifactType }),
  })
  const next: [string, string][] = [['last', page.items.at(-1)?.digest ?? '']]
  if (artifactType !== null) next.unshift(['artifactType', artifactType])
  const path = `${prefix}/v2/${repository}/referrers/${subject}`
  return listResponse(call, mediaTypes.ociIndex, indexOf(page.items), {
    ...(artifactType === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    ...linkHeader(path, page, next),
  })
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
