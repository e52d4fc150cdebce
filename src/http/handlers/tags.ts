import { mediaTypes } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { type Call, queryOf } from '../call.ts'
import { listResponse } from '../list-response.ts'
import { linkHeader, pageRequest } from '../pagination.ts'

/** end-8: GET tags/list, in byte order. */
export async function listTags(call: Call, repository: RepositoryName): Promise<Response> {
  const { service, limits, prefix } = call.deps
  const request = pageRequest(queryOf(call.request), limits.pageSize)
  const page = await service.listTags(call, repository, request)
  const last = page.items.at(-1)
  const path = `${prefix}/v2/${repository}/tags/list`
  const link = linkHeader(path, { more: page.more && last !== undefined }, [
    ['n', String(request.limit)],
    ['last', last ?? ''],
  ])
  const body = JSON.stringify({ name: repository, tags: page.items })
  return listResponse(call, mediaTypes.json, body, link)
}
