import { mediaTypes } from '../../oci/media-types.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { PageRequest } from '../../ports/metadata-store.ts'
import { type Call, queryOf } from '../call.ts'
import { listResponse } from '../list-response.ts'
import { linkHeader, pageRequest } from '../pagination.ts'
import { isSealed } from '../sealed-cursor.ts'
import { visibleRepositories } from '../visible-repositories.ts'

/** GET /v2/_catalog: the repositories the caller may see (Docker's API, outside the specification). */
export async function listRepositories(call: Call): Promise<Response> {
  const { limits, prefix } = call.deps
  const request = await opened(call, pageRequest(queryOf(call.request), limits.pageSize))
  const { items, next } = await visibleRepositories(call.deps, call, request)
  const body = JSON.stringify({ repositories: items })
  const link = linkHeader(`${prefix}/v2/_catalog`, { more: next !== null }, [
    ['n', String(request.limit)],
    ['last', next ?? ''],
  ])
  return listResponse(call, mediaTypes.json, body, link)
}

async function opened(call: Call, request: PageRequest): Promise<PageRequest> {
  const { after, limit } = request
  if (after === undefined || !isSealed(after)) return request
  const name = await call.deps.cursors.open(after)
  if (name !== null) return { after: name, limit }
  throw new RegistryError('pageInvalid', {
    advice: 'this page of the catalog has expired; start again',
  })
}
