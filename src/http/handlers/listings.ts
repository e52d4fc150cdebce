import { mediaTypes } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Page, PageRequest } from '../../ports/metadata-store.ts'
import { type Call, queryOf } from '../call.ts'
import { listResponse } from '../list-response.ts'
import { linkHeader, pageRequest } from '../pagination.ts'

/** end-8: GET tags/list, in byte order. */
export async function listTags(call: Call, repository: RepositoryName): Promise<Response> {
  const request = pageRequest(queryOf(call.request), call.deps.limits.pageSize)
  const page = await call.deps.service.listTags(repository, request)
  const path = `${call.deps.prefix}/v2/${repository}/tags/list`
  return answer(call, { name: repository, tags: page.items }, path, request, page)
}

/** GET /v2/_catalog: the repositories the caller may read (Docker's API, outside the specification). */
export async function listRepositories(call: Call): Promise<Response> {
  const request = pageRequest(queryOf(call.request), call.deps.limits.pageSize)
  const page = await readableRepositories(call, request)
  const path = `${call.deps.prefix}/v2/_catalog`
  return answer(call, { repositories: page.items }, path, request, page)
}

function answer(
  call: Call,
  body: unknown,
  path: string,
  request: PageRequest,
  page: Page<string>,
): Response {
  const last = page.items.at(-1)
  const next: [string, string][] = [
    ['n', String(request.limit)],
    ['last', last ?? ''],
  ]
  const link = linkHeader(path, { more: page.more && last !== undefined }, next)
  return listResponse(call, mediaTypes.json, JSON.stringify(body), link)
}

/**
 * Looks on until the page is full or the names end, however many the caller may not read: a `Link`
 * from anywhere but a name that was shown would tell one that must not be.
 */
async function readableRepositories(
  call: Call,
  request: PageRequest,
): Promise<Page<RepositoryName>> {
  const { access, service, limits } = call.deps
  if (access === null) return service.listRepositories(request)
  const items: RepositoryName[] = []
  if (request.limit === 0) return { items, more: false }
  let { after } = request
  for (;;) {
    const page = await service.listRepositories({
      limit: limits.pageSize,
      ...(after === undefined ? {} : { after }),
    })
    const asks = page.items.map((repository) => ({ action: 'pull' as const, repository }))
    const decisions = await access.authorize(call.principal, asks)
    for (const [index, repository] of page.items.entries()) {
      if (decisions[index]?.kind !== 'allow') continue
      items.push(repository)
      if (items.length < request.limit) continue
      return { items, more: page.more || index + 1 < page.items.length }
    }
    after = page.items.at(-1)
    if (!page.more || after === undefined) return { items, more: false }
  }
}
